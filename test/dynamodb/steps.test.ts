// The steps that a record keeps, written through the store to a real engine.

import { randomUUID } from 'node:crypto';
import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { itemBytes } from '../../lib/dynamodb/item-bytes.ts';
import { toSteps } from '../../lib/history.ts';
import { converge } from '../../lib/sync/converge.ts';
import { type Told, toFacts } from '../../lib/user.ts';
import { tableName } from '../support/table.ts';
import { startWorld, type World } from '../support/world.ts';

const leaseMs = 40_000;
let world: World;
let reference: string;
let at = 0;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());
beforeEach(() => {
  reference = randomUUID();
});

async function tell(told: Told, what: string, owner = randomUUID()) {
  world.pass(1_000);
  at = world.now();
  const why = { by: 'clerk', what, toldAt: at };
  return world.store.fold(reference, toFacts(told, at), owner, leaseMs, { source: 'clerk', why });
}

async function deliver(told: Told, what: string): Promise<void> {
  const { leased } = await tell(told, what);
  if (leased) await converge(world.ports, [leased], world.now() + 2_000);
}

async function history() {
  const record = await world.store.get(reference);
  return toSteps(record?.steps ?? []).map(({ by, what, fields, code }) =>
    [by, what, fields.join(' '), code].filter(Boolean).join(' '),
  );
}

/** Of the record after one more event, before anything is done about it. */
async function bytesWhilePending(): Promise<number> {
  await tell({ lastName: 'Last' }, 'user.updated');
  const key = { reference: { S: reference } };
  const { Item = {} } = await world.client.send(new GetItemCommand({ TableName: tableName, Key: key }));
  return itemBytes(Item);
}

test('who told what and what was done are written down in their order, and a repeat adds nothing', async () => {
  const signup = { email: 'a@x.example', firstName: 'A' };
  await deliver(signup, 'user.created');
  const { facts } = (await world.store.get(reference)) ?? {};
  await deliver({ disabled: true }, 'user.banned');
  const before = await history();
  expect(before).toEqual([
    'clerk user.created email firstName',
    'roq create',
    'clerk user.banned disabled',
    'roq update active',
  ]);
  const why = { by: 'clerk', what: 'user.created', toldAt: at };
  await world.store.fold(reference, facts ?? {}, randomUUID(), leaseMs, { why });
  // Said again, later.
  await deliver({ disabled: true }, 'user.banned');
  expect(await history()).toEqual(before);
});

test('what is told while somebody converges the user is written down as well', async () => {
  const first = await tell({ email: 'a@x.example' }, 'user.created');
  await tell({ firstName: 'A' }, 'user.updated');
  await converge(world.ports, first.leased ? [first.leased] : [], world.now() + 2_000);
  expect(await history()).toEqual([
    'clerk user.created email',
    'clerk user.updated firstName',
    'roq create',
    'roq update firstName',
  ]);
});

test('an outage is one step, however often it was tried, and what it ended with another', async () => {
  await deliver({ email: 'a@x.example' }, 'user.created');
  world.roqServer.fail.always({ how: 'throttle' });
  await deliver({ firstName: 'B' }, 'user.updated');
  await world.drain(3);
  world.roqServer.fail.clear();
  await world.drain();
  expect(await history()).toEqual([
    'clerk user.created email',
    'roq create',
    'clerk user.updated firstName',
    'roq retry roq_throttled',
    'roq update firstName',
  ]);
});

test.each([
  ['few values', {}, 13],
  ['long ones', { customData: JSON.stringify({ a: 'a'.repeat(300) }) }, 4],
])(
  'of a user of %s the record keeps as many as fit into one write unit, and four at least',
  async (_of, more, least) => {
    await deliver({ email: 'a@x.example', firstName: 'A', ...more }, 'user.created');
    for (let i = 0; i < 30; i++) await deliver({ lastName: `L${i}` }, 'user.updated');
    const kept = await history();
    expect(kept.length).toBeGreaterThanOrEqual(least);
    expect(kept.length).toBeLessThanOrEqual(20);
    expect(kept.at(-1)).toBe('roq update lastName');
    if (least > 4) expect(await bytesWhilePending()).toBeLessThanOrEqual(1024);
  },
);
