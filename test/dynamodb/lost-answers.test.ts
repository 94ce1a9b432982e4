// DynamoDB makes a write and its answer is lost, so that the client makes it again: it must know its own.

import { randomUUID } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDocuments } from '../../lib/dynamodb/documents.ts';
import { createStore } from '../../lib/dynamodb/store.ts';
import { newAudit } from '../../lib/jobs/audit-job.ts';
import { runJob, runJobs, type StoredJob, startJob } from '../../lib/jobs/jobs.ts';
import { createCeiling } from '../../lib/sync/ceiling.ts';
import { createConcurrency } from '../../lib/sync/concurrency.ts';
import { toFacts } from '../../lib/user.ts';
import { startTable, stateTableName, tableName } from '../support/table.ts';
import { startWorld, type World } from '../support/world.ts';

const nowMs = Date.parse('2026-03-01T00:00:00Z');
const now = () => nowMs;

let table: Awaited<ReturnType<typeof startTable>>;
let world: World;

beforeAll(async () => {
  [table, world] = await Promise.all([startTable(), startWorld()]);
});
afterAll(async () => {
  await Promise.all([table.close(), world.close()]);
});

test('a part that is taken off a count is taken off once', async () => {
  const documents = createDocuments({ client: losing(':refund'), tableName: stateTableName, now });
  const ceiling = { documents, limits: { count: 10, share: 0 } };
  const run = randomUUID();
  // Of ten in the run two find room in the hour, and eight go back.
  expect(await createCeiling(ceiling)(8, 'disabled')).toBe(8);
  expect(await createCeiling(ceiling, run)(10, 'disabled')).toBe(2);
  expect(await documents.spent(`run#${run}#disabled`)).toBe(2);
});

test.each([
  ['a mark', ':synced', 'mark'],
  ['a postponement', ':code', 'postpone'],
  ['a parking', ':code', 'park'],
  ['a holding', 'held#', 'hold'],
] as const)('%s is written, and its lease not lost', async (_, losesFirst, write) => {
  const store = createStore({ client: losing(losesFirst), tableName, now });
  const { leased } = await store.fold(
    randomUUID(),
    toFacts({ email: 'a@x.example' }, 1),
    randomUUID(),
    40_000,
  );
  if (!leased) throw new Error('the lease is taken');
  const found = { roqId: 'r1', observed: null };
  const writes = {
    mark: () => store.mark(leased, found, null),
    postpone: () => store.postpone(leased, found, 'roq_throttled', nowMs + 5_000),
    park: () => store.park(leased, found, 'roq_refused'),
    hold: () => store.hold(leased, found),
  };
  expect(await writes[write]()).toEqual({ is: 'written' });
});

test('what is folded under somebody’s lease is folded once', async () => {
  const store = createStore({ client: losing('dueAt = leaseUntil'), tableName, now });
  const reference = randomUUID();
  await store.fold(reference, toFacts({ email: 'a@x.example' }, 1), 'holder', 40_000);
  await store.fold(reference, toFacts({ firstName: 'A' }, 2), 'other', 40_000);
  expect(await store.get(reference)).toMatchObject({ version: 2, lease: { owner: 'holder' } });
});

test('a document over a revision is its own writer’s, and a job that ends so has its line', async () => {
  const client = losing('\\"state\\":\\"done\\"');
  const documents = createDocuments({ client, tableName: stateTableName, now });
  const app = { ...world.ports, documents };
  const id = `audit-${randomUUID()}`;
  const budget = () => ({
    deadline: world.now() + 60_000,
    leaseMs: 90_000,
    concurrency: createConcurrency({ max: 8 }),
  });
  await startJob(app, id, newAudit({ apply: false, adopt: false }));
  await runJob(app, id, budget());
  await runJobs(app, budget());
  expect((await documents.get<StoredJob>('job', id))?.document.state).toBe('done');
  expect(world.lines.filter(({ message }) => message === 'job')).toHaveLength(1);
});

/** A client of which one call, known by a part of its body, is made and its answer lost. */
function losing(part: string): DynamoDBClient {
  const client = new DynamoDBClient({
    endpoint: table.url,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const { requestHandler } = client.config;
  const handle = requestHandler.handle.bind(requestHandler);
  let isLost = false;
  requestHandler.handle = async (request, options) => {
    const answer = await handle(request, options);
    if (isLost || !String(request.body).includes(part)) return answer;
    isLost = true;
    throw Object.assign(new Error('lost'), { name: 'TimeoutError' });
  };
  return client;
}
