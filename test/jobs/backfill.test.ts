import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type BackfillAnswer, createHandler } from '../../lib/handlers/backfill.ts';
import type { JobView } from '../../lib/jobs/job-view.ts';
import { runJob, runJobs, type StoredJob } from '../../lib/jobs/jobs.ts';
import { createConcurrency } from '../../lib/sync/concurrency.ts';
import { drain } from '../../lib/sync/drain.ts';
import { startWorld, type World } from '../support/world.ts';

const context = { getRemainingTimeInMillis: () => 60_000 };
const day = '2026-01-01T00:00:00.000Z';

let world: World;
let files: Files;

beforeAll(async () => {
  world = await startWorld({ timeoutMs: 5_000 });
  files = await serveFiles();
});
afterAll(async () => {
  files.server.close();
  await world.close();
});
afterEach(() => {
  world.roqServer.fail.clear();
  world.limits.count = 1_000_000;
});

describe('a plan', () => {
  test('says what would happen, and changes nothing', async () => {
    await world.deliver('plan-known', { email: 'known@x.example', firstName: 'Old' }, at(-5));
    await world.deliver('plan-same', { email: 'same@x.example' }, at(-5));
    await world.roq.createUser({ reference: 'plan-there', email: 'there@x.example' });
    const before = await everything();
    const report = await backfill({
      users: [
        user('plan-new'),
        { ...user('plan-known'), email: 'known@x.example', first_name: 'New', disabled: true },
        { id: 'plan-same', email: 'same@x.example', updated_at: at(-9) },
        { ...user('plan-there'), email: 'there@x.example' },
        { ...user('plan-nameless'), email: undefined },
        { email: 'nobody@x.example', updated_at: day },
        { id: 'plan-timeless' },
        { ...user('plan-ahead'), updated_at: '2031-01-01T00:00:00Z' },
      ],
    });
    expect(report).toMatchObject({
      lines: 8,
      invalid: 3,
      created: 1,
      adopted: 1,
      unchanged: 1,
      waiting: 1,
      deactivated: 1,
      fields: { firstName: 1, active: 1 },
      examples: [
        { line: 6, reason: 'no_reference' },
        { line: 7, reason: 'no_time' },
        { line: 8, reason: 'from_the_future' },
      ],
    });
    expect(await everything()).toEqual(before);
  });

  test('and applying it do the same', async () => {
    const users = [user('same-1'), { ...user('same-2'), email: undefined }, { id: 'same-3' }];
    const planned = await backfill({ users });
    expect(await backfill({ users, apply: true })).toEqual(planned);
    expect(world.usersOf('same-1')).toMatchObject([{ email: 'same-1@x.example', active: true }]);
  });
});

describe('an applied backfill', () => {
  test('makes each user once, with what the file says first, for two people may have become one id', async () => {
    const users = [
      { ...user('dup'), first_name: 'First', updated_at: at(1) },
      { ...user('dup'), first_name: 'Second', updated_at: at(2) },
      { ...user('off'), disabled: true, email_verified: true },
    ];
    const repeated = { invalid: 1, examples: [{ line: 2, reason: 'repeated', where: 'id' }] };
    expect(await backfill({ users, apply: true })).toMatchObject({ ...repeated, created: 2 });
    expect(world.usersOf('dup')).toMatchObject([{ firstName: 'First' }]);
    expect(world.usersOf('off')).toMatchObject([{ active: false, isOptedIn: true }]);
  });

  test('of lines that were read already folds what is told of one user, the newest last', async () => {
    const line = { is: 'user', reference: 'twice' };
    const told = { email: 'twice@x.example' };
    const lines = [
      { ...line, line: 1, at: at(2), told: { ...told, firstName: 'New' } },
      { ...line, line: 2, at: at(1), told: { ...told, firstName: 'Old' } },
    ];
    expect(await invoke({ lines, isLast: true, apply: true })).toMatchObject({
      report: { lines: 2, created: 1 },
    });
    expect(world.usersOf('twice')).toMatchObject([{ firstName: 'New' }]);
  });

  test('never overwrites newer facts, and repeated it changes nothing', async () => {
    await world.deliver('newer', { email: 'newer@x.example', firstName: 'Webhook' }, at(10));
    const users = [{ ...user('newer'), first_name: 'File', last_name: 'File', updated_at: at(5) }];
    await backfill({ users, apply: true });
    expect(world.usersOf('newer')).toMatchObject([{ firstName: 'Webhook', lastName: 'File' }]);
    expect(await backfill({ users, apply: true })).toMatchObject({ unchanged: 1, updated: 0 });
  });

  test('repeated says who is still out of step, and does not take him for done', async () => {
    world.roqServer.fail.always({ how: 'bad-gateway' });
    const users = [user('still-1'), user('still-2')];
    expect(await backfill({ users, apply: true })).toMatchObject({ pending: 2 });
    const again = { pending: 2, unchanged: 0, created: 0 };
    expect(await backfill({ users, apply: true })).toMatchObject(again);
    world.roqServer.fail.clear();
    expect(await backfill({ users })).toMatchObject(again);
    await world.drain();
    expect(await backfill({ users })).toMatchObject({ pending: 0, unchanged: 2 });
  });

  test('disables nobody whose line is missing', async () => {
    await backfill({ users: [user('stays'), user('leaves')], apply: true });
    await backfill({ users: [{ ...user('stays'), updated_at: at(50) }], apply: true });
    expect(world.usersOf('leaves')).toMatchObject([{ active: true }]);
  });

  test('holds deactivations above the ceiling of its run', async () => {
    const users = Array.from({ length: 9 }, (_, i) => user(`ceiling-${i}`));
    await backfill({ users, apply: true });
    world.limits.count = 4;
    world.pass(2 * 3_600_000);
    const disabled = users.map((row) => ({ ...row, disabled: true, updated_at: at(60) }));
    const found = { updated: 4, deactivated: 4, held: 5, fields: { active: 4 } };
    expect(await backfill({ users: disabled })).toMatchObject(found);
    expect(await backfill({ users: disabled, apply: true })).toMatchObject(found);
    expect(users.filter(({ id }) => world.usersOf(id)[0]?.active === false)).toHaveLength(4);
  });

  test('is planned with the profile of whose deactivation is held', async () => {
    const users = [user('renamed-1'), user('renamed-2')];
    await backfill({ users, apply: true });
    world.limits.count = 1;
    world.pass(2 * 3_600_000);
    const changed = users.map((row) => ({ ...row, first_name: 'N', disabled: true, updated_at: at(60) }));
    const plan = await backfill({ users: changed });
    expect(plan).toMatchObject({ updated: 2, deactivated: 1, held: 1, fields: { active: 1, firstName: 2 } });
    expect(await backfill({ users: changed, apply: true })).toEqual(plan);
  });

  test('takes users in the shape that their provider exports', async () => {
    const clerkUser = {
      id: 'user_clerk',
      first_name: 'Ada',
      updated_at: Date.parse(day),
      primary_email_address_id: 'e',
      email_addresses: [{ id: 'e', email_address: 'ada@x.example', verification: { status: 'verified' } }],
    };
    await backfill({ users: [clerkUser], provider: 'clerk', apply: true });
    expect(world.usersOf('user_clerk')).toMatchObject([{ email: 'ada@x.example', isOptedIn: true }]);
  });
});

describe('a file', () => {
  test('is read from its address, gzip and broken lines and all', async () => {
    const lines = [JSON.stringify(user('file-1')), '{"id":', JSON.stringify(user('file-2'))];
    const url = files.put('users.ndjson.gz', gzipSync(lines.join('\n')));
    const { state, report } = asJob(await invoke({ url, provider: 'generic', apply: true }));
    expect(state).toBe('done');
    expect(report).toMatchObject({ lines: 3, invalid: 1, created: 2, examples: [{ line: 2 }] });
    expect(['file-1', 'file-2'].flatMap(world.usersOf)).toHaveLength(2);
  });

  test('that outlasts one invocation is carried on by the schedule', async () => {
    const users = Array.from({ length: 600 }, (_, i) => user(`long-${i}`));
    const url = files.put('long.json', JSON.stringify(users));
    const first = asJob(await invoke({ url, provider: 'generic', apply: true, job: 'long' }, 8_000));
    expect(first).toMatchObject({ state: 'running', line: 400 });
    await runJobs(world.ports, budget());
    expect(await job('long')).toMatchObject({ state: 'done', job: { line: 600, report: { lines: 600 } } });
    // What a busy machine did not get done in time is pending.
    await world.drain();
    const made = users.flatMap(({ id }) => world.usersOf(id)).map(({ reference }) => reference);
    expect(made).toEqual(users.map(({ id }) => id));
  });

  test('has its address forgotten once the job is over, well or not, and no sooner', async () => {
    const users = Array.from({ length: 500 }, (_, i) => user(`secret-${i}`));
    const url = files.put('secret.json', JSON.stringify(users));
    for (const id of ['secret-1', 'secret-2']) await invoke({ url, provider: 'generic', job: id }, 8_000);
    expect(JSON.stringify(await job('secret-1'))).toContain(url);
    await runJob(world.ports, 'secret-1', budget());
    files.put('secret.json', JSON.stringify(users.slice(1)));
    await runJob(world.ports, 'secret-2', budget());
    for (const [id, state] of Object.entries({ 'secret-1': 'done', 'secret-2': 'failed' })) {
      expect(await job(id)).toMatchObject({ state });
      expect(JSON.stringify(await job(id))).not.toContain('secret.json');
    }
  });

  test('that changed in between stops the job', async () => {
    const users = Array.from({ length: 500 }, (_, i) => user(`changed-${i}`));
    const url = files.put('changed.json', JSON.stringify(users));
    await invoke({ url, provider: 'generic', job: 'changed' }, 8_000);
    files.put('changed.json', JSON.stringify(users.slice(1)));
    await runJobs(world.ports, budget());
    expect(await job('changed')).toMatchObject({ state: 'failed', lastError: 'source_changed' });
  });

  test('that can not be had for a while in the middle is gone on with, the same as it was', async () => {
    const users = Array.from({ length: 300 }, (_, i) => user(`gap-${i}`));
    const content = JSON.stringify(users);
    await invoke(
      { url: files.put('gap.json', content), provider: 'generic', apply: true, job: 'gap' },
      8_000,
    );
    files.remove('gap.json');
    await runJobs(world.ports, budget());
    expect(await job('gap')).toMatchObject({ state: 'running', lastError: 'source_unavailable' });
    files.put('gap.json', content);
    await runJobs(world.ports, budget());
    expect(await job('gap')).toMatchObject({ state: 'done', job: { line: 300, report: { created: 300 } } });
  });

  test('that can not be had is tried again', async () => {
    const url = files.address('later.json');
    await invoke({ url, provider: 'generic', job: 'later' });
    expect(await job('later')).toMatchObject({ state: 'running', lastError: 'source_unavailable' });
    files.put('later.json', JSON.stringify([user('later-1')]));
    await runJobs(world.ports, budget());
    expect(await job('later')).toMatchObject({
      state: 'done',
      lastError: null,
      job: { report: { created: 1 } },
    });
  });
});

test('a job that can not be read keeps no other from going on, and is not passed over in silence', async () => {
  const url = files.put(
    'fine.json',
    JSON.stringify(Array.from({ length: 300 }, (_, i) => user(`fine-${i}`))),
  );
  await invoke({ url, provider: 'generic', apply: true, job: 'fine' }, 8_000);
  await world.documents.put('running', 'a-broken-one', {}, null);
  await world.documents.put('job', 'a-broken-one', { state: 'running' }, null);
  await expect(runJobs(world.ports, budget())).rejects.toThrow(TypeError);
  expect(await job('fine')).toMatchObject({ state: 'done' });
  await world.documents.remove('running', 'a-broken-one');
});

test('ROQ down in the middle leaves the job where it is, and it goes on when ROQ is back', async () => {
  const users = Array.from({ length: 400 }, (_, i) => user(`down-${i}`));
  world.roqServer.fail.always({ how: 'bad-gateway' });
  const down = asJob(await invoke({ users, provider: 'generic', apply: true, job: 'down' }));
  expect(down).toMatchObject({ state: 'running', line: 0 });
  world.roqServer.fail.clear();
  world.pass(2 * 3_600_000);
  await drain(world.ports, budget());
  await invoke({ users, provider: 'generic', apply: true, job: 'down' });
  expect(await job('down')).toMatchObject({ state: 'done' });
  for (const { id } of users) expect(world.usersOf(id)).toHaveLength(1);
});

test('ROQ users without a record are adopted, and their next event makes no second one', async () => {
  await world.roq.createUser({ reference: 'stranger', email: 'stranger@x.example' });
  expect(await invoke({ from: 'roq' })).toMatchObject({ report: { adopted: 0 } });
  expect(await world.record('stranger')).toBeNull();
  await invoke({ from: 'roq', apply: true });
  expect(await world.record('stranger')).toMatchObject({ roqId: world.usersOf('stranger')[0]?.id });
  await world.deliver('stranger', { email: 'stranger@x.example', disabled: true }, 1);
  expect(world.usersOf('stranger')).toMatchObject([{ active: false }]);
});

test.each([
  [{}, 'one of lines, users, url, from, job'],
  [null, 'one of lines, users, url, from, job'],
  [{ users: 'x', provider: 'generic' }, 'users'],
  [{ users: [], provider: 'nobody' }, 'provider'],
  [{ users: [], provider: 'generic', exportedAt: 'yesterday' }, 'exportedAt'],
  [{ url: 'http://files.example/users.json', provider: 'generic' }, 'url'],
  [{ from: 'somewhere' }, 'from'],
  [{ lines: [{ is: 'user', line: 1, reference: 'x', at: 1, told: { admin: true } }], isLast: true }, 'told'],
])('refuses %j and says where', async (input, where) => {
  const answer = await invoke(input);
  expect(answer).toMatchObject({ error: { code: 'input_invalid', message: expect.stringContaining(where) } });
});

test('knows when there is no such job', async () => {
  expect(await invoke({ job: 'nowhere' })).toMatchObject({ error: { code: 'job_unknown' } });
});

function user(id: string) {
  return { id, email: `${id}@x.example`, updated_at: day };
}

function at(minutes: number): number {
  return Date.parse(day) + minutes * 60_000;
}

function budget(seconds = 60) {
  return {
    deadline: world.now() + seconds * 1_000,
    leaseMs: 90_000,
    concurrency: createConcurrency({ max: 8 }),
  };
}

function invoke(input: unknown, remainingMs = 60_000): Promise<BackfillAnswer> {
  return createHandler(world.ports)(input, { ...context, getRemainingTimeInMillis: () => remainingMs });
}

async function backfill(input: { users: readonly object[]; provider?: string; apply?: boolean }) {
  return asJob(await invoke({ provider: 'generic', ...input })).report;
}

function asJob(answer: BackfillAnswer): JobView {
  if ('error' in answer) throw new Error(answer.error.message);
  return answer;
}

async function job(id: string): Promise<StoredJob | undefined> {
  return (await world.documents.get<StoredJob>('job', id))?.document;
}

async function everything(): Promise<unknown> {
  const { records } = await world.queries.page(null, 10_000);
  return JSON.parse(JSON.stringify({ records, users: world.roqServer.users }));
}

type Files = Awaited<ReturnType<typeof serveFiles>>;

async function serveFiles() {
  const contents = new Map<string, Buffer>();
  const server: Server = createServer((request, response) => {
    const content = contents.get(request.url?.slice(1) ?? '');
    if (content) response.setHeader('etag', `"${content.length}"`).end(content);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = (name: string) => `http://127.0.0.1:${(server.address() as AddressInfo).port}/${name}`;
  return {
    server,
    address,
    put: (name: string, content: Buffer | string) => {
      contents.set(name, Buffer.from(content));
      return address(name);
    },
    remove: (name: string) => contents.delete(name),
  };
}
