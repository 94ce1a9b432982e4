import { randomUUID } from 'node:crypto';
import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createDocuments, type Documents } from '../../lib/dynamodb/documents.ts';
import { startTable, stateTableName } from '../support/table.ts';

const keepMs = 60_000;

let table: Awaited<ReturnType<typeof startTable>>;
let documents: Documents;
let nowMs: number;
let id: string;

beforeAll(async () => {
  table = await startTable();
  documents = createDocuments({ client: table.client, tableName: stateTableName, now: () => nowMs });
});
afterAll(() => table.close());
beforeEach(() => {
  nowMs = 1_000_000;
  id = randomUUID();
});

describe('spending', () => {
  test('fifty at once, whatever each wants, are granted exactly the limit', async () => {
    const wants = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 50, maxLength: 50 });
    await fc.assert(
      fc.asyncProperty(wants, fc.integer({ min: 0, max: 300 }), async (wanted, limit) => {
        const count = randomUUID();
        const granted = await Promise.all(wanted.map((part) => documents.spend(count, part, limit, keepMs)));
        expect(granted.every((part, i) => part >= 0 && part <= (wanted[i] ?? 0))).toBe(true);
        expect(sum(granted)).toBe(Math.min(limit, sum(wanted)));
        expect(await documents.spend(count, 1_000, limit, keepMs)).toBe(limit - sum(granted));
      }),
      { numRuns: 10 },
    );
  });

  test('what finds no room as a whole is granted in part', async () => {
    expect(await documents.spend(id, 7, 10, keepMs)).toBe(7);
    expect(await documents.spend(id, 7, 10, keepMs)).toBe(3);
    expect(await documents.spend(id, 7, 10, keepMs)).toBe(0);
    expect(await documents.spend(id, 7, 12, keepMs)).toBe(2);
    expect(await documents.spend(id, 7, 5, keepMs)).toBe(0);
  });

  test('more than the limit at once is granted up to it', async () => {
    expect(await documents.spend(id, 50, 10, keepMs)).toBe(10);
    expect(await documents.spend(`${id}-none`, 50, 0, keepMs)).toBe(0);
  });

  test('what is given back can be spent again, and nothing more', async () => {
    await documents.spend(id, 10, 10, keepMs);
    await documents.refund(id, 4);
    expect(await documents.spend(id, 10, 10, keepMs)).toBe(4);
  });

  test('giving back to a count that is forgotten leaves none behind', async () => {
    await documents.refund(id, 4);
    expect(await item('count')).toBeUndefined();
  });

  test('a count is forgotten in whole seconds after its last change', async () => {
    nowMs = 1_000_500;
    await documents.spend(id, 1, 10, 1_000);
    expect((await item('count'))?.expiresAt).toEqual({ N: '1002' });
    nowMs += 10_000;
    await documents.spend(id, 1, 10, 1_000);
    expect((await item('count'))?.expiresAt).toEqual({ N: '1012' });
  });
});

describe('documents', () => {
  test('come back as they were stored, with a revision that every change raises', async () => {
    expect(await documents.get('job', id)).toBeNull();
    const document = { name: 'Zoë "😀"', list: [1, null, { deep: true }] };
    expect(await documents.put('job', id, document, 0)).toBe(true);
    expect(await documents.get('job', id)).toEqual({ id, document, revision: 1 });
    expect(await documents.put('job', id, { other: 1 }, 1)).toBe(true);
    expect(await documents.get('job', id)).toEqual({ id, document: { other: 1 }, revision: 2 });
  });

  test.each([
    ['that was there before', 1],
    ['that was not there', 0],
  ])('of twenty who change one %s at once, one succeeds', async (_, over) => {
    if (over > 0) await documents.put('job', id, { by: 'before' }, 0);
    const tries = Array.from({ length: 20 }, (_, by) => documents.put('job', id, { by }, over));
    const done = await Promise.all(tries);
    expect(done.filter((isDone) => isDone)).toHaveLength(1);
    expect(await documents.get('job', id)).toEqual({
      id,
      document: { by: done.indexOf(true) },
      revision: over + 1,
    });
  });

  test('no change is lost among many who read, change and try again', async () => {
    const add = async () => {
      for (;;) {
        const entry = await documents.get<{ sum: number }>('job', id);
        const document = { sum: (entry?.document.sum ?? 0) + 1 };
        if (await documents.put('job', id, document, entry?.revision ?? 0)) return;
      }
    };
    await Promise.all(Array.from({ length: 12 }, add));
    expect(await documents.get('job', id)).toEqual({ id, document: { sum: 12 }, revision: 12 });
  });

  test('who read before somebody overwrote it, whatever was there, is told so', async () => {
    await documents.put('job', id, { by: 'reader' }, 0);
    await documents.put('job', id, { by: 'other' }, null);
    expect(await documents.put('job', id, { by: 'reader' }, 1)).toBe(false);
    expect(await documents.get('job', id)).toEqual({ id, document: { by: 'other' }, revision: 2 });
  });

  test('are forgotten so long after their last change, and kept if that says nothing of it', async () => {
    nowMs = 2_000_001;
    await documents.put('job', id, {}, 0, 5_000);
    expect((await item('job'))?.expiresAt).toEqual({ N: '2006' });
    await documents.put('job', id, {}, 1);
    expect((await item('job'))?.expiresAt).toBeUndefined();
  });

  test('that are removed are gone, and removing again does no harm', async () => {
    await documents.put('running', id, {}, null);
    await documents.remove('running', id);
    await documents.remove('running', id);
    expect(await documents.get('running', id)).toBeNull();
  });

  test('of one kind are listed over many pages in the order of their ids', async () => {
    // DynamoDB ends a page at 1 MB.
    const filling = 'x'.repeat(300_000);
    const ids = Array.from({ length: 9 }, (_, i) => `${id}-${i}`);
    await Promise.all(ids.map((each) => documents.put('stranger', each, { reference: each, filling }, null)));
    await documents.put('duplicate', id, {}, null);
    expect(await listed('stranger')).toEqual(ids);
    expect(await listed('duplicate')).toEqual([id]);
    for await (const entry of documents.list('stranger')) await documents.remove('stranger', entry.id);
    expect(await listed('stranger')).toEqual([]);
  });
});

test('a table that cannot be reached is said to be unavailable', async () => {
  const lost = createDocuments({ client: table.client, tableName: 'no-such-table', now: () => nowMs });
  const unavailable = { name: 'UnavailableError', code: 'store_unavailable' };
  await expect(lost.spend(id, 1, 1, keepMs)).rejects.toMatchObject(unavailable);
  await expect(lost.refund(id, 1)).rejects.toMatchObject(unavailable);
  await expect(lost.put('job', id, {}, 0)).rejects.toMatchObject(unavailable);
  await expect(lost.get('job', id)).rejects.toMatchObject(unavailable);
});

async function listed(kind: 'stranger' | 'duplicate'): Promise<readonly string[]> {
  return (await Array.fromAsync(documents.list(kind))).map((entry) => entry.id);
}

async function item(kind: 'count' | 'job') {
  const Key = { kind: { S: kind }, id: { S: id } };
  return (await table.client.send(new GetItemCommand({ TableName: stateTableName, Key }))).Item;
}

function sum(parts: readonly number[]): number {
  return parts.reduce((total, part) => total + part, 0);
}
