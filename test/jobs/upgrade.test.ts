// Tables as version 1.0.0-rc.1 left them, and what becomes of them: there is no migration.

import { readFileSync } from 'node:fs';
import { type AttributeValue, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createHandler } from '../../lib/handlers/reconcile.ts';
import { newAudit } from '../../lib/jobs/audit-job.ts';
import { cancelJob, runLines, type StoredJob, startJob } from '../../lib/jobs/jobs.ts';
import { overview } from '../../lib/operate/status.ts';
import { createConcurrency } from '../../lib/sync/concurrency.ts';
import type { RoqUser } from '../../local/roq-user.ts';
import { stateTableName, tableName } from '../support/table.ts';
import { startWorld, type World } from '../support/world.ts';

type Item = Record<string, AttributeValue>;

const tables = JSON.parse(
  readFileSync(new URL('../fixtures/tables/1.0.0-rc.1.json', import.meta.url), 'utf8'),
) as { now: number; users: Item[]; state: Item[]; roq: RoqUser[] };

const context = { getRemainingTimeInMillis: () => 55_000 };

let world: World;

beforeEach(async () => {
  world = await startWorld({ pageCap: 100, timeoutMs: 5_000 });
  for (const [TableName, items] of [
    [tableName, tables.users],
    [stateTableName, tables.state],
  ] as const) {
    for (const Item of items) await world.client.send(new PutItemCommand({ TableName, Item }));
  }
  const users = world.roqServer.users as RoqUser[];
  for (const user of tables.roq) {
    users.push({ ...user, createdAt: new Date(user.createdAt), updatedAt: new Date(user.updatedAt) });
  }
  world.pass(tables.now - world.now() + 60_000);
});
afterEach(() => world.close());

test('the first audit opts nobody out whom an event had called verified, and finds nothing to repair', async () => {
  const before = optedIn();
  expect(before).toEqual(
    expect.arrayContaining(['verified', 'verified-alone', 'verified-then-told-again', 'adopted', 'held']),
  );
  await startJob(world.ports, 'audit-first', newAudit({ apply: true, adopt: false }));
  await schedule();
  expect(await report('audit-first')).toMatchObject({ drifted: 0, repaired: 0, missing: 0, inStep: 9 });
  expect(optedIn()).toEqual(expect.arrayContaining(before));
});

test('the next event of each goes on from what is recorded', async () => {
  const at = world.now();
  await world.deliver('verified', { lastName: 'N' }, at);
  await world.deliver('verified-then-told-again', { lastName: 'N' }, at);
  await world.deliver('adopted', { email: 'adopted@x.example' }, at);
  await world.deliver('parked', { firstName: 'N' }, at);
  expect(user('verified')).toMatchObject({ lastName: 'N', isOptedIn: true });
  expect(user('verified-then-told-again')).toMatchObject({ lastName: 'N', isOptedIn: true });
  expect(user('adopted')).toMatchObject({ firstName: 'Old', isOptedIn: true });
  expect(user('parked')).toMatchObject({ firstName: 'N', isOptedIn: true });
  // Another address is another matter.
  await world.deliver('verified-then-told-again', { email: 'new@x.example' }, at + 1);
  expect(user('verified-then-told-again')).toMatchObject({ email: 'new@x.example', isOptedIn: false });
});

test('what was pending, leased or on its way is finished by the schedule', async () => {
  await schedule();
  world.pass(2 * 60 * 60_000);
  await schedule();
  expect(user('pending')).toMatchObject({ firstName: 'P', isOptedIn: true });
  expect(user('leased')).toMatchObject({ firstName: 'L', isOptedIn: true });
  expect((await world.record('held'))?.queue).toBe('held');
  expect((await stored('audit-2026-02-28'))?.state).toBe('done');
  const budget = {
    deadline: world.now() + 60_000,
    leaseMs: 90_000,
    concurrency: createConcurrency({ max: 8 }),
  };
  await runLines(world.ports, 'backfill-1', [], { apply: true, isLast: true }, budget);
  expect(await stored('backfill-1')).toMatchObject({ state: 'done', job: { line: 1, report: { lines: 1 } } });
});

function schedule(): Promise<unknown> {
  return createHandler(world.ports)({}, context);
}

function user(reference: string): RoqUser | undefined {
  return world.usersOf(reference)[0];
}

function optedIn(): string[] {
  return world.roqServer.users.filter(({ isOptedIn }) => isOptedIn).map(({ reference }) => reference);
}

async function stored(id: string): Promise<StoredJob | undefined> {
  return (await world.documents.get<StoredJob>('job', id))?.document;
}

async function report(id: string): Promise<object | undefined> {
  return (await stored(id))?.job.report;
}

test('a job of a newer version waits for it, rings, keeps no other from going on, and can be given up', async () => {
  const { documents } = world.ports;
  for (const [id, change] of [
    ['audit-newer-form', { form: 2 }],
    ['merge-newer-kind', { job: { is: 'merge', at: { user: 7 } } }],
  ] as const) {
    await startJob(world.ports, id, newAudit({ apply: true, adopt: false }));
    const entry = await documents.get<StoredJob>('job', id);
    await documents.put('job', id, { ...entry?.document, ...change }, entry?.revision ?? 0);
  }
  await startJob(world.ports, 'audit-of-ours', newAudit({ apply: true, adopt: false }));
  const before = await documents.get<StoredJob>('job', 'merge-newer-kind');
  world.lines.length = 0;
  await schedule();
  expect(await report('audit-of-ours')).toMatchObject({ inStep: 9 });
  const aside = { message: 'job', is: 'unknown', state: 'set aside', code: 'job_unknown' };
  expect(world.lines).toContainEqual({ ...aside, id: 'audit-newer-form' });
  expect(world.lines).toContainEqual({ ...aside, id: 'merge-newer-kind' });
  expect(await documents.get('job', 'merge-newer-kind')).toEqual(before);
  const { running } = await overview(world.ports);
  expect(running.map(({ id, is }) => [id, is]).filter(([, is]) => is === 'unknown')).toEqual([
    ['audit-newer-form', 'unknown'],
    ['merge-newer-kind', 'unknown'],
  ]);
  for (const id of ['audit-newer-form', 'merge-newer-kind'])
    expect(await cancelJob(world.ports, id)).toMatchObject({ state: 'cancelled' });
  world.lines.length = 0;
  await schedule();
  expect(world.lines.filter(({ message }) => message === 'job')).toEqual([]);
});
