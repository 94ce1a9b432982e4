// A history: what happens to some users at their providers, at ROQ and around us. Plain data; draw.ts draws them.

import type { Ways } from '../../local/roq-users.ts';
import type { Rates } from './faults.ts';

/** The members of a user in an event of lib/providers/generic. */
export type EventUser = Readonly<Record<string, string | boolean | null | object>>;

/** What a provider says of one user. */
export type Said = {
  readonly reference: string;
  readonly kind: string;
  readonly user: EventUser;
  /** When it happened, as the provider stamps it, in milliseconds since the start. */
  readonly happenedMs: number;
};

export type EventStep = {
  readonly is: 'event';
  readonly provider: 'generic' | 'feed';
  /** All that one request says; of generic it is always one. */
  readonly said: readonly Said[];
  /** How long after the step each delivery of it begins; more than one: the sender repeats itself. */
  readonly deliveries: readonly number[];
  readonly sender: keyof typeof senders;
  readonly form: 'sound' | 'forged' | 'garbled' | 'shapeless';
};

export type Step = { readonly id: number; readonly atMs: number } & (
  | EventStep
  | { readonly is: 'audit' | 'adoption' | 'rotation' | 'expiry' | 'overlap' | 'release' | 'drop' }
  | {
      readonly is: 'backfill';
      readonly users: readonly { readonly reference: string; readonly user: EventUser }[];
      /** One more line for this user, with custom data that are no JSON. */
      readonly poisoned: string | null;
    }
  /** An operator has a user looked at anew. */
  | { readonly is: 'resync'; readonly reference: string }
  /** Somebody changes a user in ROQ by hand. */
  | { readonly is: 'edit'; readonly reference: string; readonly changes: Edit }
  /** Somebody makes a user in ROQ by hand, with the reference of one of ours. */
  | { readonly is: 'stranger'; readonly reference: string; readonly isOptedIn: boolean }
  /** A record comes to hold custom data that are no JSON, as no reader of ours lets them in. */
  | { readonly is: 'poison'; readonly reference: string }
  /** Somebody takes a user away in ROQ. */
  | { readonly is: 'removal'; readonly reference: string }
  | { readonly is: 'outage'; readonly of: 'dynamodb' | 'roq'; readonly forMs: number }
);

export type Edit = {
  readonly active?: boolean;
  readonly email?: string;
  readonly firstName?: string;
  readonly isOptedIn?: boolean;
  /** Custom data of the app's own: 5,000 levels deep, or larger than any item of DynamoDB's. */
  readonly customData?: 'deep' | 'large';
};

export type History = {
  readonly seed: string;
  readonly rates: Rates;
  /** The most deactivations in an hour. */
  readonly ceiling: number;
  /** Whether the providers use one id for one person, so that each may change whom another told of. */
  readonly isShared: boolean;
  /** Whether the operator maps the last name, and leaves users out who are of the group `out`. */
  readonly hasMapping: boolean;
  /** How ROQ behaves where its contract leaves room. */
  readonly ways: Pick<Ways, 'pageCap' | 'cutsLists' | 'hasTies' | 'hasUniqueEmails' | 'lowersEmails'>;
  readonly tokenLifetimeMs: number;
  /** How far off a function's clock may be. */
  readonly skewMs: number;
  /** How far the index may lag behind the table. */
  readonly lagMs: number;
  /** How often the schedule looks whether there is something to do. */
  readonly scheduleMs: number;
  /** Whether DynamoDB tells the item on a failed condition. */
  readonly tellsItem: boolean;
  readonly steps: readonly Step[];
};

const [second, minute, hour] = [1_000, 60_000, 3_600_000];

export const kindWays: History['ways'] = {
  pageCap: 25,
  cutsLists: false,
  hasTies: false,
  hasUniqueEmails: false,
  lowersEmails: false,
};

/** Circumstances in which nothing goes wrong. */
export const untroubled: Omit<History, 'seed' | 'steps'> = {
  rates: { dynamodb: {}, roq: {}, dies: 0, pauses: 0, roqMs: 5 },
  ceiling: 1_000,
  isShared: true,
  hasMapping: false,
  ways: kindWays,
  tokenLifetimeMs: hour,
  skewMs: 0,
  lagMs: 0,
  scheduleMs: minute,
  tellsItem: true,
};

/** How long each kind of sender waits for an answer, and then before each further attempt, in milliseconds. */
export const senders = {
  svix: {
    timeoutMs: 15 * second,
    waits: [5 * second, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour, 10 * hour],
  },
  kinde: {
    timeoutMs: 10 * second,
    waits: [5 * second, 30 * second, 2 * minute, 10 * minute, hour, 4 * hour, 12 * hour, 12 * hour],
  },
  auth0: { timeoutMs: 10 * second, waits: [second, 2 * second, 4 * second] },
  okta: { timeoutMs: 3 * second, waits: [second] },
  logto: { timeoutMs: 10 * second, waits: [] },
} as const;

/** What must never be seen in a log line or an answer: part of every personal value and of every secret. */
export const canary = 'c4n4ry';
