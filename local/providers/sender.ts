// What stands in for a provider: how it signs, and one example of each event that it sends.

import type { UserEvent } from '../../lib/event.ts';
import type { SigningKeys } from './keys.ts';

/** The user that an example is about. */
export type SampleUser = {
  /** The provider's immutable id; where a provider's ids are UUIDs, one of them. */
  readonly id: string;
  readonly email: string;
  readonly phone: string;
  readonly firstName: string;
  readonly lastName: string;
};

/** The event that an example is to be read as, without its id, which the provider chooses. */
export type Wanted = Omit<UserEvent, 'id'>;

export type Example = {
  /** The payload as the provider writes it, before it is signed; `atMs`: when it happened. */
  readonly payload: (user: SampleUser, atMs: number) => object;
  /** `atMs` comes back in the provider's own precision: whole seconds where it sends seconds. */
  readonly wanted: (user: SampleUser, atMs: number) => readonly Wanted[];
};

export type SignedRequest = {
  /** Names in the case in which the provider writes them. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
};

export type Signing = {
  readonly nowMs: number;
  /** The receiver's settings, whose secrets sign. */
  readonly environment: Readonly<Record<string, string>>;
  readonly keys: SigningKeys;
};

/** Settings by which the provider accepts what the sender signs; its secrets are new each time. */
export type SenderEnvironment = (keys: SigningKeys) => Record<string, string>;

export type Sender = {
  /** As in the registry of providers. */
  readonly name: string;
  /** What to configure at the provider, in one or two sentences. */
  readonly setUp: string;
  /** When it sends an event again, how long it waits for an answer, and what that means here. */
  readonly retries: string;
  /** What happens to a user there and is never told here; left out: nothing that is known. */
  readonly cannotTell?: string;
  readonly environment: SenderEnvironment;
  /** Other settings that `sign` understands, by the name of the way to sign; every test runs with these too. */
  readonly variants?: Readonly<Record<string, SenderEnvironment>>;
  /** A payload of bytes is signed as it is, for the tests of what is not JSON: see `toBody` in signing.ts. */
  readonly sign: (payload: object, signing: Signing) => Promise<SignedRequest>;
  /** By the name to ask for one: the kind, with a suffix where a kind has several. */
  readonly examples: Readonly<Record<string, Example>>;
  /** How old a request may be, which may depend on the settings; left out: what is usual for the family, which for most
   * is any age. */
  readonly maxAgeMs?: number | ((environment: Readonly<Record<string, string>>) => number | undefined);
  /** Whether the signature covers the body; left out: it does, unless it is a static credential. */
  readonly covers?: 'body' | 'nothing';
  /** Settings of its environment that may be empty, because they have a public default. */
  readonly defaulted?: readonly string[];
  /** True: its events have no ids. */
  readonly givesNoIds?: true;
};

/** The examples' user, with another id or address where one is asked for. */
export function sampleUser(id: string, email = 'ada@example.com'): SampleUser {
  return { id, email, phone: '+441234567890', firstName: 'Ada', lastName: 'Lovelace' };
}

/** A time as senders write it that count whole seconds. */
export function inWholeSeconds(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}
