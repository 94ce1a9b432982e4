import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createConcurrency } from '../../lib/sync/concurrency.ts';
import { drain } from '../../lib/sync/drain.ts';
import type { Told } from '../../lib/user.ts';
import { startWorld, type World } from '../support/world.ts';

vi.setConfig({ testTimeout: 60_000 });

const minuteMs = 60_000;
const everyMs = 10 * minuteMs;
const dayRuns = (24 * 60) / 10;
const userCount = 60;

type Event = { readonly user: string; readonly told: Told; readonly at: number; readonly run: number };

let world: World;
let events: readonly Event[];
let users: readonly string[];

beforeEach(async () => {
  world = await startWorld({ pageCap: 25, timeoutMs: 5_000 });
  users = Array.from({ length: userCount }, (_, i) => `user|${i}`);
  events = users.flatMap((user) => historyOf(user, world.now()));
});
afterEach(() => world.close());

test('a day of events without ROQ is all there some hours after: none lost, none twice, the refused parked', async () => {
  const refused = users.slice(0, 3);
  world.roqServer.fail.always({ how: 'drop' });
  await day();
  expect(world.roqServer.users).toEqual([]);
  world.roqServer.fail.clear();
  for (const reference of refused)
    world.roqServer.fail.always({ how: 'refuse', operation: 'createUser', reference });
  await untilDrained(3);
  for (const user of users.slice(3)) await expectAsTold(user);
  for (const user of refused) {
    expect(world.usersOf(user)).toEqual([]);
    expect(await world.record(user)).toMatchObject({ queue: 'parked', lastError: 'roq_refused' });
  }
  world.roqServer.fail.clear();
  for (const user of refused) await tell({ user, told: { timezone: 'UTC' }, at: world.now(), run: 0 });
  for (const user of users) await expectAsTold(user);
});

test('a day with a ROQ that fails every third request, each way it can, ends the same', async () => {
  users = users.slice(0, 10);
  events = events.filter(({ user }) => users.includes(user));
  const random = seeded(7);
  for (const how of ['drop', 'answer-lost', 'bad-gateway', 'throttle'] as const) {
    world.roqServer.fail.sometimes({ how }, 0.1, random);
  }
  await day();
  world.roqServer.fail.clear();
  await untilDrained(3);
  for (const user of users) await expectAsTold(user);
});

async function day(): Promise<void> {
  for (let run = 0; run < dayRuns; run++) {
    await Promise.all(events.filter((event) => event.run === run).map(tell));
    await runSchedule();
  }
}

async function tell({ user, told, at }: Event): Promise<void> {
  await world.deliver(user, told, at, ports());
}

async function runSchedule() {
  world.pass(everyMs);
  return drain(ports(), {
    deadline: world.now() + minuteMs,
    leaseMs: 90_000,
    concurrency: createConcurrency({ max: 8 }),
  });
}

// Little jitter: back-off at its longest.
function ports(): World['ports'] {
  return { ...world.ports, random: () => 0.95 };
}

async function untilDrained(hours: number): Promise<void> {
  for (let run = 0; run < hours * 6 && (await world.queries.count('pending')) > 0; run++) await runSchedule();
  expect(await Array.fromAsync(world.queries.queued('pending'))).toEqual([]);
}

/** What the latest event that tells of each thing says, is what ROQ holds, in one user. */
async function expectAsTold(user: string): Promise<void> {
  const latest: Told = {};
  const own = events.filter((event) => event.user === user);
  for (const { told } of own.toSorted((a, b) => a.at - b.at)) Object.assign(latest, told);
  const { emailVerified = false, disabled = false, deleted = false, ...profile } = latest;
  const active = !disabled && !deleted;
  expect(world.usersOf(user)).toMatchObject([{ ...profile, isOptedIn: emailVerified, active }]);
  const record = await world.record(user);
  expect(record).toMatchObject({ queue: null, lease: null, syncedVersion: record?.version, lastError: null });
}

/** Events of one user in the order they happened, each delivered once or twice at any time of the day. */
function historyOf(user: string, startMs: number): readonly Event[] {
  const random = seeded(Number(user.split('|')[1]) + 1);
  const told: Told[] = [{ email: `${user.replace('|', '-')}@example.com`, firstName: 'A', disabled: false }];
  if (random() < 0.8) told.push({ emailVerified: true });
  for (let i = 0; i < 2; i++) if (random() < 0.4) told.push({ firstName: `${user} ${i}`, lastName: `${i}` });
  if (random() < 0.5) told.push({ disabled: true });
  if (random() < 0.3) told.push({ disabled: false });
  return told.flatMap((each, i) => {
    const times = random() < 0.2 ? 2 : 1;
    const at = startMs + i * minuteMs;
    return Array.from({ length: times }, () => ({
      user,
      told: each,
      at,
      run: Math.floor(random() * dayRuns),
    }));
  });
}

/** The same numbers for one seed, in [0, 1). */
function seeded(seed: number): () => number {
  const [number] = fc.sample(fc.infiniteStream(fc.integer({ min: 0, max: 999_999 })), { seed, numRuns: 1 });
  return () => (number?.next().value ?? 0) / 1_000_000;
}
