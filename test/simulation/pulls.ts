// Histories of a provider whose webhooks are lost at random, and which is pulled by a directory that lags, cuts, repeats,
// shifts, fails and goes blind. Nobody whom the provider has may ever be taken for gone; and once it answers soundly, pulls
// bring ROQ in step with it.

import { type DirectoryTraits, hourMs } from '../../lib/directory.ts';
import { createDocuments } from '../../lib/dynamodb/documents.ts';
import { createQueries } from '../../lib/dynamodb/queries.ts';
import { type Item, toRecord } from '../../lib/dynamodb/record.ts';
import { createStore } from '../../lib/dynamodb/store.ts';
import { beginPull, runPull } from '../../lib/jobs/pull.ts';
import type { ConnectedDirectory } from '../../lib/jobs/pull-job.ts';
import { noMapping } from '../../lib/mapping/mapping.ts';
import { createRoq } from '../../lib/roq/client.ts';
import { createCeiling } from '../../lib/sync/ceiling.ts';
import { createConcurrency } from '../../lib/sync/concurrency.ts';
import { converge } from '../../lib/sync/converge.ts';
import { drain } from '../../lib/sync/drain.ts';
import { desired, toFacts } from '../../lib/user.ts';
import { Chance, takeOverIds } from './chance.ts';
import { Clock } from './clock.ts';
import { createEngine, stateShape, usersShape } from './dynamodb.ts';
import { createProvider, type Provider, type ProviderUser, type Trouble, troubles } from './provider.ts';
import { createSimulatedRoq, toText } from './roq.ts';

const startMs = Date.UTC(2026, 2, 2);
const source = 'clerk';

/** What a history came to; null: everything held. */
export type PullViolation = { readonly seed: string; readonly message: string };

/** Plays the history of a seed. */
export async function playPulls(seed: string): Promise<PullViolation | null> {
  const chance = new Chance(seed);
  const undo = [new Clock(startMs).takeOverTimeouts(), takeOverIds(chance.part('ids'))];
  try {
    await play(chance);
    return null;
  } catch (error) {
    if (error instanceof Violation) return { seed, message: error.message };
    throw error;
  } finally {
    for (const one of undo) one();
  }
}

class Violation extends Error {}

async function play(chance: Chance): Promise<void> {
  const world = createPulledWorld(chance);
  for (let n = chance.between(3, 12); n > 0; n--) await world.changeSomebody('all');
  for (let round = chance.between(2, 6); round > 0; round--) {
    for (let n = chance.between(0, 6); n > 0; n--) await world.changeSomebody('some');
    world.pass(chance.between(1, 6 * hourMs));
    await world.pull(chance.is(0.7) ? chance.pick(troubles) : 'none');
    world.checkNobodyLost();
  }
  await world.deliverLate();
  // Where nobody is left, nobody can show that we see anybody.
  if (world.hasNobody()) return;
  // A list that lags shows the last changes by then, and two looks are far enough apart.
  for (let look = 0; look < 4; look++) {
    world.pass(3 * hourMs);
    await world.pull('none');
    await world.drain();
    world.checkNobodyLost();
  }
  world.checkEqual();
}

function createPulledWorld(chance: Chance) {
  let nowMs = startMs;
  const now = () => nowMs;
  const random = () => chance.next();
  const engine = createEngine({ users: usersShape, state: stateShape }, { now, pageItems: 3 });
  const client = {
    send: async (command: { readonly input: object }) =>
      engine.execute(command.constructor.name.replace('Command', ''), command.input) as never,
  };
  const simulated = createSimulatedRoq({
    now,
    environmentId: 'environment',
    apiKey: 'key',
    tokenLifetimeMs: 1_000 * hourMs,
  });
  const roq = createRoq({
    url: 'https://roq.example',
    environmentId: 'environment',
    apiKey: 'key',
    timeoutMs: 1_500,
    now,
    fetch: async (input, init) => {
      const { pathname: path } = new URL(String(input));
      const request = { path, headers: new Headers(init?.headers), body: String(init?.body) };
      const { status, body } = simulated.answer(request);
      return new Response(toText(body), { status, headers: { 'content-type': 'application/json' } });
    },
  });
  const documents = createDocuments({ client, tableName: 'state', now });
  const users = { client, tableName: 'users', now, random };
  const limits = { count: 1_000, share: 0 };
  const ceiling = { documents, now, limits };
  const ports = {
    store: createStore(users),
    queries: createQueries(users),
    documents,
    roq,
    now,
    random,
    log: () => {},
    limits,
    admit: createCeiling(ceiling),
    admitIn: (run: string) => createCeiling(ceiling, run),
    noteDuplicates: async () => {},
    prefixOf: () => '',
    mapping: noMapping,
    wait: async (ms: number) => pass(ms),
  };
  const hasOwnTime = chance.is(0.5);
  const lagMs = chance.pick([0, 60_000]);
  const stampMs = chance.pick([1, 1_000]);
  const provider = createProvider({ now, chance, lagMs, stampMs, hasOwnTime });
  const heardRate = chance.pick([0, 0.3, 0.7]);
  const late: (() => Promise<void>)[] = [];

  function pass(ms: number): void {
    nowMs += ms;
  }

  /** Something happens to a user there; `who`: whether anybody may be told of. */
  async function changeSomebody(heard: 'all' | 'some'): Promise<void> {
    pass(chance.between(1, 30 * 60_000));
    const change = provider.changeAtRandom();
    if (!change) return;
    const tell = () => fold(change.user, change.isDeleted);
    if (heard === 'all' || chance.is(heardRate)) await tell();
    // A deletion that is told late would undo a return, which no provider can do.
    else if (chance.is(0.3) && !change.isDeleted) late.push(tell);
  }

  async function fold(user: ProviderUser, isDeleted: boolean): Promise<void> {
    const { id, email, firstName, verified, disabled, changedAtMs } = user;
    if (isDeleted) provider.noteTold(id);
    const told = isDeleted
      ? { deleted: true as const }
      : { email, firstName, emailVerified: verified, disabled };
    const facts = toFacts(told, changedAtMs);
    const { leased } = await ports.store.fold(id, facts, `event ${id} ${nowMs}`, 40_000, { source });
    if (leased) await converge(ports, [leased], nowMs + 10_000);
  }

  async function pull(trouble: Trouble): Promise<void> {
    const traits: DirectoryTraits = {
      ...{ name: source, title: 'Clerk', pageSize: 3, requestsPerSecond: 10, leastRights: null, maxKnown: 0 },
      ...{ lagMs, isGoneEstablished: true, secondLookMs: hourMs },
    };
    const directory: ConnectedDirectory = {
      ...provider.directory(trouble, () => changeMeanwhile(trouble)),
      ...{ traits, deletions: 'apply', isExclusive: false },
    };
    const id = await beginPull(ports, source, true);
    for (let tries = 0; tries < 4; tries++) {
      const budget = {
        deadline: nowMs + hourMs,
        leaseMs: 40_000,
        concurrency: createConcurrency({ max: 8 }),
      };
      const stored = await runPull(ports, id, () => directory, budget);
      if (stored?.state !== 'running') break;
      pass(5 * 60_000);
    }
    // Whoever looks after it gives it up.
    await documents.remove('pulling', id);
  }

  /** People go on living while a list is read. */
  async function changeMeanwhile(trouble: Trouble): Promise<void> {
    if (trouble === 'shifts' && chance.is(0.5)) await changeSomebody('some');
    pass(chance.between(1, 500));
  }

  function records() {
    return engine.items('users').map((item: Item) => toRecord(item));
  }

  return {
    pass,
    changeSomebody,
    pull,
    hasNobody: () => provider.users().length === 0,
    /** What the schedule does with whatever a pull had no time for. */
    drain: async () => {
      pass(hourMs);
      const budget = {
        deadline: nowMs + hourMs,
        leaseMs: 40_000,
        concurrency: createConcurrency({ max: 8 }),
      };
      await drain(ports, budget);
    },
    deliverLate: async () => {
      for (const tell of chance.shuffle(late)) await tell();
    },
    /** Nobody was taken for gone at a moment at which the provider had them. */
    checkNobodyLost: () => {
      for (const { reference, facts } of records()) {
        if (facts.gone?.value === true && provider.had(reference, facts.gone.at))
          throw new Violation(`${reference} was taken for gone, and the provider had them`);
      }
    },
    checkEqual: () => checkEqual(provider, records(), simulated.users.rows),
  };
}

type Rows = ReturnType<typeof createSimulatedRoq>['users']['rows'];

function checkEqual(provider: Provider, records: readonly ReturnType<typeof toRecord>[], rows: Rows): void {
  for (const { id, email, firstName, verified, disabled } of provider.users()) {
    if (provider.wasToldDeleted(id)) continue;
    const [user, ...others] = rows.filter(({ reference }) => reference === id);
    if (!user) throw new Violation(`${id} is not in ROQ`);
    if (others.length > 0) throw new Violation(`${id} is twice in ROQ`);
    const wanted = { email, firstName, isOptedIn: verified, active: !disabled };
    const found = {
      email: user.email,
      firstName: user.firstName,
      isOptedIn: user.isOptedIn,
      active: user.active,
    };
    if (JSON.stringify(found) !== JSON.stringify(wanted))
      throw new Violation(`${id} is ${JSON.stringify(found)} in ROQ, and ${JSON.stringify(wanted)} there`);
  }
  for (const { reference, facts } of records) {
    if (provider.users().some(({ id }) => id === reference)) continue;
    if (desired(facts).active !== false) throw new Violation(`${reference} is there no more, and active`);
  }
}
