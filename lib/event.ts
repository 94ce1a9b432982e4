// What a request and an event are, whichever provider sends them. Pure.

import type { RejectionCode } from './errors.ts';
import type { Told } from './user.ts';

/** A request as it left the sender: header names in lower case, the body's raw bytes. */
export type WebhookRequest = {
  readonly method?: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
};

/** The user's object as the provider wrote it, for mappings. */
export type Original = {
  readonly user: Readonly<Record<string, unknown>>;
  /** The object is the whole user: what it leaves out is empty. */
  readonly isWhole: boolean;
};

/** One thing that a provider said of one user. */
export type UserEvent = {
  /** The provider's own id of the event, for the log; null where it has none. */
  readonly id: string | null;
  /** The provider's own name of the event's kind. */
  readonly kind: string;
  /** The provider's immutable user id; null only where `told` is null. */
  readonly reference: string | null;
  /** When it happened, by the provider's clock, in milliseconds. */
  readonly at: number;
  /** What it says of the user; empty: only that the user exists; null: of a kind that we don't mirror. */
  readonly told: Told | null;
  /** True: it leaves out what changed, and only the provider's own API has it. */
  readonly isPartial?: boolean;
  /** It tells nothing itself: the provider may have changed the user, and has to be asked. */
  readonly isPing?: true;
  /** The sender's own notice that events were lost, or that it will send none: of all users it has to be asked. */
  readonly isNotice?: true;
  /** Names of members that could not be read, never their values; they are not told, and the rest is. */
  readonly unread?: readonly string[];
  /** Why it could not be read, where it came with others that could; it tells nothing. */
  readonly rejected?: RejectionCode;
  /** The user's object in it, where there is one; nothing of it is kept. */
  readonly original?: Original;
};

/** Reads a user from the provider's own API; null where it has none of that id. Throws UnavailableError. */
export type LookUp = (reference: string) => Promise<ReadUser | null>;

export type ReadUser = Pick<UserEvent, 'at' | 'unread' | 'original'> & { readonly told: Told };

const maxAheadMs = 5 * 60_000;

/** Whether a time is so far ahead of our clock that a fact of it would outlast every true event that follows it. */
export function isAhead(at: number, nowMs: number): boolean {
  return at > nowMs + maxAheadMs;
}

/** Doors of one provider: whatever comes in by one of them may change what came in by the other. */
const sameProvider: Readonly<Record<string, string>> = { 'auth0-logs': 'auth0', 'supabase-db': 'supabase' };

/** In whose name a door's facts are recorded. */
export function sourceOf(provider: string): string {
  return sameProvider[provider] ?? provider;
}
