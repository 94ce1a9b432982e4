import { execFile } from 'node:child_process';
import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { bar } from '../../cli/progress.ts';
import { runLine } from '../../cli/run.ts';
import { toJson } from '../../cli/table.ts';
import { stateOf } from '../../cli/words/jobs.ts';
import { plain } from '../../cli/words/plain.ts';
import { when } from '../../cli/words/time.ts';
import { createHandler as createBackfill } from '../../lib/handlers/backfill.ts';
import { createHandler as createOperate } from '../../lib/handlers/operate.ts';
import { createHandler as createPull } from '../../lib/handlers/pull.ts';
import { emptyReport } from '../../lib/jobs/backfill-report.ts';
import { beginPull } from '../../lib/jobs/pull.ts';
import { type Suspect, suspectId } from '../../lib/jobs/pull-absent.ts';
import { readDirectoryConfig } from '../../lib/providers/connect-directories.ts';
import { converge } from '../../lib/sync/converge.ts';
import { noteRan } from '../../lib/sync/drain.ts';
import { toFacts } from '../../lib/user.ts';
import { startDoor } from '../../local/door.ts';
import type { LocalFunction } from '../../local/lambda.ts';
import { apiUser, type RunningApi, startApi } from '../../local/providers/api.ts';
import { kratosApi } from '../../local/providers/kratos/api.ts';
import { type RunningServer, readBody } from '../../local/server.ts';
import { startWorld, type World } from '../support/world.ts';

const at = Date.parse('2026-02-01T00:00:00Z');
const day = '2026-02-01T00:00:00.000Z';

let world: World;
let door: RunningServer;
let port: string;
let api: RunningApi;
let folder: string;
/** Told of every call of backfill before it is answered. */
let onBackfill: (input: BackfillInput) => void = () => {};

type BackfillInput = { readonly apply?: boolean; readonly lines?: readonly { readonly line: number }[] };

beforeAll(async () => {
  world = await startWorld({ pageCap: 100, timeoutMs: 5_000 });
  folder = await mkdtemp(join(tmpdir(), 'cli-'));
  api = await startApi(kratosApi);
  const directories = readDirectoryConfig({ ...api.environment, DIRECTORIES: 'kratos', DELETIONS: 'apply' });
  const backfill = createBackfill(world.ports);
  const functions: Record<string, LocalFunction> = {
    operate: { handler: createOperate(world.ports), timeoutMs: 60_000 },
    pull: { handler: createPull(world.ports, directories), timeoutMs: 60_000 },
    backfill: {
      handler: (input, context) => {
        onBackfill(input as BackfillInput);
        return backfill(input, context);
      },
      timeoutMs: 60_000,
    },
  };
  door = await startDoor({ functions });
  port = new URL(door.url).port;
});
afterAll(async () => {
  await door.close();
  await Promise.all([world.close(), api.close()]);
  await rm(folder, { recursive: true });
});
afterEach(() => {
  world.roqServer.fail.clear();
  world.limits.count = 1_000_000;
  onBackfill = () => {};
});

describe('roq-sync status', () => {
  test('is fine for a user in step, and wants a person for one that is not', async () => {
    await world.deliver('calm', { email: 'calm@x.example', firstName: 'Calm' }, at);
    const calm = await run('status', 'calm');
    expect(calm.json).toMatchObject({ reference: 'calm', inStep: true });
    expect(calm.exitCode).toBe(0);
    await world.roq.updateUser(roqId('calm'), { firstName: 'Wrong' });
    const off = await run('status', 'calm');
    expect(off.json).toMatchObject({ inStep: false, differs: ['firstName'] });
    expect(off.exitCode).toBe(1);
    expect(await run('status', 'nobody')).toMatchObject({ json: { found: false }, exitCode: 1 });
  });

  test('tells people what differs, without colours where no terminal is', async () => {
    const evil = '\u001b[2Jevil\u202e';
    await world.deliver('evil', { email: 'evil@x.example', firstName: evil }, at);
    await world.roq.updateUser(roqId('evil'), { lastName: 'x', firstName: 'Wrong' });
    const { stdout } = await runText('status', 'evil');
    expect(stdout).toMatch(/evil {2}out of step: ROQ differs in firstName/);
    expect(stdout).toMatch(/firstName\s+\[2Jevil\s+2026-02-01 00:00Z \(.*\)\s+Wrong/);
    expect(stdout).not.toContain('\u001b');
    expect(stdout).not.toContain('\u202e');
    const { stdout: json } = await enter(['status', 'evil', '--json', '--port', port]);
    expect(json.trimEnd()).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(JSON.stringify(JSON.parse(json))).toContain('evil\u202e');
  });

  test('of all wants a person when users are held', async () => {
    expect(await run('status')).toMatchObject({ json: { queues: { held: { count: 0 } } }, exitCode: 0 });
    await hold('over');
    expect(await run('status')).toMatchObject({ json: { queues: { held: { count: 1 } } }, exitCode: 1 });
    expect((await runText('status')).stdout).toMatch(/held\s+1\s+since/);
    await run('drop', 'over');
  });
});

test('an outage is said by the overview, with its reason and since when, and wants a person', async () => {
  // The command line goes by the machine's clock.
  world.pass(Date.now() - world.now());
  world.roqServer.fail.always({ how: 'throttle' });
  await world.deliver('outage', { email: 'outage@x.example' }, 1);
  expect((await run('status')).json).toMatchObject({ failing: [{ code: 'roq_throttled', count: 1 }] });
  // A hiccup is none.
  expect((await runText('status')).stdout).not.toContain('Trouble');
  world.pass(-6 * 60_000);
  await world.deliver('outage-2', { email: 'outage-2@x.example' }, 1);
  world.pass(6 * 60_000);
  const { stdout, exitCode } = await runText('status');
  expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
    'Trouble ROQ asked for patience (roq_throttled): 2 users wait for it, since',
  );
  expect(exitCode).toBe(1);
  world.roqServer.fail.clear();
  await world.drain();
});

describe('roq-sync held, release and drop', () => {
  test('list who is held, let one through and spare the other', async () => {
    await hold('guilty');
    await hold('innocent');
    const { json, exitCode } = await run('held');
    expect(exitCode).toBe(1);
    expect(json.entries).toMatchObject(
      expect.arrayContaining([expect.objectContaining({ reference: 'guilty' })]),
    );
    expect((await runText('held')).stdout).toMatch(/innocent +disabled +– +– +\d/);
    expect((await runText('status', 'innocent')).stdout).toMatch(
      /held because +it was disabled, which is a ban/,
    );
    expect((await runText('status', 'innocent')).stdout).toMatch(/created +ROQ +\d{4}-/);
    world.limits.count = 0;
    expect(await run('release', 'guilty')).toMatchObject({ json: { counts: { done: 1 } }, exitCode: 0 });
    expect(await run('release', '--all')).toMatchObject({ exitCode: 2 });
    expect(world.usersOf('innocent')).toMatchObject([{ active: true }]);
    expect(await run('drop', '--all', '--yes')).toMatchObject({ json: { counts: { done: 1 } }, exitCode: 0 });
    expect([world.usersOf('guilty')[0]?.active, world.usersOf('innocent')[0]?.active]).toEqual([false, true]);
    // Who was let through is shut out by now: to let them back in somebody has to be sure.
    expect(await run('drop', 'guilty')).toMatchObject({ exitCode: 2 });
    expect(await run('drop', 'guilty', '--yes')).toMatchObject({
      json: { counts: { done: 1 } },
      exitCode: 0,
    });
    expect(world.usersOf('guilty')).toMatchObject([{ active: true }]);
    expect(await run('held')).toMatchObject({ json: { entries: [], more: false }, exitCode: 0 });
    expect((await runText('release', '--all', '--yes')).stdout).toContain('No users are held');
  });
});

test('roq-sync foreign lists who spoke of whose users, and says what to do; status counts them', async () => {
  expect((await runText('foreign')).stdout).toBe('No users are foreign.\n');
  expect((await runText('status')).stdout).not.toContain('roq-sync foreign');
  await world.ports.noteForeign('okta', ['squatted']);
  const { stdout, exitCode } = await runText('foreign');
  expect(stdout).toMatch(/squatted +okta/);
  expect(stdout).toMatch(/set SHARED_REFERENCES/);
  expect(stdout.match(/squatted/g)).toHaveLength(1);
  expect(exitCode).toBe(0);
  expect((await runText('status')).stdout).toMatch(
    /Other providers' users +1 in a month: see roq-sync foreign/,
  );
});

describe('roq-sync resync', () => {
  test('repairs a user, and says whom it does not know', async () => {
    await world.deliver('mend', { email: 'mend@x.example', firstName: 'Right' }, at);
    await world.roq.updateUser(roqId('mend'), { firstName: 'Wrong' });
    expect(await run('resync', 'mend')).toMatchObject({
      json: { users: [{ is: 'done', fields: ['firstName'] }] },
      exitCode: 0,
    });
    expect(world.usersOf('mend')).toMatchObject([{ firstName: 'Right' }]);
    expect(await run('resync', 'unheard-of')).toMatchObject({
      json: { counts: { unknown: 1 } },
      exitCode: 1,
    });
  });
});

test('roq-sync resync --all sets the parked users going again', async () => {
  world.roqServer.fail.next({ how: 'refuse', operation: 'createUser', reference: 'stuck' });
  await world.deliver('stuck', { email: 'stuck@x.example' }, at);
  expect(await run('resync', '--all')).toMatchObject({ json: { counts: { done: 1 } }, exitCode: 0 });
  expect(world.usersOf('stuck')).toHaveLength(1);
  expect((await runText('resync', '--all')).stdout).toBe('No users are parked.\n');
});

describe('roq-sync relink and recreate', () => {
  test('are named by status for a user whom ROQ has lost, and by what else meets one', async () => {
    const lost = await lose('lost');
    const { stdout, exitCode } = await runText('status', 'lost');
    expect(stdout).toMatch(/lost {2}ROQ no longer has the user: a person must decide/);
    expect(stdout).toMatch(new RegExp(`The ROQ user ${lost} .* was deleted there`));
    expect(stdout).toMatch(/roq-sync recreate lost:/);
    expect(stdout).toMatch(/roq-sync relink lost ROQ_ID:/);
    expect(stdout).not.toMatch(/newer data/);
    expect(exitCode).toBe(1);
    expect((await runText('resync', 'lost')).stdout).toMatch(/roq_user_missing.*relink it, or recreate it/);
  });

  test('do nothing unless somebody is sure', async () => {
    await lose('unsure-1');
    expect(await run('recreate', 'unsure-1')).toMatchObject({ exitCode: 2 });
    expect(await run('relink', 'unsure-1', 'x')).toMatchObject({ exitCode: 2 });
    expect(world.usersOf('unsure-1')).toEqual([]);
  });

  test('have a lost user made anew, and say what the record names now', async () => {
    const lost = await lose('anew');
    const { stdout, exitCode } = await runText('recreate', 'anew', '--yes');
    expect(world.usersOf('anew')).toHaveLength(1);
    expect(stdout).toMatch(/anew +done/);
    expect(stdout).toContain(`the ROQ user ${roqId('anew')}, in place of ${lost}`);
    expect(exitCode).toBe(0);
    expect(await run('recreate', 'anew', '--yes')).toMatchObject({
      json: { error: { code: 'roq_user_present' } },
      exitCode: 1,
    });
  });

  test('link to the ROQ user that is named', async () => {
    await lose('by-hand');
    const { id } = await world.roq.createUser({ reference: 'by-hand', email: 'by-hand@x.example' });
    expect(await run('relink', 'by-hand', id, '--yes')).toMatchObject({ json: { roqId: id }, exitCode: 0 });
    expect(await run('relink', 'by-hand', 'nobody', '--yes')).toMatchObject({
      json: { error: { code: 'roq_user_unknown', message: expect.stringContaining(id) } },
      exitCode: 1,
    });
  });

  async function lose(reference: string): Promise<string> {
    await world.deliver(reference, { email: `${reference}@x.example` }, at);
    const lost = roqId(reference);
    world.roqServer.remove(lost);
    expect(await world.deliver(reference, { firstName: 'Lou' }, at + 1)).toMatchObject({ is: 'parked' });
    return lost;
  }
});

describe('roq-sync audit', () => {
  test('wants a person for drift that it only finds, and is fine once it has repaired it', async () => {
    await world.deliver('adrift', { email: 'adrift@x.example', firstName: 'Right' }, at);
    await world.roq.updateUser(roqId('adrift'), { firstName: 'Wrong' });
    const dry = await run('audit');
    expect(dry.json).toMatchObject({ state: 'done', apply: false, report: { repaired: 0 } });
    expect(dry.exitCode).toBe(1);
    expect(world.usersOf('adrift')).toMatchObject([{ firstName: 'Wrong' }]);
    const applied = await run('audit', '--apply');
    expect(applied).toMatchObject({
      json: { state: 'done', report: { repaired: expect.any(Number) } },
      exitCode: 0,
    });
    expect(world.usersOf('adrift')).toMatchObject([{ firstName: 'Right' }]);
    const { id } = applied.json;
    expect(await run('job', String(id))).toMatchObject({ json: { id }, exitCode: 0 });
    expect((await runText('jobs')).stdout).toContain(String(id));
  });

  test('--adopt records the users that ROQ alone has', async () => {
    await world.roq.createUser({ reference: 'alien', email: 'alien@x.example' });
    expect(await run('audit', '--adopt')).toMatchObject({ json: { report: { adopted: 0 } } });
    expect(await world.record('alien')).toBeNull();
    await run('audit', '--adopt', '--apply');
    expect(await world.record('alien')).toMatchObject({ roqId: roqId('alien') });
  });
});

describe('roq-sync backfill', () => {
  test('plans without --apply, and changes nothing', async () => {
    const path = await file('plan.ndjson', [user('plan-1'), { id: 'plan-2' }]);
    const { json, exitCode } = await run('backfill', path);
    expect(json).toMatchObject({ plan: { report: { lines: 2, created: 1, invalid: 1 } }, applied: null });
    expect(exitCode).toBe(1);
    expect(world.usersOf('plan-1')).toEqual([]);
    expect((await runText('backfill', path)).stdout).toMatch(/line 2\s+no_time/);
  });

  test('applied makes the users, once', async () => {
    const path = await file('apply.ndjson', [user('apply-1'), user('apply-2')]);
    const { json, exitCode } = await run('backfill', path, '--apply', '--yes');
    expect(json).toMatchObject({ plan: { report: { created: 2 } }, applied: { report: { created: 2 } } });
    expect(exitCode).toBe(0);
    expect(world.usersOf('apply-1')).toMatchObject([{ email: 'apply-1@x.example' }]);
    expect(await run('backfill', path, '--apply', '--yes')).toMatchObject({
      json: { plan: { report: { created: 0, unchanged: 2 } } },
      exitCode: 0,
    });
    expect(world.usersOf('apply-1')).toHaveLength(1);
  });

  test('applied once more does what has become undone since', async () => {
    const path = await file('again.ndjson', [user('again-1'), user('again-2')]);
    await run('backfill', path, '--apply', '--yes');
    await world.forget('again-1');
    expect(await run('backfill', path, '--apply', '--yes')).toMatchObject({
      json: { plan: { report: { adopted: 1 } }, applied: { report: { lines: 2, adopted: 1, unchanged: 1 } } },
    });
    expect(await world.record('again-1')).toMatchObject({ roqId: roqId('again-1'), queue: null });
  });

  test('reads what a provider exports, with the time that is given for it', async () => {
    const path = await file('auth0.ndjson.gz', gzipSync('{"user_id":"auth0|1","email":"one@x.example"}\n'));
    expect(await run('backfill', path, '--provider', 'auth0')).toMatchObject({ exitCode: 1 });
    const options = ['--provider', 'auth0', '--exported-at', day, '--apply', '--yes'];
    expect(await run('backfill', path, ...options)).toMatchObject({ exitCode: 0 });
    expect((await world.record('auth0|1'))?.facts.email).toEqual({ value: 'one@x.example', at });
  });

  test('applies nothing where nobody can be asked and nobody said --yes', async () => {
    const path = await file('unsure.ndjson', [user('unsure')]);
    const { json, exitCode } = await run('backfill', path, '--apply');
    expect(json).toMatchObject({ error: { message: expect.stringContaining('--yes') } });
    expect(exitCode).toBe(2);
    expect(world.usersOf('unsure')).toEqual([]);
  });

  test('begins with whom a file shuts out, and counts a deletion of a user whom ROQ has not', async () => {
    await world.deliver('shut-1', { email: 'shut-1@x.example' }, at - 5);
    const path = await file('shut.json', [
      { id: 'shut-1', email: 'x', deleted_at: day, updated_at: day },
      { id: 'shut-2', email: 'x', deleted_at: day, updated_at: day },
      { id: 'shut-3', email: 'shut-3@x.example', banned_until: '2126-01-01T00:00:00Z', updated_at: day },
    ]);
    const { stdout } = await runText('backfill', path, '--provider', 'supabase');
    expect(stdout).toMatch(/applied:\n\s+tombstones\s+2\n\s+disabled\s+1\n\s+deactivated\s+1\n\s+lines\s+3/);
    expect(stdout).not.toContain('unchanged');
    expect(stdout).toMatch(/\n\s+tombstones\s+deleted for good/);
  });

  test('says before it shuts out more users than the ceiling lets through, also where nobody is asked', async () => {
    const users = Array.from({ length: 3 }, (_, i) => ({ ...user(`many-out-${i}`), disabled: true }));
    const path = await file('many-out.ndjson', users);
    world.limits.count = 2;
    const { stderr } = await runText('backfill', path, '--apply', '--yes');
    expect(stderr).toMatch(/deletes 0 and disables 3: more users than the 2 that the ceiling lets through/);
    world.limits.count = 3;
    const others = await file(
      'as-many-out.ndjson',
      users.map((row) => ({ ...row, id: `${row.id}-too` })),
    );
    expect((await runText('backfill', others, '--apply', '--yes')).stderr).toBe('');
  });

  test('names the remedy once, however many lines need it', async () => {
    const path = await file('timeless.ndjson', [
      { id: 'timeless-1' },
      { id: 'timeless-2' },
      { id: 'timeless-3' },
    ]);
    const { stdout } = await runText('backfill', path);
    expect(stdout.match(/no_time/g)).toHaveLength(2);
    expect(stdout.match(/--exported-at/g)).toHaveLength(1);
    expect(stdout).toMatch(/invalid\s+3[\s\S]*line 1\s+no_time[\s\S]*and 2 more/);
  });

  test('says what it could not read and left out, by name', async () => {
    const path = await file('odd.ndjson', [{ ...user('odd'), first_name: ['A'], email_verified: 'perhaps' }]);
    const { stdout, exitCode } = await runText('backfill', path);
    expect(stdout).toMatch(/not told\s+(email_verified 1, first_name|first_name 1, email_verified) 1/);
    expect(exitCode).toBe(0);
  });

  test('says of whom something newer is known, and how their file can be dated', async () => {
    await world.deliver('moved', { email: 'moved@x.example', firstName: 'New' }, at + 5);
    const path = await file('moved.ndjson', [{ ...user('moved'), first_name: 'Other' }]);
    expect((await runText('backfill', path)).stdout).toMatch(
      /older\s+1[\s\S]*older\s+of these users.*--exported-at/,
    );
    const dated = await run('backfill', path, '--exported-at', '2026-02-02T00:00:00Z');
    expect(dated.json).toMatchObject({ plan: { report: { older: 0, fields: { firstName: 1 } } } });
  });

  test.each([
    ['clerk.json', [], /other_provider clerk: .*--provider clerk\./],
    ['clerk-sdk.json', ['--provider', 'clerk', '--exported-at', day], /other_names primaryEmailAddressId: /],
    ['csv-duplicate-header.csv', [], /column_twice id: /],
    [
      'keycloak-all-realms.json',
      ['--provider', 'keycloak', '--exported-at', day],
      /not_users users: .*realm/,
    ],
    ['../keycloak', [], /is a folder/],
    ['picture.png', ['--provider', 'okta'], /not_text: /],
  ])('of %s with %j says in one line why it is not read, and sends nothing', async (name, options, said) => {
    const fixture = fileURLToPath(new URL(`../fixtures/files/${name}`, import.meta.url));
    const picture = () => file(name, Buffer.from('\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'latin1'));
    let calls = 0;
    onBackfill = () => {
      calls++;
    };
    const ran = await runText('backfill', name === 'picture.png' ? await picture() : fixture, ...options);
    expect(ran.stderr).toMatch(said);
    expect(ran.stderr.trim().split('\n')).toHaveLength(1);
    expect({ calls, stdout: ran.stdout, exitCode: ran.exitCode }).toEqual({
      calls: 0,
      stdout: '',
      exitCode: 2,
    });
  });

  test('killed and started again goes on where it was, and finishes exactly', async () => {
    const users = Array.from({ length: 1_250 }, (_, i) => user(`many-${i}`));
    const path = await file('many.ndjson', users);
    const sent: (readonly number[])[] = [];
    const killer = new AbortController();
    onBackfill = ({ apply, lines = [] }) => {
      if (apply) sent.push(lines.map(({ line }) => line));
      if (sent.length === 3) killer.abort();
    };
    const line = ['backfill', path, '--apply', '--yes'];
    const killed = await execute(main, [...line, '--port', port], { signal: killer.signal });
    expect(killed.exitCode).toBe(-1);
    expect(sent).toHaveLength(3);
    sent.length = 0;
    onBackfill = ({ apply, lines = [] }) => {
      if (apply) sent.push(lines.map(({ line }) => line));
    };
    const { json, exitCode } = await run(...line);
    expect(exitCode).toBe(0);
    expect(json.applied).toMatchObject({ state: 'done', line: 1_250, report: { lines: 1_250 } });
    expect(sent[0]?.[0]).toBeGreaterThan(400);
    for (const { id } of users) expect(world.usersOf(id)).toMatchObject([{ email: `${id}@x.example` }]);
  }, 60_000);

  test('--from roq adopts the users that have no record', async () => {
    await world.roq.createUser({ reference: 'late-comer', email: 'late-comer@x.example' });
    const { json } = await run('backfill', '--from', 'roq', '--apply', '--yes');
    expect(json).toMatchObject({ plan: { report: { adopted: 0 } }, applied: { report: { adopted: 1 } } });
    expect(await world.record('late-comer')).toMatchObject({ roqId: roqId('late-comer') });
    expect(json).toMatchObject({ plan: { apply: false }, applied: { apply: true } });
    expect((await run('strangers')).json).toMatchObject({ entries: [] });
  });

  test('--url has the function read the file', async () => {
    const files = createServer((_, response) => response.end(JSON.stringify(user('fetched'))));
    await new Promise<void>((resolve) => files.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(files.address() as AddressInfo).port}/users.ndjson`;
    const { json, exitCode } = await run('backfill', '--url', url, '--apply', '--yes');
    files.close();
    expect(json).toMatchObject({ applied: { state: 'done', report: { created: 1 } } });
    expect(JSON.stringify(json)).not.toContain(url);
    expect(exitCode).toBe(0);
  });
});

describe('roq-sync erase', () => {
  test('erases nobody unless somebody is sure, and then prints the receipt', async () => {
    await world.deliver('eve', { email: 'eve@x.example', firstName: 'Eve' }, at);
    expect(await run('erase', 'eve')).toMatchObject({ exitCode: 2 });
    expect(world.usersOf('eve')).toMatchObject([{ firstName: 'Eve' }]);
    const { stdout, exitCode } = await runText('erase', 'eve', '--yes');
    expect(stdout).toMatch(/lists, jobs +named the user nowhere/);
    expect(stdout).toMatch(
      /Receipt {2}erased[\s\S]*overwritten\s+email, firstName, .*active[\s\S]*holds nothing else/,
    );
    expect(exitCode).toBe(0);
    expect(JSON.stringify(world.usersOf('eve'))).not.toMatch(/eve@|Eve/);
    expect((await runText('status', 'eve')).stdout).toMatch(/deleted\s+yes\s+for good/);
  });

  test('wants a person when ROQ is down', async () => {
    await world.deliver('off', { email: 'off@x.example' }, at);
    world.roqServer.fail.always({ how: 'drop' });
    expect(await run('erase', 'off', '--yes')).toMatchObject({ json: { state: 'pending' }, exitCode: 1 });
  });
});

describe('roq-sync find', () => {
  test('finds a user by the address, and wants a person while ROQ can’t be searched', async () => {
    await world.deliver('searched', { email: 'searched@x.example' }, at);
    const { json, exitCode } = await run('find', 'SEARCHED@x.example');
    expect(json).toMatchObject({ users: [{ reference: 'searched', by: 'e-mail address' }] });
    expect(exitCode).toBe(0);
    expect((await runText('find', 'nobody@x.example')).stdout).toContain(
      'Nobody is found by nobody@x.example',
    );
    world.roqServer.fail.always({ how: 'drop' });
    expect(await run('find', 'searched@x.example')).toMatchObject({ exitCode: 1 });
    world.roqServer.fail.clear();
  });
});

describe('roq-sync map', () => {
  const write = (name: string, text: string) => writeFile(join(folder, name), text);
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'roq-sync-map-'));
    await write('user.json', '{"nickname":"Ada","metadata":{"org":"org_1"},"team":7}');
    await write(
      'settings.prod.yml',
      'mapping: {providers: {clerk: {firstName: nickname, lastName: team, scope: "nickname == \'Eve\'"}}}',
    );
    await write('settings.bad.yml', "mapping: {providers: {clerk: {firstName: 'a['}}}");
  });
  afterAll(() => rm(folder, { recursive: true }));
  const map = (...args: string[]) =>
    execute(main, ['map', 'user.json', '--provider', 'clerk', ...args], { cwd: folder });

  test('shows each expression beside what ROQ would hold, and needs a person where one fails', async () => {
    const { stdout, exitCode } = await map('--stage', 'prod');
    expect(stdout).toMatch(/firstName +nickname +Ada/);
    expect(stdout).toMatch(/lastName +team +nothing that the field can hold/);
    expect(stdout).toMatch(/scope +nickname == 'Eve' +out of scope: not mirrored/);
    expect(exitCode).toBe(1);
  });

  test('takes an example of a provider as well, and shows its user', async () => {
    const { stdout } = await execute(
      main,
      ['map', 'user.created', '--provider', 'clerk', '--stage', 'prod'],
      { cwd: folder },
    );
    expect(stdout).toContain('"first_name": "Ada"');
    expect(stdout).toMatch(/firstName +nickname +–/);
    expect(
      await execute(main, ['map', 'user.made', '--provider', 'clerk', '--stage', 'prod'], { cwd: folder }),
    ).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(/no such example of clerk: user\.created, .*the API/),
    });
  });

  test('says what is wrong with the mapping, or that there is none', async () => {
    expect(await map('--stage', 'bad')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("clerk.firstName can't work: "),
    });
    expect(await map('--stage', 'none')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('There is no file settings.none.yml in this folder.'),
    });
  });
});

describe('roq-sync doctor', () => {
  // The world's clock stands still, which is what it finds.
  test('says what is wrong and what to do', async () => {
    await noteRan(world.ports);
    const { json, exitCode } = await run('doctor', '--probe');
    const wrong = (json.checks as { check: string; ok: boolean }[]).filter(({ ok }) => !ok);
    expect(wrong.map(({ check }) => check)).toEqual(['clock']);
    expect(exitCode).toBe(1);
    expect((await runText('doctor')).stdout).toMatch(/✓ {2}ROQ token/);
  });
});

describe('roq-sync pull', () => {
  const pull = (...options: string[]) => {
    world.pass(1_000);
    return run('pull', ...options);
  };
  const user = apiUser(kratosApi, 1, { email: 'untold@example.com' });

  test('finds whom no webhook told, first as a plan', async () => {
    api.users.set(user.id, user);
    const plan = await runText('pull');
    expect(plan.stdout).toMatch(/What would be done, if applied:[\s\S]*signed up +1[\s\S]*untold|missed/);
    expect(world.usersOf(user.id)).toEqual([]);
    const done = await pull('--apply', '--provider', 'kratos');
    expect(done.json).toMatchObject({
      is: 'pull',
      state: 'done',
      apply: true,
      report: { signedUp: 1, done: 1 },
    });
    expect(world.usersOf(user.id)).toMatchObject([{ email: user.email }]);
    expect((await pull()).json).toMatchObject({ report: { inStep: 1, missed: 0 } });
  });

  test('refuses a provider that nobody asks', async () => {
    const { json, exitCode } = await pull('--provider', 'clerk');
    expect(json).toMatchObject({ error: { code: 'input_invalid', message: 'begin is one of kratos' } });
    expect(exitCode).toBe(2);
  });

  test('says that another one is running, and what it does', async () => {
    world.pass(1_000);
    const id = await beginPull(world.ports, 'kratos', true);
    const { json, exitCode } = await pull();
    expect(json).toMatchObject({ error: { code: 'busy', message: expect.stringContaining(id) } });
    expect(exitCode).toBe(1);
    expect((await pull('--apply')).json).toMatchObject({ id, state: 'done' });
  });

  const suspect = async (reference: string, goneAt: number | null) => {
    const { leased } = await world.store.fold(reference, toFacts({ email: 's@x.example' }, at), 'o', 40_000, {
      source: 'kratos',
    });
    if (leased) await converge(world.ports, [leased], world.now() + 5_000);
    const about = { reference, provider: 'kratos', job: 'pull-kratos-1', since: at };
    const document: Suspect = { ...about, goneFrom: goneAt, goneAt };
    await world.documents.put('suspect', suspectId('kratos', reference), document, null);
  };

  test('lists suspects, each of whom can be decided', async () => {
    await suspect('away', at + 1);
    await suspect('unsure', null);
    const { stdout } = await runText('suspects');
    expect(stdout).toMatch(/away +kratos .* no such user/);
    expect(stdout).toMatch(/unsure +kratos .* nothing yet/);
    expect(await run('gone', 'unsure', '--yes')).toMatchObject({ exitCode: 1 });
    expect((await runText('gone', 'unsure', '--yes')).stdout).toMatch(/no pull found/);
    expect(world.usersOf('unsure')).toMatchObject([{ active: true }]);
    expect(await run('keep', 'unsure')).toMatchObject({ exitCode: 0 });
    expect((await runText('suspects')).stdout).toMatch(/unsure +kratos .* kept by you/);
    expect(await run('gone', 'away', '--yes')).toMatchObject({ exitCode: 0 });
    expect(world.usersOf('away')).toMatchObject([{ active: false }]);
    expect((await runText('suspects')).stdout).not.toMatch(/away/);
    expect((await runText('status', 'away')).stdout).toMatch(/gone +yes/);
  });

  test('is looked into by doctor', async () => {
    await noteRan(world.ports);
    const { stdout } = await runText('doctor');
    expect(stdout).toMatch(/✓ {2}Ory Kratos: list +answers with 1 users/);
    expect(stdout).toMatch(/✓ {2}Ory Kratos: one who never was/);
    api.failAs('elsewhere');
    expect((await runText('doctor')).stdout).toMatch(/✗ {2}Ory Kratos: list +directory_invalid/);
    api.failAs(null);
  });
});

describe('a list', () => {
  test('begins with the oldest, and explains its words', async () => {
    const references = ['w-1', 'w-2', 'w-3', 'w-4', 'w-5', 'w-6'];
    for (const reference of references) {
      await world.deliver(reference, { firstName: 'Nobody' }, at);
      world.pass(60_000);
    }
    const { stdout } = await runText('waiting');
    expect([...stdout.matchAll(/w-\d/g)].map(([reference]) => reference)).toEqual(references);
    expect(stdout).toMatch(/waiting {2}ROQ demands an e-mail address/);
  });

  test('has the codes of errors, and says once what each means', async () => {
    for (const reference of ['refused-1', 'refused-2']) {
      world.roqServer.fail.next({ how: 'refuse', operation: 'createUser', reference });
      await world.deliver(reference, { email: `${reference}@x.example` }, at);
    }
    const { stdout } = await runText('parked');
    expect(stdout).toMatch(/refused-1 +.* 1 +roq_refused +–$/m);
    expect(stdout.match(/ROQ refuses this data/g)).toHaveLength(1);
  });

  test('as JSON is what the function answers, and nothing else', async () => {
    const { stdout } = await runText('parked', '--json');
    expect(Object.keys(JSON.parse(stdout))).toEqual(['entries', 'more']);
  });
});

test('options may stand before the command', async () => {
  const { stdout, exitCode } = await enter(['--json', '--port', port, '--limit', '1', 'jobs']);
  expect(JSON.parse(stdout)).toMatchObject({ entries: [{}] });
  expect(exitCode).toBe(0);
});

test('a reference that begins with a dash stands behind --', async () => {
  const { stdout } = await enter(['status', '--json', '--port', port, '--', '-dash']);
  expect(JSON.parse(stdout)).toMatchObject({ reference: '-dash', found: false });
});

describe.concurrent('a command line', () => {
  test.each([
    ['is', [], /Usage: roq-sync <command>[\s\S]*Exit codes/],
    ['names', ['nonsense'], /no command "nonsense".*status, /],
    ['means', ['stauts'], /no command "stauts".*Did you mean status\?/],
    ['means', ['help', 'relase'], /Did you mean release\?/],
    ['means', ['audit', '--aply'], /--aply.*Did you mean --apply\?/],
    ['lacks', ['held', '--port', '1', '--limit'], /--limit <number>' argument missing/],
    ['lacks', ['status', '--stage', '--yes'], /'--stage <name>' argument '--yes' is invalid/],
    ['has', ['resync'], /Usage: roq-sync resync <reference>/],
    ['has', ['resync', 'a', 'b'], /Usage: roq-sync resync \[reference\]/],
    ['has', ['status', 'x', '--apply'], /status takes no --apply/],
    ['has', ['status', '--nothing'], /--nothing/],
    ['has', ['release'], /release --all/],
    ['has', ['drop', 'x', '--all'], /drop --all/],
    ['has', ['held', '--limit', '5000'], /limit: must be 1000 or less/],
    ['has', ['status', '--port', 'x'], /--port/],
    ['has', ['status', '--port', '1', '--stage', 'dev'], /--port or --stage/],
    ['has', ['backfill'], /FILE, --url and --from/],
    ['has', ['backfill', 'no-such-file'], /no file no-such-file/],
    ['has', ['backfill', 'x', '--provider', 'nobody'], /one of generic, auth0/],
    ['has', ['backfill', 'x', '--exported-at', '2026-05-04T12:00'], /--exported-at/],
    ['has', ['backfill', 'x', '--exported-at', 'today'], /2026-05-04/],
    ['has', ['backfill', '--from', 'elsewhere'], /is "roq"/],
    ['has', ['backfill', '--url', 'http://x.example/a'], /is an https address/],
  ])('that is wrong %s %j, and nothing is done', async (_, words, said) => {
    const local = words.includes('--port') ? [] : ['--port', port];
    const { stderr, stdout, exitCode } = await enter([...words, ...(words.length > 0 ? local : [])]);
    expect(stderr).toMatch(said);
    expect(stdout).toBe('');
    expect(exitCode).toBe(2);
  });

  test.each([
    ['--help', /Commands[\s\S]*erase <reference>/],
    ['help', /Commands[\s\S]*erase <reference>/],
    ['--version', /^1\.0\.0/],
    ['help audit', /Usage: roq-sync audit \[options\][\s\S]*--adopt[\s\S]*stranger {2}a ROQ user/],
    ['--help audit', /Usage: roq-sync audit/],
    ['erase --help', /Usage: roq-sync erase <reference>/],
    ['backfill --help', /Usage: roq-sync backfill \[file\][\s\S]*--exported-at <time>/],
  ])('of %s is answered', async (line, said) => {
    const { stdout, exitCode } = await enter(line.split(' '));
    expect(stdout).toMatch(said);
    expect(exitCode).toBe(0);
  });

  test('that reaches nothing says what to start', async () => {
    const free = await startDoor({ functions: {} });
    await free.close();
    const gone = await enter(['status', '--port', new URL(free.url).port]);
    expect(gone.stderr).toContain('npm start');
    expect(gone.exitCode).toBe(3);
  });

  test('that reaches something else, or a function that fails, says so', async () => {
    const handler = () => Promise.reject(new TypeError('broken'));
    const other = await startDoor({
      functions: { operate: { handler, timeoutMs: 1_000 } },
      onError: () => {},
    });
    const line = ['--port', new URL(other.url).port, '--json'];
    const failed = await enter(['status', ...line]);
    expect(JSON.parse(failed.stdout)).toMatchObject({ error: { code: 'function_failed' } });
    expect(failed.exitCode).toBe(3);
    const missing = await enter(['backfill', '--from', 'roq', ...line]);
    expect(JSON.parse(missing.stdout)).toMatchObject({ error: { code: 'unreachable' } });
    expect(missing.exitCode).toBe(3);
    await other.close();
  });

  test('starts by its launcher, which says what to do on a Node that runs no TypeScript', async () => {
    const launcher = fileURLToPath(new URL('../../cli/roq-sync.js', import.meta.url));
    const started = await execute(launcher, ['--help'], {});
    expect(started.stdout).toContain('Usage: roq-sync');
    expect(started.exitCode).toBe(0);
    const environment = { NODE_OPTIONS: '--no-experimental-strip-types' };
    const refused = await execute(launcher, ['--help'], { environment });
    expect(refused.stderr).toContain('Install Node 22.22 or newer');
    expect(refused.exitCode).toBe(2);
    // A name that an older Node does not export would end it before it has said so.
    const imported = (await readFile(launcher, 'utf8')).match(/^import .*$/gm);
    expect(imported).toEqual(["import { fileURLToPath } from 'node:url';"]);
  });
});

describe('roq-sync --stage', () => {
  const keys = {
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_SESSION_TOKEN: 'session',
  };
  let aws: Awaited<ReturnType<typeof startAws>>;

  beforeAll(async () => {
    aws = await startAws(createOperate(world.ports), keys.AWS_SECRET_ACCESS_KEY);
  });
  afterAll(() => aws.server.close());

  test('invokes the function of the stage, signed with the credentials in the environment', async () => {
    const { stdout, exitCode } = await deployed('prod');
    expect(JSON.parse(stdout)).toHaveProperty('queues');
    expect(exitCode).toBeLessThan(2);
    expect(aws.asked).toContain('/2015-03-31/functions/roq-sync-prod-operate/invocations');
  });

  test('says that AWS refuses, or has no such function', async () => {
    expect(await deployed('prod', { AWS_SECRET_ACCESS_KEY: 'wrong' })).toMatchObject({
      stdout: expect.stringContaining('403'),
      exitCode: 3,
    });
    expect(await deployed('none')).toMatchObject({ stdout: expect.stringContaining('404'), exitCode: 3 });
  });

  test('waits while the function is at work for somebody else', async () => {
    aws.busyFor(2);
    expect(await deployed('prod')).toMatchObject({ stdout: expect.stringContaining('queues') });
  });

  test('says where credentials come from when there are none', async () => {
    const none = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', PATH: folder };
    const { stdout, exitCode } = await deployed('prod', none);
    expect(stdout).toContain('AWS_ACCESS_KEY_ID');
    expect(exitCode).toBe(3);
  });

  test.each([
    ['a host behind an at sign', { region: 'x@127.0.0.1:1/' }],
    ['a host of somebody else', { region: 'eu-west-1.evil.example/' }],
    ['a fragment', { region: 'eu-west-1#' }],
    ['a line end', { region: 'eu-west-1\n' }],
    ['nothing', { region: '' }],
    ['a host in the stage', { stage: 'x/../../@evil.example' }],
    ['a host in AWS_REGION', { environment: { AWS_REGION: '@evil.example/' } }],
    ['no address for Lambda', { environment: { AWS_ENDPOINT_URL_LAMBDA: 'evil.example' } }],
    ['a name in its address', { environment: { AWS_ENDPOINT_URL_LAMBDA: 'http://lambda@evil.example' } }],
    ['a path in its address', { environment: { AWS_ENDPOINT_URL_LAMBDA: 'http://evil.example/?x=' } }],
    ['another way to it', { environment: { AWS_ENDPOINT_URL_LAMBDA: 'file:///etc/passwd' } }],
  ])('makes no address of %s', async (_what, { stage = 'prod', region, environment }: Named) => {
    const line = [
      'status',
      '--json',
      '--stage',
      stage,
      ...(region === undefined ? [] : ['--region', region]),
    ];
    const { stdout, exitCode } = await enter(line, { ...keys, ...environment });
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'usage' } });
    expect(exitCode).toBe(2);
  });

  // The stand-in is of another region, so that it refuses what is signed for these.
  test.each(['us-gov-west-1', 'eusc-de-east-1', 'ap-southeast-5'])('takes the region %s', async (region) => {
    const environment = { ...keys, AWS_ENDPOINT_URL_LAMBDA: aws.url };
    const line = ['status', '--json', '--stage', 'prod', '--region', region];
    const { stdout } = await enter(line, environment);
    expect(JSON.parse(stdout)).toMatchObject({ error: { message: expect.stringContaining('answers 403') } });
  });

  test('shows pages of it on this machine, over the same function and credentials', async () => {
    const env = { PATH: process.env.PATH, ...keys, AWS_ENDPOINT_URL_LAMBDA: aws.url };
    const line = [main, 'console', '--stage', 'prod', '--region', 'eu-west-1'];
    const child = execFile(process.execPath, line, { env });
    try {
      const [printed] = await once(child.stdout ?? child, 'data');
      const [url = ''] = /http:\S+/.exec(String(printed)) ?? [];
      const entered = await fetch(url, { redirect: 'manual' });
      const [cookie = ''] = (entered.headers.get('set-cookie') ?? '').split(';');
      const page = await fetch(new URL('/', url), { headers: { cookie } });
      const text = await page.text();
      expect([entered.status, page.status]).toEqual([302, 200]);
      expect(text).toContain('Out of step');
      expect(text).toContain('prod</span>');
      expect((await fetch(new URL('/', url))).status).toBe(401);
    } finally {
      child.kill('SIGKILL');
    }
  });

  function deployed(stage: string, over: Record<string, string> = {}) {
    const environment = { ...keys, AWS_ENDPOINT_URL_LAMBDA: aws.url, ...over };
    return enter(['status', '--stage', stage, '--region', 'eu-west-1', '--json'], environment);
  }
});

test('an answer that nobody reads to its end is no failure', async () => {
  const child = execFile(process.execPath, [main, '--help']);
  let complaint = '';
  child.stderr?.on('data', (chunk) => {
    complaint += chunk;
  });
  child.stdout?.destroy();
  const [code] = await once(child, 'exit');
  expect({ code, complaint }).toEqual({ code: 0, complaint: '' });
});

test('a question is answered by one line, and the end of the command is not kept waiting for more', async () => {
  const asking = `import { ask } from ${JSON.stringify(new URL('../../cli/ask.ts', import.meta.url).href)};
    process.stdout.write(await ask('Sure? '));`;
  const child = execFile(process.execPath, ['--input-type=module', '--eval', asking]);
  let answer = '';
  child.stdout?.on('data', (chunk) => {
    answer += chunk;
  });
  child.stdin?.write(' y \n');
  const [code] = await once(child, 'exit');
  expect({ code, answer }).toEqual({ code: 0, answer: 'y' });
});

type Named = {
  readonly stage?: string;
  readonly region?: string;
  readonly environment?: Record<string, string>;
};

describe('what is shown', () => {
  test.each([
    [null, 'never'],
    [Number.MAX_SAFE_INTEGER, 'for good'],
    [at - 90_000, '2026-01-31 23:58Z (1 min ago)'],
    [at + 3 * 3_600_000, '2026-02-01 03:00Z (in 3 h)'],
  ])('of the moment %s is "%s"', (ms, shown) => {
    expect(when(ms, at)).toBe(shown);
  });

  test.each([
    [{ from: 'sender', state: 'running' }, 4, 'running'],
    [{ from: 'sender', state: 'running' }, 6, 'broken off'],
    [{ from: 'sender', state: 'done' }, 6, 'done'],
    [{ from: 'url', state: 'running' }, 6, 'running'],
  ] as const)('of a backfill %o that last moved %i minutes ago is "%s"', (some, minutes, shown) => {
    const report = { ...emptyReport, lines: 200 };
    const job = { id: 'j', apply: true, startedAt: at, updatedAt: at, failures: 0, lastError: null };
    expect(stateOf({ ...job, is: 'backfill', line: 200, report, ...some }, at + minutes * 60_000)).toBe(
      shown,
    );
  });

  test('of foreign text moves no cursor and takes one line', () => {
    expect(plain('a\u001b[31mb\nc\u0007')).toBe('a [31mb c ');
    expect(plain('x'.repeat(100), 10)).toBe(`${'x'.repeat(9)}…`);
  });

  test.each([
    ...['\u0000', '\u001b[2J', '\u007f', '\u0080', '\u009b2J', '\u009f', '\u061c', '\u200e', '\u200f'],
    ...['\u202a', '\u202e', '\u2066', '\u2069', '\u2028', '\u2029', '\u{e0041}', '"\\\u202e'],
  ])('of a document as JSON holds nothing that a terminal acts upon: %j', (text) => {
    const json = toJson({ [text]: [`a${text}b`, 'Zoë 🦊'] });
    expect(json).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    expect(json).toContain('Zoë 🦊');
    expect(JSON.parse(json)).toEqual({ [text]: [`a${text}b`, 'Zoë 🦊'] });
  });

  test('of progress is how far it is and how long it takes', () => {
    expect(bar(0.25, 15_000)).toBe(`${'█'.repeat(6)}${'░'.repeat(18)}  25 %  0:45 left`);
    expect(bar(0, 1_000)).toContain('0 %');
    expect(bar(0.75, 15_000, 0.5)).toContain(' 75 %  0:15 left');
  });
});

type Ran = { readonly stdout: string; readonly stderr: string; readonly exitCode: number };

const main = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

async function run(...line: string[]): Promise<{ json: Record<string, unknown>; exitCode: number }> {
  const { stdout, exitCode } = await enter([...line, '--json', '--port', port]);
  return { json: JSON.parse(stdout), exitCode };
}

function runText(...line: string[]): Promise<Ran> {
  return enter([...line, '--port', port]);
}

/** Runs a line within this process: what is typed into a terminal is the same but for the time that it takes to start. */
async function enter(line: readonly string[], environment: Record<string, string> = {}): Promise<Ran> {
  const printed = { stdout: '', stderr: '' };
  const exitCode = await runLine(line, {
    say: (text) => (printed.stdout += `${text}\n`),
    warn: (text) => (printed.stderr += `${text}\n`),
    isWatched: false,
    columns: Number.POSITIVE_INFINITY,
    environment,
    onCtrlC: () => {},
  });
  return { ...printed, exitCode };
}

type Spawned = {
  readonly signal?: AbortSignal;
  readonly environment?: Record<string, string>;
  readonly cwd?: string;
};

/** Runs a line as a process of its own. */
function execute(
  script: string,
  line: readonly string[],
  { signal, environment, cwd }: Spawned,
): Promise<Ran> {
  return new Promise((resolve) => {
    const options = {
      env: { PATH: process.env.PATH, ...environment },
      killSignal: 'SIGKILL' as const,
      ...(signal && { signal }),
      ...(cwd && { cwd }),
    };
    execFile(process.execPath, [script, ...line], options, (error, stdout, stderr) =>
      resolve({ stdout, stderr, exitCode: typeof error?.code === 'number' ? error.code : error ? -1 : 0 }),
    );
  });
}

function roqId(reference: string): string {
  return world.usersOf(reference)[0]?.id ?? '';
}

function user(id: string) {
  return { id, email: `${id}@x.example`, updated_at: day };
}

async function file(name: string, content: readonly object[] | Buffer): Promise<string> {
  const path = join(folder, name);
  const bytes = Buffer.isBuffer(content) ? content : content.map((row) => JSON.stringify(row)).join('\n');
  await writeFile(path, bytes);
  return path;
}

async function hold(reference: string): Promise<void> {
  await world.deliver(reference, { email: `${reference}@x.example` }, at);
  world.limits.count = 0;
  await world.deliver(reference, { disabled: true }, at + 1);
  world.limits.count = 1_000_000;
}

/** AWS Lambda's Invoke, which checks each signature by its own reckoning. */
async function startAws(operate: ReturnType<typeof createOperate>, secret: string) {
  const asked: string[] = [];
  let busy = 0;
  const server = createServer(async (request, response) => {
    const body = await readBody(request, 6 * 1024 * 1024);
    asked.push(request.url ?? '');
    const status = !isSigned(request, body, secret)
      ? 403
      : request.url?.includes('-prod-operate/')
        ? 200
        : 404;
    response.statusCode = busy > 0 ? 429 : status;
    busy -= 1;
    const answer = await operate(JSON.parse(body.toString()), { getRemainingTimeInMillis: () => 60_000 });
    response.end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const busyFor = (calls: number) => {
    busy = calls;
  };
  return { server, asked, url, busyFor };
}

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
function isSigned({ headers, method, url }: IncomingMessage, body: Buffer, secret: string): boolean {
  const hash = (text: string | Buffer) => createHash('sha256').update(text).digest('hex');
  const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
  const [, scope = '', names = '', signature] =
    /Credential=[^/]+\/(\S+), SignedHeaders=(\S+), Signature=(\S+)/.exec(headers.authorization ?? '') ?? [];
  const [date = '', region = '', service = ''] = scope.split('/');
  const lines = names.split(';').map((name) => `${name}:${headers[name]}\n`);
  const canonical = [method, url, '', lines.join(''), names, hash(body)].join('\n');
  const text = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, hash(canonical)].join('\n');
  const key = hmac(hmac(hmac(hmac(`AWS4${secret}`, date), region), service), 'aws4_request');
  const isComplete = names.includes('x-amz-security-token') && region === 'eu-west-1' && service === 'lambda';
  return isComplete && hmac(key, text).toString('hex') === signature;
}
