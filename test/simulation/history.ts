// A history: what happens to some users at their provider, at ROQ and around us. Drawn from a seed, and plain data.

import { Chance } from './chance.ts';
import { dynamodbFaults, type Rates, roqFaults } from './faults.ts';

/** The members of a user in an event of lib/providers/generic.ts. */
export type EventUser = Readonly<Record<string, string | boolean | null | object>>;

export type EventStep = {
  readonly is: 'event';
  readonly reference: string;
  readonly kind: string;
  readonly user: EventUser;
  /** When it happened at the provider, in milliseconds since the start. */
  readonly happenedMs: number;
  /** How long after that each delivery of it begins; more than one: the sender repeats itself. */
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
    }
  /** An operator has a user looked at anew. */
  | { readonly is: 'resync'; readonly reference: string }
  /** Somebody changes a user in ROQ by hand. */
  | { readonly is: 'edit'; readonly reference: string; readonly changes: Edit }
  /** Somebody makes a user in ROQ by hand, with the reference of one of ours. */
  | { readonly is: 'stranger'; readonly reference: string }
  | { readonly is: 'outage'; readonly of: 'dynamodb' | 'roq'; readonly forMs: number }
);

export type Edit = { readonly active?: boolean; readonly firstName?: string; readonly isOptedIn?: boolean };

export type History = {
  readonly seed: string;
  readonly rates: Rates;
  /** The most deactivations in an hour. */
  readonly ceiling: number;
  /** The most users in one answer of ROQ. */
  readonly pageCap: number;
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

/** Circumstances in which nothing goes wrong. */
export const untroubled: Omit<History, 'seed' | 'steps'> = {
  rates: { dynamodb: {}, roq: {}, dies: 0, pauses: 0, roqMs: 5 },
  ceiling: 1_000,
  pageCap: 25,
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

/** Draws the history of a seed. */
export function drawHistory(seed: string): History {
  const chance = new Chance(seed);
  // Many at once on one user is where most can go wrong.
  const isCrowded = chance.is(0.4);
  const count = isCrowded ? 1 : chance.pick([1, 2, 3, 4]);
  const references = Array.from({ length: count }, (_, i) => `user|${i + 1}`);
  const spreads = [20, 300, 2 * second, 8 * second, minute, 20 * minute] as const;
  const spread = spreads[chance.between(0, isCrowded ? 3 : 5)] ?? second;
  const kinds = drawKinds(chance);
  const scheduleMs = isCrowded ? 5 * second : minute;
  let atMs = 0;
  const steps = Array.from({ length: chance.between(isCrowded ? 4 : 2, 12) }, (_, id): Step => {
    atMs += chance.is(0.2) ? 0 : chance.between(0, spread);
    const reference = references[chance.between(0, references.length - 1)] ?? 'user|1';
    return { id, atMs, ...drawStep({ chance, kinds, scheduleMs }, reference, references, atMs, id) };
  });
  if (chance.is(0.2))
    steps.push(...drawStorm(chance, references, atMs + chance.pick([0, minute]), steps.length));
  return {
    seed,
    rates: drawRates(chance, isCrowded),
    steps,
    scheduleMs,
    ceiling: chance.pick([1, 2, 1_000_000, 1_000_000, 1_000_000]),
    pageCap: chance.pick([1, 3, 25]),
    tokenLifetimeMs: chance.pick([90 * second, hour, 2 * hour]),
    skewMs: chance.pick([0, 50, 2 * second]),
    lagMs: chance.pick([0, 0, 300, 5 * second]),
    tellsItem: chance.is(0.8),
  };
}

type Drawn = Step extends infer Each ? (Each extends Step ? Omit<Each, 'id' | 'atMs'> : never) : never;

type Drawing = { readonly chance: Chance; readonly kinds: Kinds; readonly scheduleMs: number };

function drawStep(
  drawing: Drawing,
  reference: string,
  references: readonly string[],
  atMs: number,
  id: number,
): Drawn {
  const { chance } = drawing;
  const roll = chance.next();
  if (roll < 0.82) return drawEvent(drawing, reference, atMs, id);
  if (roll < 0.85) return { is: 'edit', reference, changes: drawEdit(chance, id) };
  if (roll < 0.87) return { is: 'stranger', reference };
  if (roll < 0.89) return { is: 'resync', reference };
  if (roll < 0.92) {
    const of = chance.pick(['dynamodb', 'roq', 'roq'] as const);
    return {
      is: 'outage',
      of,
      forMs: of === 'roq' ? chance.between(minute, 5 * hour) : chance.between(second, 10 * minute),
    };
  }
  if (roll < 0.95) {
    const users = references.filter(() => chance.is(0.7));
    return {
      is: 'backfill',
      users: users.map((each) => ({ reference: each, user: drawUser(chance, id, true) })),
    };
  }
  return { is: chance.pick(['audit', 'adoption', 'rotation', 'expiry', 'overlap', 'release', 'drop']) };
}

type Kinds = readonly [string, ...string[]];

// So many of each as they shall be frequent.
const allKinds: Kinds = [
  'user.signed_up',
  'user.signed_up',
  'user.signed_up',
  'user.email_verified',
  'user.email_verified',
  'user.disabled',
  'user.disabled',
  'user.enabled',
  'user.enabled',
  'user.updated',
  'user.updated',
  'user.deleted',
  'session.started',
];

// Half of the histories are of few kinds, so that those which undo each other meet often.
function drawKinds(chance: Chance): Kinds {
  if (chance.is(0.5)) return allKinds;
  if (chance.is(0.4)) return ['user.signed_up', 'user.disabled', 'user.enabled'];
  const others = [...new Set(allKinds)].filter((kind) => kind !== 'user.signed_up');
  return ['user.signed_up', ...chance.shuffle(others).slice(0, 2)];
}

function drawEvent(
  { chance, kinds, scheduleMs }: Drawing,
  reference: string,
  atMs: number,
  id: number,
): Drawn & EventStep {
  const kind = chance.pick(kinds);
  const isWhole = kind === 'user.signed_up' || chance.is(0.2);
  const user = isWhole || kind === 'user.updated' ? drawUser(chance, id, isWhole) : {};
  const form = chance.is(0.04) ? chance.pick(['forged', 'garbled', 'shapeless'] as const) : 'sound';
  const repeats = chance.is(0.25) ? chance.between(1, 3) : 0;
  const deliveries = Array.from({ length: 1 + repeats }, () => drawDelay(chance, atMs, scheduleMs));
  return {
    is: 'event',
    reference,
    kind,
    user,
    deliveries,
    form,
    // Some providers stamp whole seconds, so that two events may bear one time.
    happenedMs: chance.is(0.2) ? Math.floor(atMs / second) * second : atMs,
    sender: chance.pick(['svix', 'svix', 'kinde', 'auth0', 'okta', 'logto']),
  };
}

/** A provider goes wrong, and says of everybody at once that he is disabled. */
function drawStorm(chance: Chance, references: readonly string[], atMs: number, id: number): readonly Step[] {
  return references.map((reference, i) => ({
    id: id + i,
    is: 'event',
    reference,
    kind: 'user.disabled',
    user: {},
    form: 'sound',
    sender: 'svix',
    atMs,
    happenedMs: atMs,
    deliveries: [chance.between(0, 30)],
  }));
}

function drawDelay(chance: Chance, atMs: number, scheduleMs: number): number {
  // Just as the schedule sets to work.
  if (chance.is(0.15)) return scheduleMs - (atMs % scheduleMs) + chance.between(0, 60);
  const roll = chance.next();
  if (roll < 0.4) return chance.between(0, 50);
  if (roll < 0.7) return chance.between(0, 3 * second);
  return roll < 0.92 ? chance.between(0, minute) : chance.between(0, 2 * hour);
}

/** Every value of a step is its own, so that it can be told from all others. */
function drawUser(chance: Chance, id: number, isWhole: boolean): EventUser {
  const isIn = () => isWhole || chance.is(0.4);
  const refused = chance.is(0.05);
  return {
    ...(isIn() && { email: refused ? `${canary} no address ${id}` : `${canary}-${id}@x.example` }),
    ...(isIn() && { first_name: chance.is(0.1) ? null : `${canary}First${id}` }),
    ...(isIn() && chance.is(0.5) && { last_name: chance.is(0.2) ? null : `${canary}Last${id}` }),
    ...(chance.is(0.2) && { phone: `+49${canary}${id}` }),
    ...(chance.is(0.2) && { custom_data: { [`${canary}${id}`]: id, list: [canary] } }),
    ...(chance.is(0.05) && { timezone: `${canary}${'x'.repeat(300)}` }),
    ...(isWhole && chance.is(0.3) && { email_verified: chance.is(0.5) }),
    ...(isWhole && chance.is(0.1) && { disabled: chance.is(0.5) }),
  };
}

function drawEdit(chance: Chance, id: number): Edit {
  return chance.pick<Edit>([
    { active: true },
    { active: false },
    { firstName: `${canary}Hand${id}` },
    { isOptedIn: false },
  ]);
}

// Most histories have few kinds of faults, so that what one kind can do is not hidden behind another.
function drawRates(chance: Chance, isCrowded: boolean): Rates {
  const isCalm = chance.is(isCrowded ? 0 : 0.2);
  const rate = () => (isCalm || chance.is(0.6) ? 0 : chance.pick([0.01, 0.05, 0.2]));
  const each = <Name extends string>(names: readonly Name[]) =>
    Object.fromEntries(names.map((name) => [name, rate()])) as Record<Name, number>;
  return {
    dynamodb: each(dynamodbFaults),
    roq: each(roqFaults),
    dies: isCalm || chance.is(0.5) ? 0 : chance.pick([0.001, 0.005, 0.02, 0.1]),
    pauses: isCalm || chance.is(0.5) ? 0 : chance.pick([0.05, 0.2]),
    roqMs: isCrowded ? chance.pick([50, 200, 500]) : chance.pick([20, 20, 100, 1_000]),
  };
}
