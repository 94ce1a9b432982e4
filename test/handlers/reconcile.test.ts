import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { UnavailableError } from '../../lib/errors.ts';
import { createHandler } from '../../lib/handlers/reconcile.ts';
import { newAudit } from '../../lib/jobs/audit-job.ts';
import { type StoredJob, startJob } from '../../lib/jobs/jobs.ts';
import { startWorld, type World } from '../support/world.ts';

const context = { getRemainingTimeInMillis: () => 55_000 };

let world: World;

beforeEach(async () => {
  world = await startWorld({ pageCap: 100, timeoutMs: 5_000 });
});
afterEach(() => world.close());

test('records that can’t be sent to ROQ, and users whose custom data there break readers, hold up nobody else', async () => {
  const poisoned = [randomUUID(), randomUUID(), randomUUID()];
  const honest = Array.from({ length: 40 }, () => randomUUID());
  const [noJson = '', nested = '', large = ''] = poisoned;
  await world.roq.createUser({ reference: nested, email: 'n@x.example' });
  await world.roq.createUser({ reference: large, email: 'l@x.example' });
  const [deep] = world.usersOf(nested);
  const [blob] = world.usersOf(large);
  if (deep) deep.customData = JSON.parse(`${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`);
  if (blob) blob.customData = { blob: 'x'.repeat(420_000) };
  await world.fold(noJson, { email: 'p@x.example', customData: 'not json' }, 1);
  for (const one of [nested, large]) await world.fold(one, { firstName: 'A', customData: '{"b":1}' }, 1);
  for (const one of honest) await world.fold(one, { email: `${one}@x.example` }, 1);
  const handler = createHandler(world.ports);
  world.pass(60 * 60_000);
  expect(await handler({}, context)).toMatchObject({ done: 41, parked: 1, retry: 1 });
  for (const one of honest) expect(world.usersOf(one)).toHaveLength(1);
  expect(world.usersOf(large)).toMatchObject([{ firstName: 'A', customData: { b: 1 } }]);
  // ROQ itself can not tell of this one.
  expect(await world.record(nested)).toMatchObject({ queue: 'pending', lastError: 'roq_unavailable' });
  // All else of the one that is wrong is there, and it says why it is not in step.
  expect(world.usersOf(noJson)).toMatchObject([{ email: 'p@x.example' }]);
  expect(await world.record(noJson)).toMatchObject({ queue: 'parked', lastError: 'record_invalid' });
});

test('what one step of a minute throws keeps no other step from its turn, and rings', async () => {
  await startJob(world.ports, 'audit-x', newAudit({ apply: false, adopt: false }));
  const failure = new UnavailableError('store_unavailable', 'throttled');
  const queries = {
    ...world.queries,
    due: async () => {
      throw failure;
    },
  };
  const handler = createHandler({ ...world.ports, queries });
  await expect(handler({}, context)).rejects.toBe(failure);
  expect(world.lines.map(({ message }) => message)).toContain('gauges');
  expect((await world.documents.get<StoredJob>('job', 'audit-x'))?.document.state).toBe('done');
});
