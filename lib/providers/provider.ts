// What a provider is made of; registry.ts lists all of them.

import type * as v from 'valibot';
import { RejectedError } from '../errors.ts';
import type { LookUp, ReadUser, UserEvent, WebhookRequest } from '../event.ts';
import { isObject } from '../json.ts';
import type { Told } from '../user.ts';

/**
 * Verifies one request and returns its events.
 * `nowMs` is our clock, for the bounds on the age of a signature.
 * @throws RejectedError for what is not a valid event, UnavailableError where the keys can't be reached
 */
export type Read = (request: WebhookRequest, nowMs: number) => Promise<readonly UserEvent[]>;

export type SignatureFamily =
  | 'JWS body'
  | 'JWS in JSON'
  | 'JWS header'
  | 'JWS header, the body unsigned'
  | 'Standard Webhooks'
  | 'timestamped HMAC'
  | 'timestamped HMAC or JWS body'
  | 'HMAC'
  | 'static credential'
  | 'HMAC or JWS header'
  | 'JWS body or Standard Webhooks';

/** A kind of event that is mirrored: the provider's name for it, and what it means here. */
export type MirroredKind = { readonly kind: string; readonly means: string };

export type Provider<Settings extends v.ObjectEntries = v.ObjectEntries> = {
  /** As in the URL, /webhooks/{name}, and in PROVIDERS. */
  readonly name: string;
  readonly title: string;
  readonly family: SignatureFamily;
  /** Environment variables, each with its schema and a description for people. */
  readonly settings: Settings;
  readonly mirrored: readonly MirroredKind[];
  /** Kinds that are accepted and left alone, for the documentation. */
  readonly ignored: readonly string[];
  /** Kinds that only name a user, for whom the directory is asked where there is one; else they are left alone. */
  readonly pings?: readonly string[];
  /** Kinds by which the sender says that events were lost, or will be: its directory is pulled where there is one. */
  readonly notices?: readonly string[];
  /** How the sender wants to be answered: plain HTTP, or RFC 8935's 202 and 400 for security event tokens. */
  readonly answers: 'plain' | 'set';
  /**
   * Builds the reader once, outside the handler, so that key sets stay cached between requests.
   * A method, so that providers of different settings fit in one list.
   * @throws ConfigError for settings that can't work together
   */
  connect(settings: v.InferOutput<v.ObjectSchema<Settings, undefined>>): Read;
  /** Reads the users whose events leave out what changed; null where no credentials are configured. */
  lookUp?(settings: v.InferOutput<v.ObjectSchema<Settings, undefined>>): LookUp | null;
  /** Answers the request by which the provider verifies the address, or null for any other request. */
  challenge?(request: WebhookRequest): ChallengeAnswer | null;
};

export type ChallengeAnswer = { readonly contentType: string; readonly body: string };

/** A provider's table of kinds: what each means to people, and what it tells about a user. */
export type Kinds<Source> = Readonly<
  Record<string, { readonly means: string; readonly tells: (source: Source) => Told }>
>;

/** The entry of a kind; undefined for one that we don't mirror. */
export function findKind<Source>(kinds: Kinds<Source>, kind: string): Kinds<Source>[string] | undefined {
  return Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
}

export function listKinds<Source>(kinds: Kinds<Source>): readonly MirroredKind[] {
  return Object.entries(kinds).map(([kind, { means }]) => ({ kind, means }));
}

/** An event of a kind that we don't mirror: answered like any other, and left alone. */
export function ignoredEvent(event: Pick<UserEvent, 'id' | 'kind' | 'at'>): UserEvent {
  return { ...event, reference: null, told: null };
}

/**
 * What was read, with the names of what could not be, where there is any, and the user's object where there is one. Nor can
 * a verification be read that names no address: the one that is held may be another.
 */
export function withUnread<Read extends UserEvent | ReadUser>(
  read: Read,
  unread: ReadonlySet<string>,
  user?: unknown,
  isWholeUser = true,
): Read {
  const { emailVerified, ...told } = read.told ?? {};
  const isOfNone = emailVerified === true && !told.email && !told.emailVerifiedOf;
  const names = isOfNone ? [...unread, 'emailVerified'] : [...unread];
  const isWhole = isWholeUser && !('isPartial' in read && read.isPartial);
  return {
    ...read,
    ...(isOfNone && { told }),
    ...(names.length > 0 && { unread: names }),
    ...(isObject(user) && { original: { user, isWhole } }),
  };
}

/**
 * Reads each event of a request by itself, so that one that can't be read does not lose the others, which few senders
 * would send again.
 * @throws RejectedError of the first that can't be read, where none of the others is mirrored
 */
export function readEach<Item>(
  items: readonly Item[],
  read: (item: Item) => UserEvent,
): readonly UserEvent[] {
  const events: UserEvent[] = [];
  const refusals: RejectedError[] = [];
  for (const item of items) {
    try {
      events.push(read(item));
    } catch (error) {
      if (!(error instanceof RejectedError)) throw error;
      refusals.push(error);
      events.push({ ...ignoredEvent({ id: null, kind: 'unreadable', at: 0 }), rejected: error.code });
    }
  }
  if (refusals[0] && events.every(({ told }) => told === null)) throw refusals[0];
  return events;
}
