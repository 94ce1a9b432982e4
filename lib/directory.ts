// What a provider's user list answers when it is asked, whichever provider it is. Pure.

import type { Original } from './event.ts';
import type { Told } from './user.ts';

/** A user as the provider has them. */
export type Profile = {
  /** The provider's immutable user id. */
  readonly reference: string;
  /** A member that the provider can't tell is left out, never taken for its usual value. */
  readonly told: Told;
  /** When the user last changed, by the provider's clock, in milliseconds; null where no time moves with every change. */
  readonly at: number | null;
  /** Names of members that could not be read, never their values. */
  readonly unread: readonly string[];
  /** The row, for mappings; nothing of it is kept. */
  readonly original?: Original;
};

/**
 * When an answer was true, in milliseconds: the moment before the question was asked, or the answer's Date if that is
 * earlier, so that what it says never outranks an event that came later.
 */
type Dated = { readonly at: number };

export type ListedPage = Dated & {
  readonly profiles: readonly Profile[];
  /** Rows that could not be read: of these users nothing is known. */
  readonly unreadable: number;
  /** Where the next page begins; null by the provider's own sign of the end, and by nothing else. */
  readonly next: string | null;
  /** How many users the provider counts; null where it does not say. */
  readonly total: number | null;
};

/** `profile` null: the provider's own answer for a user that it does not have, by status and body. */
export type Got = Dated & { readonly profile: Profile | null };

/**
 * A provider's users, to be asked for one question at a time. The signal bounds the time of a question, which may take
 * several requests.
 */
export type Directory = {
  /**
   * A page of all users; `cursor` null: the first one.
   * @throws DirectoryError
   */
  list(cursor: string | null, signal: AbortSignal): Promise<ListedPage>;
  /**
   * One user, from where the provider itself writes them.
   * @throws DirectoryError for every answer but the user, or that there is none
   */
  get(reference: string, signal: AbortSignal): Promise<Got>;
  /**
   * Which of these users the provider has, asked in one request; left out where its primary store can't be asked so.
   * @throws DirectoryError
   */
  known?(references: readonly string[], signal: AbortSignal): Promise<ReadonlySet<string>>;
  /**
   * What the credentials are allowed; null where they do not say. Left out where they never do.
   * @throws DirectoryError
   */
  rights?(): Promise<readonly string[] | null>;
  /**
   * Keeps the provider's events coming: makes the subscription, or renews it where it ends soon; `isUrged`: wherever there
   * is one. Left out where none ends.
   * @throws DirectoryError
   */
  listen?(signal: AbortSignal, isUrged: boolean): Promise<void>;
};

/** What holds for the directory of a provider, besides its answers. */
export type DirectoryTraits = {
  /** What its credentials must be allowed, and no more; null: the provider has none that may do less than everything. */
  readonly leastRights: readonly string[] | null;
  /** As in PROVIDERS; in its name the facts are recorded. */
  readonly name: string;
  readonly title: string;
  /** How many users come with one page at most. */
  readonly pageSize: number;
  /** Requests a second, one after the other: half of what the provider allows, or less where logins share the limit. */
  readonly requestsPerSecond: number;
  /** How many users may be asked for by `known` at once. */
  readonly maxKnown: number;
  /** How long a change may take to show in the list, in milliseconds; 0: the list is read where users are written. */
  readonly lagMs: number;
  /** Whether the answer for a user who is gone is established by documents, code or measurement. Otherwise it only reports. */
  readonly isGoneEstablished: boolean;
  /** How far apart two looks at a missing user must be at least, in milliseconds. */
  readonly secondLookMs: number;
};

export const hourMs = 60 * 60_000;
