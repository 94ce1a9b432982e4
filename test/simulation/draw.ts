// Draws the history of a seed.

import { Chance } from './chance.ts';
import { type Drawing, drawSaid, drawUser, type Kinds, stamps } from './draw-said.ts';
import { dynamodbFaults, type Rates, roqFaults } from './faults.ts';
import {
  canary,
  type Edit,
  type EventStep,
  type EventUser,
  type History,
  kindWays,
  type Step,
} from './history.ts';
import { farAheadMs } from './model.ts';

const [second, minute, hour] = [1_000, 60_000, 3_600_000];

/** Draws the history of a seed. */
export function drawHistory(seed: string): History {
  const history = drawUnscoped(seed);
  const chance = new Chance(seed).part('scope');
  return chance.is(0.2) ? withMapping(history, chance) : history;
}

/** The operator maps a field; users come and go between two groups, of which the operator's scope leaves one out. */
function withMapping(history: History, chance: Chance): History {
  const inGroup = (user: EventUser): EventUser =>
    chance.is(0.5) ? { ...user, groups: chance.is(0.6) ? 'in' : 'out' } : user;
  const steps = history.steps.map((step): Step => {
    if (step.is === 'backfill')
      return { ...step, users: step.users.map((one) => ({ ...one, user: inGroup(one.user) })) };
    if (step.is !== 'event' || step.provider !== 'generic') return step;
    return { ...step, said: step.said.map((said) => ({ ...said, user: renamed(inGroup(said.user)) })) };
  });
  return { ...history, steps, hasMapping: true };
}

/** The last name stands where only the operator's expression looks for it. */
function renamed({ last_name, ...user }: EventUser): EventUser {
  return last_name === undefined ? user : { ...user, surname: last_name };
}

function drawUnscoped(seed: string): History {
  const chance = new Chance(seed);
  // Many at once on one user is where most can go wrong.
  const isCrowded = chance.is(0.4);
  const isBurst = isCrowded && chance.is(0.05);
  const count = isCrowded ? 1 : chance.pick([1, 2, 3, 4]);
  const [first, ...others] = Array.from({ length: count }, (_, i) => `user|${i + 1}`);
  const spreads = [20, 300, 2 * second, 8 * second, minute, 20 * minute] as const;
  const spread = spreads[chance.between(0, isCrowded ? 3 : 5)] ?? second;
  const ways = drawWays(chance);
  const drawing: Drawing = {
    chance,
    references: [first ?? 'user|1', ...others],
    kinds: drawKinds(chance),
    stamps: chance.pick(stamps),
    hasFeed: chance.is(0.35),
    ways,
    scheduleMs: isCrowded ? 5 * second : minute,
    past: new Map(),
  };
  let atMs = 0;
  const steps = Array.from({ length: chance.between(isCrowded ? 4 : 2, 12) }, (_, id): Step => {
    atMs += chance.is(0.2) ? 0 : chance.between(0, spread);
    return { id, atMs, ...drawStep(drawing, atMs, id) };
  });
  if (chance.is(0.2)) steps.push(...drawStorm(drawing, atMs + chance.pick([0, minute]), steps.length));
  if (isBurst) steps.push(...drawBurst(drawing, atMs + minute, steps.length));
  return {
    seed,
    rates: drawRates(chance, isCrowded, isBurst),
    steps,
    scheduleMs: drawing.scheduleMs,
    ceiling: chance.pick([1, 2, 1_000_000, 1_000_000, 1_000_000]),
    isShared: chance.is(0.5),
    hasMapping: false,
    ways,
    tokenLifetimeMs: chance.pick([90 * second, hour, 2 * hour]),
    skewMs: chance.pick([0, 50, 2 * second]),
    lagMs: chance.pick([0, 0, 300, 5 * second]),
    tellsItem: chance.is(0.8),
  };
}

function drawWays(chance: Chance): History['ways'] {
  return {
    ...kindWays,
    pageCap: chance.pick([1, 3, 25]),
    cutsLists: chance.is(0.5),
    hasTies: chance.is(0.5),
    hasUniqueEmails: chance.is(0.1),
    lowersEmails: chance.is(0.1),
  };
}

type Drawn = Step extends infer Each ? (Each extends Step ? Omit<Each, 'id' | 'atMs'> : never) : never;

function drawStep(drawing: Drawing, atMs: number, id: number): Drawn {
  const { chance, references } = drawing;
  const reference = chance.pick(references);
  const roll = chance.next();
  if (roll < 0.81) return drawEvent(drawing, atMs, id);
  if (roll < 0.845) return { is: 'edit', reference, changes: drawEdit(chance, id) };
  if (roll < 0.865) return { is: 'stranger', reference, isOptedIn: chance.is(0.3) };
  if (roll < 0.87) return { is: 'removal', reference };
  if (roll < 0.875) return { is: 'poison', reference };
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
      users: users.map((each) => ({ reference: each, user: drawUser(drawing, each, id, true) })),
      poisoned: chance.is(0.2) ? chance.pick(references) : null,
    };
  }
  return { is: chance.pick(['audit', 'adoption', 'rotation', 'expiry', 'overlap', 'release', 'drop']) };
}

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
  if (chance.is(0.3)) return ['user.signed_up', 'user.disabled', 'user.enabled'];
  if (chance.is(0.3)) return ['user.signed_up', 'user.email_verified', 'user.updated'];
  const others = [...new Set(allKinds)].filter((kind) => kind !== 'user.signed_up');
  return ['user.signed_up', ...chance.shuffle(others).slice(0, 2)];
}

function drawEvent(drawing: Drawing, atMs: number, id: number): Drawn & EventStep {
  const { chance, scheduleMs, hasFeed } = drawing;
  const provider = hasFeed && chance.is(0.5) ? 'feed' : 'generic';
  const repeats = chance.is(0.25) ? chance.between(1, 3) : 0;
  const count = provider === 'feed' ? chance.pick([1, 2, 4]) : 1;
  const said = Array.from({ length: count }, (_, i) => drawSaid(drawing, provider, atMs, id + i / 10));
  if (count > 1 && chance.is(0.2)) said.push({ ...drawSaid(drawing, provider, atMs, id + 0.9), ...farAhead });
  return {
    is: 'event',
    provider,
    said,
    deliveries: Array.from({ length: 1 + repeats }, () => drawDelay(chance, atMs, scheduleMs)),
    form:
      provider === 'generic' && chance.is(0.04)
        ? chance.pick(['forged', 'garbled', 'shapeless'] as const)
        : 'sound',
    sender: chance.pick(['svix', 'svix', 'kinde', 'auth0', 'okta', 'logto']),
  };
}

const farAhead = { happenedMs: farAheadMs };

/** A provider goes wrong, and says of everybody at once that they are disabled. */
function drawStorm({ chance, references }: Drawing, atMs: number, id: number): readonly Step[] {
  return references.map((reference, i) => ({
    id: id + i,
    is: 'event',
    provider: 'generic',
    said: [{ reference, kind: 'user.disabled', user: {}, happenedMs: atMs }],
    form: 'sound',
    sender: 'svix',
    atMs,
    deliveries: [chance.between(0, 30)],
  }));
}

/** Sixty events of one user nearly at once, each with something new, by a sender that sends nothing again. */
function drawBurst({ references: [reference] }: Drawing, atMs: number, id: number): readonly Step[] {
  const members = ['first_name', 'last_name', 'phone', 'timezone', 'email'];
  return Array.from({ length: 60 }, (_, i) => {
    const user = { [members[i % members.length] ?? '']: `${canary}-${i}@x.example` };
    return {
      id: id + i,
      is: 'event',
      provider: 'generic',
      said: [{ reference, kind: 'user.updated', user, happenedMs: atMs + i }],
      form: 'sound',
      sender: 'logto',
      atMs,
      deliveries: [i],
    };
  });
}

function drawDelay(chance: Chance, atMs: number, scheduleMs: number): number {
  // Just as the schedule sets to work.
  if (chance.is(0.15)) return scheduleMs - (atMs % scheduleMs) + chance.between(0, 60);
  const roll = chance.next();
  if (roll < 0.4) return chance.between(0, 50);
  if (roll < 0.7) return chance.between(0, 3 * second);
  return roll < 0.92 ? chance.between(0, minute) : chance.between(0, 2 * hour);
}

function drawEdit(chance: Chance, id: number): Edit {
  return chance.pick<Edit>([
    { active: true },
    { active: false },
    { firstName: `${canary}Hand${id}` },
    { isOptedIn: false },
    // Whoever is opted in next may be so for this one.
    { email: `${canary}-hand${id}@x.example` },
    { email: `${canary}-hand${id}@x.example` },
    { email: `${canary}-hand${id}@x.example` },
    { customData: chance.is(0.7) ? 'deep' : 'large' },
  ]);
}

// Most histories have few kinds of faults, so that what one kind can do is not hidden behind another.
function drawRates(chance: Chance, isCrowded: boolean, isBurst: boolean): Rates {
  const isCalm = isBurst || chance.is(isCrowded ? 0 : 0.2);
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
