import { randomUUID } from 'node:crypto';
import { BatchWriteItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createQueries, type Queries } from '../../lib/dynamodb/queries.ts';
import { type Item, type Queue, type Queued, shardOf, shardsOf } from '../../lib/dynamodb/record.ts';
import { startTable, tableName } from '../support/table.ts';

let table: Awaited<ReturnType<typeof startTable>>;
let queries: Queries;

beforeAll(async () => {
  table = await startTable();
  queries = createQueries({ client: table.client, tableName });
});
afterAll(() => table.close());

describe('what is due', () => {
  test('comes in pages, the longest due first, without what is due later or stands in another queue', async () => {
    const due = Array.from({ length: 60 }, (_, i) => ({ reference: randomUUID(), dueAt: 1_000 + (i % 50) }));
    const later = Array.from({ length: 20 }, () => ({ reference: randomUUID(), dueAt: 1_050 }));
    const parked = { reference: randomUUID(), dueAt: 1_000 };
    await write([...due, ...later].map((entry) => queuedItem('pending', entry)));
    await write([queuedItem('parked', parked)]);
    const found = await Promise.all(shardsOf('pending').map((shard) => allDue(shard, 1_049, 7)));
    expect(found.flat().sort()).toEqual(due.map(({ reference }) => reference).sort());
    const dueAtOf = new Map<string, number>(due.map(({ reference, dueAt }) => [reference, dueAt]));
    for (const shard of found) {
      const times = shard.map((reference) => dueAtOf.get(reference) ?? 0);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
    }
  });

  test('is nothing where nothing is queued', async () => {
    expect(await queries.due('pending#none', 9_999_999, 10)).toEqual({ entries: [], next: null });
  });
});

describe('a queue', () => {
  test('of many pages is counted and listed whole, each record once', async () => {
    // 1 MB ends a page of a count, 1,000 entries one of the list.
    const references = Array.from({ length: 1_010 }, (_, i) => `${i}-${'x'.repeat(1_500)}`);
    await write(
      references.map((reference) => queuedItem('held', { reference, dueAt: 5 }, shardOf('held', 'all'))),
    );
    expect(await queries.count('held')).toBe(1_010);
    const listed = await Array.fromAsync(queries.queued('held'));
    expect(listed.map(({ reference }) => reference).sort()).toEqual(references.toSorted());
  });

  test('says of each record why and since when', async () => {
    const entry: Queued = {
      reference: randomUUID(),
      dueAt: 5_000,
      pendingSince: 4_000,
      attempts: 3,
      lastError: 'roq_throttled',
    };
    await write([queuedItem('waiting', entry)]);
    expect(await Array.fromAsync(queries.queued('waiting'))).toEqual([entry]);
    expect(await queries.count('waiting')).toBe(1);
  });
});

describe('records of the whole table', () => {
  test('come page by page, each once, and whole', async () => {
    const all: string[] = [];
    let after: string | null = null;
    do {
      const { records, next }: Awaited<ReturnType<Queries['page']>> = await queries.page(after, 100);
      expect(records.length).toBeLessThanOrEqual(100);
      all.push(...records.map(({ reference }) => reference));
      after = next;
    } while (after !== null);
    expect(new Set(all).size).toBe(all.length);
    expect(all).toHaveLength(60 + 20 + 1 + 1_010 + 1);
  });

  test('are found by their references, over a hundred of them, and who has none is left out', async () => {
    const there = Array.from({ length: 130 }, () => randomUUID());
    await write(
      there.map((reference) => ({ reference: { S: reference }, roqId: { S: `roq-${reference}` } })),
    );
    const missing = Array.from({ length: 120 }, () => randomUUID());
    const asked = there.flatMap((reference, i) => [reference, missing[i] ?? reference, reference]);
    const found = await queries.getMany(asked);
    expect([...found.keys()].sort()).toEqual(there.toSorted());
    for (const [reference, record] of found) {
      expect(record).toMatchObject({ reference, roqId: `roq-${reference}` });
    }
    expect(await queries.getMany([])).toEqual(new Map());
  });

  test('that a busy table leaves out are asked for again', async () => {
    const references = Array.from({ length: 30 }, () => randomUUID());
    await write(references.map((reference) => ({ reference: { S: reference } })));
    const found = await createQueries({ client: busyClient(10, 2), tableName }).getMany(references);
    expect([...found.keys()].sort()).toEqual(references.toSorted());
  });

  test('that a busy table leaves out again and again are not taken for missing', async () => {
    const busy = createQueries({ client: busyClient(1, Number.POSITIVE_INFINITY), tableName });
    await expect(busy.getMany(Array.from({ length: 10 }, () => randomUUID()))).rejects.toMatchObject({
      code: 'store_unavailable',
    });
  });
});

test('whoever has been in a queue for longest is the first of its partition', async () => {
  const entries = Array.from({ length: 40 }, (_, i) => ({ reference: randomUUID(), dueAt: 10 + i }));
  await write(entries.map((entry) => queuedItem('waiting', entry)));
  const first = new Map(
    entries.toReversed().map((entry) => [shardOf('waiting', entry.reference), entry.reference]),
  );
  const heads = (await queries.heads('waiting')).map(({ reference }) => reference);
  expect(heads.sort()).toEqual([...first.values()].sort());
});

/** Pages of one shard, of at most `limit` entries. */
async function allDue(shard: string, untilMs: number, limit: number): Promise<readonly string[]> {
  const entries: string[] = [];
  let after: Item | null = null;
  do {
    const page: Awaited<ReturnType<Queries['due']>> = await queries.due(shard, untilMs, limit, after);
    expect(page.entries.length).toBeLessThanOrEqual(limit);
    entries.push(...page.entries);
    after = page.next;
  } while (after);
  return entries;
}

function queuedItem(
  queue: Queue,
  entry: Partial<Queued> & Pick<Queued, 'reference' | 'dueAt'>,
  shard = shardOf(queue, entry.reference),
): Item {
  const { reference, dueAt, pendingSince = 1, attempts = 0, lastError = null } = entry;
  return {
    reference: { S: reference },
    shard: { S: shard },
    dueAt: { N: String(dueAt) },
    pendingSince: { N: String(pendingSince) },
    attempts: { N: String(attempts) },
    ...(lastError && { lastError: { S: lastError } }),
    // No part of the index.
    email: { M: { value: { S: 'a@x.example' }, at: { N: '1' } } },
  };
}

async function write(items: readonly Item[]): Promise<void> {
  for (let i = 0; i < items.length; i += 25) {
    const requests = items.slice(i, i + 25).map((Item) => ({ PutRequest: { Item } }));
    await table.client.send(new BatchWriteItemCommand({ RequestItems: { [tableName]: requests } }));
  }
}

/** Of a table that reads but `share` keys of a batch, the first `times`. */
function busyClient(share: number, times: number): DynamoDBClient {
  const client = new DynamoDBClient({
    endpoint: table.url,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  let left = times;
  client.middlewareStack.add(
    (next) => async (args) => {
      const { RequestItems } = args.input as { RequestItems: Record<string, { Keys: Item[] }> };
      const all = RequestItems[tableName]?.Keys ?? [];
      if (left-- <= 0) return next(args);
      const read = { [tableName]: { ...RequestItems[tableName], Keys: all.slice(0, share) } };
      const answer = await next({ ...args, input: { ...args.input, RequestItems: read } });
      const UnprocessedKeys = { [tableName]: { Keys: all.slice(share) } };
      return { ...answer, output: { ...answer.output, UnprocessedKeys } };
    },
    { step: 'initialize' },
  );
  return client;
}
