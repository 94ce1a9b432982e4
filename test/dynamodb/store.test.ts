import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Leased } from '../../lib/dynamodb/fold.ts';
import { createQueries, type Queries } from '../../lib/dynamodb/queries.ts';
import { shardOf, shardsOf, type UserRecord } from '../../lib/dynamodb/record.ts';
import { createStore, type Store } from '../../lib/dynamodb/store.ts';
import { UnavailableError } from '../../lib/errors.ts';
import { type Facts, toFacts } from '../../lib/user.ts';
import { startTable, tableName } from '../support/table.ts';

const leaseMs = 30_000;
const signup = toFacts({ email: 'a@x.example', firstName: 'A', phone: null }, 1_000);
const verified = toFacts({ emailVerified: true }, 2_000);
const state = { email: 'a@x.example', phone: null, isOptedIn: false, active: true };

let table: Awaited<ReturnType<typeof startTable>>;
let store: Store;
let queries: Queries;
let nowMs: number;
let reference: string;

beforeAll(async () => {
  table = await startTable();
  store = createStore({ client: table.client, tableName, now: () => nowMs });
  queries = createQueries({ client: table.client, tableName });
});
afterAll(() => table.close());
beforeEach(() => {
  nowMs = 1_000_000;
  reference = `user|${randomUUID()}`;
});

describe('folding', () => {
  test('the first event makes the record, takes its lease and marks it pending', async () => {
    const { changed, leased } = await store.fold(reference, signup, 'one', leaseMs);
    expect(changed).toBe(true);
    expect(leased).toEqual(await store.get(reference));
    expect(await store.get(reference)).toEqual({
      reference,
      facts: signup,
      version: 1,
      syncedVersion: 0,
      roqId: null,
      observed: null,
      lease: { owner: 'one', untilMs: nowMs + leaseMs },
      queue: 'pending',
      dueAt: nowMs + leaseMs,
      pendingSince: nowMs,
      attempts: 0,
      lastError: null,
      cleared: false,
      sources: [],
      contested: {},
      steps: [],
    } satisfies UserRecord);
  });

  test('the next event is folded into the record that was given back', async () => {
    await inStep(signup);
    const { changed, leased } = await store.fold(reference, verified, 'two', leaseMs);
    expect(changed).toBe(true);
    expect(leased).toMatchObject({ version: 2, syncedVersion: 1, roqId: 'r1', observed: state });
    expect(leased?.facts).toEqual({ ...signup, ...verified });
  });

  test('a repeat changes nothing and takes no lease', async () => {
    const before = await inStep(signup);
    const again = await store.fold(reference, signup, 'two', leaseMs);
    expect(again).toEqual({ record: before, changed: false, leased: null, isForeign: false });
    expect(await store.get(reference)).toEqual(before);
  });

  test('what says nothing new moves its times, in one write, without lease, index or mark', async () => {
    const before = await inStep(signup);
    const again = Object.fromEntries(
      Object.entries(signup).map(([name, fact]) => [name, { ...fact, at: fact.at + 5_000 }]),
    );
    const { changed, leased } = await store.fold(reference, again, 'two', leaseMs);
    expect({ changed, leased }).toEqual({ changed: false, leased: null });
    const after = await store.get(reference);
    expect(after).toEqual({ ...before, facts: again, version: 2, syncedVersion: 2 });
  });

  test('and so an older event that says otherwise loses, however late it comes', async () => {
    await inStep(toFacts({ disabled: false }, 1_000));
    await store.fold(reference, toFacts({ disabled: false }, 3_000), 'two', leaseMs);
    await store.fold(reference, toFacts({ disabled: true }, 2_000), 'three', leaseMs);
    expect((await store.get(reference))?.facts.disabled).toEqual({ value: false, at: 3_000 });
  });

  test('what says nothing new to a record that is not in step is folded as ever', async () => {
    const { leased } = await store.fold(reference, toFacts({ firstName: 'A' }, 1_000), 'one', leaseMs);
    if (leased) await store.park(leased, { roqId: null, observed: null }, 'roq_refused');
    const folded = await store.fold(reference, toFacts({ firstName: 'A' }, 2_000), 'two', leaseMs);
    expect(folded).toMatchObject({
      changed: true,
      leased: { version: 2, syncedVersion: 0, queue: 'pending' },
    });
  });

  test('an older event adds only what was not known, and what is newer stays', async () => {
    await inStep(toFacts({ email: 'new@x.example' }, 5_000));
    await store.fold(reference, toFacts({ email: 'old@x.example', firstName: 'A' }, 4_000), 'two', leaseMs);
    expect((await store.get(reference))?.facts).toEqual({
      email: { value: 'new@x.example', at: 5_000 },
      firstName: { value: 'A', at: 4_000 },
    });
  });

  test('while someone else holds the lease, facts are recorded and the lease is left alone', async () => {
    await store.fold(reference, signup, 'one', leaseMs);
    const { changed, leased, record } = await store.fold(reference, verified, 'two', leaseMs);
    expect({ changed, leased }).toEqual({ changed: true, leased: null });
    expect(record).toMatchObject({ version: 2, lease: { owner: 'one' }, queue: 'pending' });
  });

  test('facts recorded under the lease of another are due when that runs out, should he never come back', async () => {
    await store.fold(reference, signup, 'one', leaseMs);
    const untilMs = nowMs + leaseMs;
    nowMs += 1_000;
    const { record } = await store.fold(reference, verified, 'two', leaseMs);
    expect(record).toMatchObject({ lease: { owner: 'one', untilMs }, dueAt: untilMs });
  });

  test('a write that the client repeats, because its answer was lost, still has the lease that it took', async () => {
    const { leased } = await store.fold(reference, signup, 'one', leaseMs);
    expect(await store.fold(reference, signup, 'one', leaseMs)).toEqual({
      record: leased,
      changed: true,
      leased,
      isForeign: false,
    });
  });

  test('a lease that ran out is taken over, and what its holder last saw of ROQ is no longer believed', async () => {
    await inStep(signup);
    await store.fold(reference, verified, 'dead', leaseMs);
    nowMs += leaseMs;
    const { leased } = await store.fold(reference, toFacts({ disabled: true }, 3_000), 'two', leaseMs);
    const untilMs = nowMs + leaseMs;
    expect(leased).toMatchObject({ lease: { owner: 'two', untilMs }, dueAt: untilMs });
    expect(leased).toMatchObject({ roqId: 'r1', observed: null, version: 3 });
  });

  test('that a user exists is recorded once, without a fact', async () => {
    const first = await store.fold(reference, {}, 'one', leaseMs);
    expect(first).toMatchObject({ changed: true, record: { facts: {}, version: 1 } });
    expect(await store.fold(reference, {}, 'two', leaseMs)).toMatchObject({ changed: false, leased: null });
  });

  test('of twenty events at once for one user none is lost, and one takes the lease', async () => {
    const folds = Array.from({ length: 20 }, (_, i) =>
      foldUntilRecorded(
        toFacts({ firstName: `${i}`, ...(i === 7 && { disabled: true }) }, i + 1),
        `owner${i}`,
      ),
    );
    const leased = (await Promise.all(folds)).filter(({ leased }) => leased !== null);
    expect(leased).toHaveLength(1);
    expect((await store.get(reference))?.facts).toEqual({
      firstName: { value: '19', at: 20 },
      disabled: { value: true, at: 8 },
    });
  });

  test('the events of a history give the same facts in whatever order they arrive', async () => {
    const history = [signup, verified, toFacts({ firstName: 'B', disabled: true }, 3_000)];
    await inOrder(history);
    const forwards = (await store.get(reference))?.facts;
    reference = `${reference}-2`;
    await inOrder([...history].reverse());
    expect((await store.get(reference))?.facts).toEqual(forwards);
  });
});

describe('a ROQ user that we did not make', () => {
  const found = { roqId: 'r9', observed: state };

  test('is written down where its reference is new, and in step with what was told, which is nothing', async () => {
    expect(await store.adopt(reference, found)).toBe(true);
    expect(await store.get(reference)).toEqual({
      reference,
      facts: {},
      version: 0,
      syncedVersion: 0,
      ...found,
      lease: null,
      queue: null,
      dueAt: null,
      pendingSince: null,
      attempts: 0,
      lastError: null,
      cleared: false,
      sources: [],
      contested: {},
      steps: [],
    } satisfies UserRecord);
  });

  test('changes nothing of a record that is there', async () => {
    const before = await inStep(signup);
    expect(await store.adopt(reference, found)).toBe(false);
    expect(await store.get(reference)).toEqual(before);
  });
});

test('the references of a queue are spread over all of its partitions', () => {
  const shards = Array.from({ length: 200 }, (_, i) => shardOf('pending', `user-${i}`));
  expect(new Set(shards)).toEqual(new Set(shardsOf('pending')));
  const sizes = Map.groupBy(shards, (shard) => shard);
  for (const { length } of sizes.values()) expect(length).toBeGreaterThan(20);
});

describe('taking the lease', () => {
  test('works on a record as it is, once', async () => {
    await inStep(signup);
    expect(await store.take(reference, 'one', leaseMs)).toMatchObject({ version: 1, observed: state });
    expect(await store.take(reference, 'two', leaseMs)).toBeNull();
  });

  test('works for its holder, whose first answer was lost', async () => {
    await inStep(signup);
    const leased = await store.take(reference, 'one', leaseMs);
    expect(leased).toMatchObject({ lease: { owner: 'one', untilMs: nowMs + leaseMs } });
    expect(await store.take(reference, 'one', leaseMs)).toEqual(leased);
  });

  test('works again when the lease ran out, and what was seen of ROQ is no longer believed', async () => {
    await inStep(signup);
    await store.take(reference, 'dead', leaseMs);
    nowMs += leaseMs;
    expect(await store.take(reference, 'two', leaseMs)).toMatchObject({
      lease: { owner: 'two', untilMs: nowMs + leaseMs },
      observed: null,
    });
  });

  test('of what is due takes nothing that is in step by now, or due later', async () => {
    await inStep(signup);
    expect(await store.take(reference, 'one', leaseMs, nowMs)).toBeNull();
    const { leased } = await store.fold(reference, verified, 'one', leaseMs);
    if (leased) await store.postpone(leased, { roqId: 'r1', observed: state }, 'roq_throttled', nowMs + 1);
    expect(await store.take(reference, 'two', leaseMs, nowMs)).toBeNull();
    expect(await store.take(reference, 'two', leaseMs, nowMs + 1)).toMatchObject({ version: 2 });
  });

  test('makes no record where there is none', async () => {
    expect(await store.take(reference, 'one', leaseMs)).toBeNull();
    expect(await store.get(reference)).toBeNull();
  });
});

describe('writing down the outcome', () => {
  test('a mark puts the record in step, out of the index, and gives the lease back', async () => {
    await inStep(signup);
    expect(await store.get(reference)).toMatchObject({
      syncedVersion: 1,
      roqId: 'r1',
      observed: state,
      lease: null,
      queue: null,
      dueAt: null,
      pendingSince: null,
      attempts: 0,
      lastError: null,
    });
    expect(await dueEverywhere()).not.toContain(reference);
  });

  test('a mark does not hold for facts that came in meanwhile: they are handed back with the lease', async () => {
    const leased = await lease(signup);
    await store.fold(reference, verified, 'two', leaseMs);
    const written = await store.mark(leased, { roqId: 'r1', observed: state }, null);
    expect(written).toMatchObject({ is: 'moved', record: { version: 2, lease: { owner: 'one' } } });
    expect(await store.get(reference)).toMatchObject({ syncedVersion: 0, queue: 'pending', roqId: null });
  });

  test('a mark after the lease was taken over changes nothing', async () => {
    const leased = await lease(signup);
    nowMs += leaseMs;
    await store.take(reference, 'two', leaseMs);
    expect(await store.mark(leased, { roqId: 'r1', observed: state }, null)).toEqual({ is: 'lost' });
    expect(await store.get(reference)).toMatchObject({
      syncedVersion: 0,
      lease: { owner: 'two' },
      roqId: null,
    });
  });

  test('a waiting record is in step with what can be done, and is counted as waiting', async () => {
    const leased = await lease(toFacts({ firstName: 'A' }, 1_000));
    await store.mark(leased, { roqId: null, observed: null }, 'waiting');
    expect(await store.get(reference)).toMatchObject({ queue: 'waiting', syncedVersion: 1, lease: null });
    expect(await dueEverywhere('waiting')).toContain(reference);
    expect(await dueEverywhere()).not.toContain(reference);
  });

  test('a released record is due again at its time, and not before', async () => {
    const leased = await lease(signup);
    await store.postpone(leased, { roqId: null, observed: null }, 'roq_unavailable', nowMs + 5_000);
    expect(await store.get(reference)).toMatchObject({
      attempts: 1,
      lastError: 'roq_unavailable',
      lease: null,
    });
    expect(await dueEverywhere()).not.toContain(reference);
    nowMs += 5_000;
    expect(await dueEverywhere()).toContain(reference);
  });

  test('a record released with its lease kept can be touched by nobody before it is due', async () => {
    const leased = await lease(signup);
    await store.postpone(
      leased,
      { roqId: null, observed: null },
      'roq_ambiguous',
      nowMs + 60_000,
      nowMs + 60_000,
    );
    expect(await store.take(reference, 'two', leaseMs)).toBeNull();
    nowMs += 60_000;
    expect(await store.take(reference, 'two', leaseMs)).toMatchObject({
      lease: { owner: 'two' },
      observed: null,
    });
  });

  test('a parked record is not due, and new facts set it going again', async () => {
    const leased = await lease(signup);
    await store.park(leased, { roqId: null, observed: null }, 'roq_refused');
    nowMs += 1_000_000;
    expect(await dueEverywhere()).not.toContain(reference);
    expect(await dueEverywhere('parked')).toContain(reference);
    const { leased: again } = await store.fold(reference, verified, 'two', leaseMs);
    expect(again).toMatchObject({ queue: 'pending', version: 2 });
    expect(await dueEverywhere('parked')).not.toContain(reference);
  });

  test('facts that came in meanwhile are not parked with the old ones', async () => {
    const leased = await lease(signup);
    await store.fold(reference, verified, 'two', leaseMs);
    const written = await store.park(leased, { roqId: null, observed: null }, 'roq_refused');
    expect(written).toMatchObject({ is: 'moved', record: { version: 2 } });
    expect(await store.get(reference)).toMatchObject({ queue: 'pending' });
  });
});

test('a table that cannot be reached is said to be unavailable', async () => {
  const lost = createStore({ client: table.client, tableName: 'no-such-table', now: () => nowMs });
  await expect(lost.fold(reference, signup, 'one', leaseMs)).rejects.toThrow(UnavailableError);
  await expect(lost.get(reference)).rejects.toMatchObject({ code: 'store_unavailable' });
});

async function lease(facts: Facts): Promise<Leased> {
  const { leased } = await store.fold(reference, facts, 'one', leaseMs);
  if (!leased) throw new Error('the lease is taken');
  return leased;
}

async function inStep(facts: Facts): Promise<UserRecord | null> {
  await store.mark(await lease(facts), { roqId: 'r1', observed: state }, null);
  return store.get(reference);
}

async function inOrder(history: readonly Facts[]): Promise<void> {
  for (const facts of history) await store.fold(reference, facts, randomUUID(), leaseMs);
}

// A sender that is answered 503 comes again.
async function foldUntilRecorded(facts: Facts, owner: string) {
  for (;;) {
    try {
      return await store.fold(reference, facts, owner, leaseMs);
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
    }
  }
}

async function dueEverywhere(
  queue: 'pending' | 'waiting' | 'parked' = 'pending',
): Promise<readonly string[]> {
  const shards = await Promise.all(shardsOf(queue).map((shard) => queries.due(shard, nowMs, 1_000)));
  return shards.flatMap(({ entries }) => entries);
}
