// A pull of a provider's list over real HTTP, against a real DynamoDB engine and the ROQ stand-in.

import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { readSettings } from '../../lib/config/settings.ts';
import { hourMs } from '../../lib/directory.ts';
import type { Noted } from '../../lib/dynamodb/documents.ts';
import { DirectoryError } from '../../lib/errors.ts';
import { workOffAsks } from '../../lib/jobs/asks.ts';
import type { StoredJob } from '../../lib/jobs/jobs.ts';
import { beginPull, beginScheduled, runPull, runPulls } from '../../lib/jobs/pull.ts';
import { suspectId } from '../../lib/jobs/pull-absent.ts';
import type { ConnectedDirectory, PullJob, PullReport } from '../../lib/jobs/pull-job.ts';
import { kratosDirectory } from '../../lib/providers/kratos/directory.ts';
import { createCeiling } from '../../lib/sync/ceiling.ts';
import { createConcurrency } from '../../lib/sync/concurrency.ts';
import { converge } from '../../lib/sync/converge.ts';
import { type Told, toFacts } from '../../lib/user.ts';
import { type ApiUser, apiUser, type RunningApi, startApi } from '../../local/providers/api.ts';
import { kratosApi } from '../../local/providers/kratos/api.ts';
import { startWorld, type World } from '../support/world.ts';

const provider = 'kratos';
const dayMs = 24 * hourMs;

let world: World;
let api: RunningApi;
let directory: ConnectedDirectory;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  world = await startWorld({ pageCap: 25 });
  api = await startApi(kratosApi);
  directory = connect({ deletions: 'apply' });
  pass(0);
});
afterEach(async () => {
  vi.useRealTimers();
  await Promise.all([api.close(), world.close()]);
});

function connect(options: Partial<ConnectedDirectory> = {}): ConnectedDirectory {
  const connected = kratosDirectory.connect(readSettings(kratosDirectory.settings, api.environment));
  return { ...connected, traits: kratosDirectory, deletions: 'apply', isExclusive: false, ...options };
}

/** Our clock and the machine's move together. */
function pass(ms: number): void {
  world.pass(ms);
  vi.setSystemTime(world.now());
}

type Options = {
  readonly apply?: boolean;
  readonly isScheduled?: boolean;
  readonly through?: ConnectedDirectory;
  readonly ceiling?: number;
};

async function pull(options: Options = {}): Promise<PullReport> {
  const { job } = await pullJob(options);
  return (job as PullJob).report;
}

/** A whole pull, as its function carries it on. */
async function pullJob({
  apply = true,
  isScheduled = false,
  through = directory,
  ceiling,
}: Options = {}): Promise<StoredJob> {
  pass(1_000);
  const ports = portsWith(ceiling);
  const id = isScheduled ? await beginByItself(ports) : await beginPull(ports, provider, apply);
  const stored = await runPull(ports, id, () => through, budget());
  if (!stored) throw new Error('there is no job');
  return stored;
}

async function beginByItself(ports: ReturnType<typeof portsWith>): Promise<string> {
  const occasion = new Date(world.now()).toISOString();
  await beginScheduled(ports, provider, occasion);
  return `pull-${provider}-${occasion}`;
}

function portsWith(count = world.limits.count) {
  const { documents, now } = world;
  const limits = { count, share: 0 };
  const ceiling = { documents, now, limits };
  return {
    ...world.ports,
    limits,
    admit: createCeiling(ceiling),
    admitIn: (run: string) => createCeiling(ceiling, run),
    wait: async (ms: number) => pass(ms),
  };
}

function budget(timeMs = hourMs) {
  return { deadline: world.now() + timeMs, leaseMs: 40_000, concurrency: createConcurrency({ max: 8 }) };
}

function put(n: number, changes: Partial<ApiUser> = {}): ApiUser {
  const user = { ...apiUser(kratosApi, n), ...api.users.get(kratosApi.toId(n)), ...changes };
  api.users.set(user.id, user);
  return user;
}

/** Users who signed up, of whom webhooks told as they are. */
async function signUp(count: number): Promise<readonly ApiUser[]> {
  const users = Array.from({ length: count }, (_, n) => put(n + 1));
  for (const user of users) await tell(user);
  return users;
}

async function tell(user: ApiUser, changes: Told = {}): Promise<void> {
  pass(10);
  const { id, email, phone, firstName, lastName, emailVerified, disabled } = user;
  const told = { email, phone, firstName, lastName, emailVerified, disabled, ...changes };
  const { leased } = await world.store.fold(id, toFacts(told, world.now()), randomUUID(), 40_000, {
    source: provider,
  });
  if (leased) await converge(world.ports, [leased], world.now() + 10_000);
}

function roqUser({ id }: ApiUser) {
  const [user, ...others] = world.usersOf(id);
  expect(others).toEqual([]);
  return user;
}

describe('a pull', () => {
  test('finds whoever signed up and no webhook told, and has them in ROQ as the provider has them', async () => {
    await signUp(2);
    const user = put(3, { emailVerified: true });
    const banned = put(4, { disabled: true, emailVerified: false });
    const plan = await pull({ apply: false });
    expect(plan).toMatchObject({ listed: 4, inStep: 2, missed: 2, signedUp: 2, done: 0 });
    expect(roqUser(user)).toBeUndefined();
    expect(await pull()).toMatchObject({
      missed: 2,
      signedUp: 2,
      done: 2,
      examples: { signedUp: [user.id, banned.id] },
    });
    expect(roqUser(user)).toMatchObject({ email: user.email, isOptedIn: true, active: true });
    expect(roqUser(banned)).toMatchObject({ email: banned.email, isOptedIn: false, active: false });
    expect(await pull()).toMatchObject({ listed: 4, inStep: 4, missed: 0 });
  });

  test.each<readonly [string, Partial<ApiUser>, Partial<ApiUser>, object, object]>([
    [
      'verified',
      { emailVerified: false },
      { emailVerified: true },
      { verified: 1, fields: { isOptedIn: 1 } },
      { isOptedIn: true },
    ],
    [
      'no longer verified',
      {},
      { emailVerified: false },
      { unverified: 1, fields: { isOptedIn: 1 } },
      { isOptedIn: false },
    ],
    ['disabled', {}, { disabled: true }, { disabled: 1, fields: { active: 1 } }, { active: false }],
    [
      'enabled',
      { disabled: true },
      { disabled: false },
      { enabled: 1, fields: { active: 1 } },
      { active: true },
    ],
    [
      'renamed',
      {},
      { firstName: 'Augusta' },
      { changed: 1, fields: { firstName: 1 } },
      { firstName: 'Augusta' },
    ],
  ])('finds who was %s without a webhook', async (_what, before, after, found, inRoq) => {
    const user = put(1, before);
    await tell(user);
    put(1, after);
    expect(await pull({ apply: false })).toMatchObject({ missed: 1, ...found });
    expect(await pull()).toMatchObject({ missed: 1, done: 1, ...found });
    expect(roqUser(user)).toMatchObject(inRoq);
    expect(await pull()).toMatchObject({ missed: 0, inStep: 1 });
  });

  test('asks for nobody singly who was adopted from ROQ, of whom nothing was ever told', async () => {
    const user = put(1, { disabled: true });
    const { id: roqId } = await world.roq.createUser({ reference: user.id, email: 'old@example.com' });
    await world.store.adopt(user.id, { roqId, observed: null });
    expect(await pull()).toMatchObject({ changed: 1, disabled: 1, done: 1 });
    expect(roqUser(user)).toMatchObject({ id: roqId, email: user.email, active: false });
    expect(api.asked.filter((question) => question.includes(user.id))).toEqual([]);
  });

  test('writes nothing of users who are in step', async () => {
    const [user] = await signUp(1);
    const record = await world.record(user?.id ?? '');
    const changes = world.roqServer.users.map((one) => ({ ...one }));
    await pull();
    expect(await world.record(user?.id ?? '')).toEqual(record);
    expect(world.roqServer.users).toEqual(changes);
  });

  test('lets an event win that came while the page was on its way', async () => {
    const [user] = await signUp(1);
    if (!user) throw new Error('nobody');
    put(1, { firstName: 'Augusta' });
    // The page is read, then the user is renamed once more, and the webhook comes at once.
    const late: ConnectedDirectory = {
      ...directory,
      list: async (...question) => {
        const page = await directory.list(...question);
        pass(5_000);
        await tell(put(1, { firstName: 'Annabella' }));
        return page;
      },
    };
    expect(await pull({ through: late })).toMatchObject({ missed: 0, inStep: 1 });
    expect(roqUser(user)).toMatchObject({ firstName: 'Annabella' });
  });

  test('asks for a user of whom the list says otherwise than an event of before: a list may lag behind', async () => {
    const [user] = await signUp(1);
    if (!user) throw new Error('nobody');
    const stale = await directory.list(null, AbortSignal.timeout(5_000));
    await tell(put(1, { firstName: 'Augusta' }));
    pass(5_000);
    const lagging: ConnectedDirectory = { ...directory, list: async () => ({ ...stale, at: world.now() }) };
    expect(await pull({ through: lagging })).toMatchObject({ missed: 0, inStep: 1 });
    expect(roqUser(user)).toMatchObject({ firstName: 'Augusta' });
  });

  test('is outranked by an event that happened after the question, however late it is told', async () => {
    const [user] = await signUp(1);
    if (!user) throw new Error('nobody');
    put(1, { firstName: 'Augusta' });
    await pull();
    pass(1_000);
    await tell(put(1, { firstName: 'Annabella' }));
    expect(roqUser(user)).toMatchObject({ firstName: 'Annabella' });
  });

  test('leaves a user deleted whom an event called so, though the list still has them', async () => {
    const [user] = await signUp(1);
    if (!user) throw new Error('nobody');
    await world.deliver(user.id, { deleted: true }, world.now());
    expect(await pull()).toMatchObject({ tombstoned: 1, missed: 0 });
    expect(roqUser(user)).toMatchObject({ active: false });
  });

  test('goes on where it was broken off, and counts nobody twice', async () => {
    for (let n = 1; n <= 600; n++) put(n);
    const ports = portsWith();
    const id = await beginPull(ports, provider, false);
    let rounds = 0;
    for (let state = 'running'; state === 'running'; rounds++) {
      // So little time that every run takes one step.
      const stored = await runPull(ports, id, () => directory, budget(3_000));
      state = stored?.state ?? 'none';
      if (state !== 'running') expect(stored?.job.report).toMatchObject({ listed: 600, signedUp: 600 });
    }
    expect(rounds).toBeGreaterThan(3);
    expect(api.asked.filter((question) => question.includes('page_size'))).toHaveLength(3);
  });

  test('ends where the provider gives the same page again and again', async () => {
    for (let n = 1; n <= 300; n++) put(n);
    api.failAs('repeats');
    const stored = await pullJob({ apply: false });
    expect(stored).toMatchObject({ state: 'running', failures: 1, lastError: 'directory_invalid' });
    expect(api.asked).toHaveLength(2);
  });

  test('waits as long as the provider says, and asks no faster than its pace', async () => {
    put(1);
    let turnedAway = 0;
    const times: number[] = [];
    const busy: ConnectedDirectory = {
      ...directory,
      list: (...question) => {
        times.push(world.now());
        api.failAs(turnedAway++ < 2 ? 'throttled' : null);
        return directory.list(...question);
      },
    };
    expect(await pull({ through: busy })).toMatchObject({ listed: 1 });
    expect(times).toHaveLength(3);
    for (const [i, time] of times.slice(1).entries())
      expect(time - (times[i] ?? 0)).toBeGreaterThanOrEqual(7_000);
  });

  test('ends at once where our credentials are not taken', async () => {
    api.failAs('forbidden');
    expect(await pullJob()).toMatchObject({ state: 'failed', lastError: 'directory_unauthorized' });
  });

  test('is one at a time for a provider, and is carried on by whoever has the directory', async () => {
    const ports = portsWith();
    const id = await beginPull(ports, provider, true);
    pass(5_000);
    expect(await beginPull(ports, provider, false)).toBe(id);
    expect(await beginScheduled(ports, provider, 'today')).toBe(false);
    await runPulls(ports, () => null, budget());
    expect((await world.documents.get<StoredJob>('job', id))?.document.state).toBe('running');
    await runPulls(ports, () => directory, budget());
    expect((await world.documents.get<StoredJob>('job', id))?.document.state).toBe('done');
  });
});

describe('a scheduled pull', () => {
  test('plans until an operator has applied one', async () => {
    const user = put(1);
    expect(await pull({ isScheduled: true })).toMatchObject({ signedUp: 1, done: 0 });
    expect(roqUser(user)).toBeUndefined();
    await pull();
    const later = put(2);
    pass(dayMs);
    expect(await pull({ isScheduled: true })).toMatchObject({ signedUp: 1, done: 1 });
    expect(roqUser(later)).toBeDefined();
  });

  test('stops as a plan where it would change a field of more users than the ceiling', async () => {
    const users = await signUp(4);
    await pull();
    pass(dayMs);
    for (const [n] of users.entries()) put(n + 1, { firstName: 'Nobody' });
    const report = await pull({ isScheduled: true, ceiling: 3 });
    expect(report).toMatchObject({ changed: 4, stopped: 'too_many_changes', done: 0 });
    for (const user of users) expect(roqUser(user)).toMatchObject({ firstName: 'Ada' });
    // An operator who says so is not stopped.
    expect(await pull({ ceiling: 3 })).toMatchObject({ changed: 4, stopped: null, done: 4 });
  });
});

describe('who is not in the list', () => {
  const isActive = (user: ApiUser | undefined) => user && roqUser(user)?.active;

  test('is made inactive once the provider has twice said that it has no such user, an hour apart', async () => {
    const [user, other] = await signUp(30);
    if (!user || !other) throw new Error('nobody');
    api.users.delete(user.id);
    expect(await pull()).toMatchObject({ expected: 30, absent: 1, missingOnce: 1, gone: 0, deactivated: 0 });
    expect(isActive(user)).toBe(true);
    pass(hourMs / 2);
    expect(await pull()).toMatchObject({ absent: 1, gone: 0 });
    expect(isActive(user)).toBe(true);
    pass(hourMs / 2);
    expect(await pull()).toMatchObject({ absent: 1, gone: 1, deactivated: 1, examples: { gone: [user.id] } });
    expect(isActive(user)).toBe(false);
    expect(isActive(other)).toBe(true);
    expect(await pull()).toMatchObject({ expected: 29, absent: 0, gone: 0 });
  });

  test('is active again as soon as the provider shows them, or tells of them', async () => {
    const [user, other] = await signUp(30);
    if (!user || !other) throw new Error('nobody');
    await makeGone(user, other);
    api.users.set(user.id, user);
    expect(await pull()).toMatchObject({ shownAgain: 1, done: 1 });
    expect(isActive(user)).toBe(true);
    await tell({ ...other, firstName: 'Back' });
    expect(isActive(other)).toBe(true);
  });

  async function makeGone(...users: readonly ApiUser[]) {
    for (const user of users) api.users.delete(user.id);
    await pull();
    pass(2 * hourMs);
    await pull();
    for (const user of users) expect(isActive(user)).toBe(false);
  }

  test('is left alone by a plan, by a provider whose answer is not established, and where deletions are only told', async () => {
    const [user] = await signUp(30);
    if (!user) throw new Error('nobody');
    api.users.delete(user.id);
    await pull();
    pass(2 * hourMs);
    expect(await pull({ apply: false })).toMatchObject({ gone: 1, deactivated: 0 });
    expect(await pull({ through: connect({ deletions: 'report' }) })).toMatchObject({
      gone: 1,
      deactivated: 0,
    });
    const traits = { ...kratosDirectory, isGoneEstablished: false };
    expect(await pull({ through: connect({ traits }) })).toMatchObject({ gone: 1, deactivated: 0 });
    expect(isActive(user)).toBe(true);
  });

  test('is left alone who is there all the same, though the list leaves them out', async () => {
    const [user] = await signUp(30);
    if (!user) throw new Error('nobody');
    const lacking: ConnectedDirectory = {
      ...directory,
      list: async (...question) => {
        const page = await directory.list(...question);
        return { ...page, profiles: page.profiles.filter(({ reference }) => reference !== user.id) };
      },
    };
    for (let run = 0; run < 3; run++) {
      expect(await pull({ through: lacking })).toMatchObject({ absent: 1, unlisted: 1, gone: 0 });
      pass(2 * hourMs);
    }
    expect(isActive(user)).toBe(true);
    expect(await world.documents.get('suspect', suspectId(provider, user.id))).toBeNull();
  });

  test('gets what was missed of them where they are there all the same: so are those in a recycle bin', async () => {
    const [user] = await signUp(30);
    if (!user) throw new Error('nobody');
    const lacking: ConnectedDirectory = {
      ...directory,
      list: async (...question) => {
        const page = await directory.list(...question);
        return { ...page, profiles: page.profiles.filter(({ reference }) => reference !== user.id) };
      },
      known: async () => new Set(),
    };
    put(1, { disabled: true });
    expect(await pull({ through: lacking, apply: false })).toMatchObject({
      unlisted: 1,
      disabled: 1,
      done: 0,
    });
    expect(isActive(user)).toBe(true);
    expect(await pull({ through: lacking })).toMatchObject({ unlisted: 1, disabled: 1, done: 1 });
    expect(isActive(user)).toBe(false);
  });

  test('is left alone who was away once, was listed, and is away again: the second look is of another absence', async () => {
    const [user] = await signUp(30);
    if (!user) throw new Error('nobody');
    api.users.delete(user.id);
    await pull();
    pass(2 * hourMs);
    api.users.set(user.id, user);
    expect(await pull()).toMatchObject({ absent: 0 });
    pass(2 * hourMs);
    api.users.delete(user.id);
    expect(await pull()).toMatchObject({ absent: 1, missingOnce: 1, gone: 0 });
    expect(isActive(user)).toBe(true);
  });

  test.each(['empty', 'elsewhere', 'unavailable', 'forbidden', 'other shape', 'broken'] as const)(
    'is left alone where the provider is %s',
    async (fault) => {
      const users = await signUp(30);
      for (const user of users.slice(0, 2)) api.users.delete(user.id);
      await pull();
      pass(2 * hourMs);
      const failing: ConnectedDirectory = {
        ...directory,
        list: async (...question) => {
          if (fault === 'empty') api.failAs(fault);
          const page = await directory.list(...question);
          api.failAs(fault);
          return page;
        },
      };
      await pullJob({ through: failing });
      for (const user of users) expect(isActive(user)).toBe(true);
    },
  );

  test.each(['directory_invalid', 'directory_unavailable'] as const)(
    'is left alone where the provider answers for others and for them is %s',
    async (code) => {
      const [user] = await signUp(30);
      if (!user) throw new Error('nobody');
      api.users.delete(user.id);
      await pull();
      pass(2 * hourMs);
      const failing: ConnectedDirectory = {
        ...directory,
        get: async (reference, signal) => {
          if (reference === user.id) throw new DirectoryError(code, 'for this one');
          return directory.get(reference, signal);
        },
      };
      await pullJob({ through: failing });
      expect(isActive(user)).toBe(true);
    },
  );

  test('is left alone where nobody who was listed can be asked for: so answers a key of another instance', async () => {
    const users = await signUp(30);
    for (const user of users.slice(0, 2)) api.users.delete(user.id);
    await pull();
    pass(2 * hourMs);
    const blind: ConnectedDirectory = {
      ...directory,
      list: async (...question) => {
        const page = await directory.list(...question);
        api.users.clear();
        return page;
      },
    };
    expect(await pull({ through: blind })).toMatchObject({ absent: 2, gone: 0, stopped: 'blind' });
    for (const user of users) expect(isActive(user)).toBe(true);
  });

  test('is left alone where they are too many to be believed, or more than the ceiling', async () => {
    const users = await signUp(30);
    for (const user of users.slice(0, 4)) api.users.delete(user.id);
    expect(await pull({ ceiling: 2 })).toMatchObject({ absent: 4, stopped: 'too_many_absent' });
    for (const user of users.slice(0, 1)) api.users.set(user.id, user);
    expect(await pull({ ceiling: 2 })).toMatchObject({ absent: 3, missingOnce: 3, stopped: null });
    pass(2 * hourMs);
    expect(await pull({ ceiling: 2 })).toMatchObject({ gone: 3, deactivated: 0, stopped: 'too_many_gone' });
    for (const user of users) expect(isActive(user)).toBe(true);
    expect(await pull({ ceiling: 3 })).toMatchObject({ gone: 3, deactivated: 3, stopped: null });
  });

  test('is no suspect whom another provider told of, who came while the list was read, or is not active', async () => {
    const [kept, banned] = await signUp(30);
    if (!kept || !banned) throw new Error('nobody');
    await tell(banned, { disabled: true });
    api.users.delete(banned.id);
    const stranger = randomUUID();
    await world.store.fold(stranger, toFacts({ email: 's@example.com' }, world.now()), randomUUID(), 0, {
      source: 'clerk',
    });
    const during: ConnectedDirectory = {
      ...directory,
      list: async (...question) => {
        const page = await directory.list(...question);
        pass(100);
        await tell(apiUser(kratosApi, 99));
        return page;
      },
    };
    expect(await pull({ through: during })).toMatchObject({ expected: 29, absent: 0 });
  });
});

describe('who is to be asked for', () => {
  const workOff = (through: ConnectedDirectory | null = directory) =>
    workOffAsks(portsWith(), () => through, budget());
  const left = () =>
    Array.fromAsync(world.documents.list<Noted>('ask'), ({ document }) => document.reference);

  test('is folded as the provider has them, and asked for no more', async () => {
    const [user] = await signUp(1);
    if (!user) throw new Error('nobody');
    put(1, { firstName: 'Augusta', disabled: true });
    await world.ports.noteAsk(provider, [user.id]);
    pass(1_000);
    await workOff();
    expect(roqUser(user)).toMatchObject({ firstName: 'Augusta', active: false });
    expect(await left()).toEqual([]);
  });

  test('is recorded and created who was never told of', async () => {
    const user = put(1, { firstName: 'Augusta' });
    await world.ports.noteAsk(provider, [user.id]);
    pass(1_000);
    await workOff();
    expect(roqUser(user)).toMatchObject({ firstName: 'Augusta', active: true });
    expect(await left()).toEqual([]);
  });

  test('waits for a provider that does not answer, or that nobody here can ask, and stands in no other’s way', async () => {
    const [user, other] = await signUp(2);
    if (!user || !other) throw new Error('nobody');
    put(2, { firstName: 'Augusta' });
    await world.ports.noteAsk(provider, [user.id, other.id]);
    pass(1_000);
    await workOff(null);
    expect(await left()).toHaveLength(2);
    const failing: ConnectedDirectory = {
      ...directory,
      get: async (reference, signal) => {
        if (reference === user.id) throw new DirectoryError('directory_invalid', 'for this one');
        return directory.get(reference, signal);
      },
    };
    await workOff(failing);
    expect(await left()).toEqual([user.id]);
    expect(roqUser(other)).toMatchObject({ firstName: 'Augusta' });
    api.failAs('unavailable');
    await workOff();
    expect(await left()).toEqual([user.id]);
    api.failAs(null);
    await workOff();
    expect(await left()).toEqual([]);
  });

  test('is asked for once more where an event came after the question', async () => {
    const [user] = await signUp(1);
    if (!user) throw new Error('nobody');
    await world.ports.noteAsk(provider, [user.id]);
    put(1, { firstName: 'Augusta' });
    const late: ConnectedDirectory = {
      ...directory,
      get: async (...question) => {
        const got = await directory.get(...question);
        pass(1_000);
        await tell(put(1, { firstName: 'Annabella' }));
        return got;
      },
    };
    await workOff(late);
    expect(roqUser(user)).toMatchObject({ firstName: 'Annabella' });
    expect(await left()).toEqual([user.id]);
    await workOff();
    expect(await left()).toEqual([]);
    expect(roqUser(user)).toMatchObject({ firstName: 'Annabella' });
  });
});
