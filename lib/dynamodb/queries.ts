// Many records at once: what is due or queued, by the sparse index, and pages of the whole table.

import {
  type AttributeValue,
  BatchGetItemCommand,
  QueryCommand,
  type QueryCommandOutput,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import { UnavailableError } from '../errors.ts';
import { reach, type TableOptions } from './client.ts';
import { shardName } from './expressions.ts';
import {
  type Item,
  numberAttribute,
  type Queue,
  type Queued,
  shardsOf,
  toQueued,
  toRecord,
  type UserRecord,
} from './record.ts';

/** One page of a list; `next` null = the last one. */
export type Page<Entry> = { readonly entries: readonly Entry[]; readonly next: Item | null };

export type Queries = ReturnType<typeof createQueries>;

// What DynamoDB takes in one BatchGetItem.
const maxKeys = 100;

// A table that is busy may leave keys out this often in a row before it counts as unavailable.
const maxRounds = 8;

export function createQueries({ client, tableName }: Omit<TableOptions, 'now'>) {
  return { due, queued, heads, count, page, getMany };

  /**
   * References in one partition of the index that are due by `untilMs`, the longest due first.
   * The index lags behind the table: read the record before acting on it.
   */
  async function due(
    shard: string,
    untilMs: number,
    limit: number,
    after: Item | null = null,
  ): Promise<Page<string>> {
    const { Items, LastEvaluatedKey } = await query(shard, {
      condition: ' AND dueAt <= :until',
      values: { ':until': numberAttribute(untilMs) },
      limit,
      after,
    });
    return {
      entries: (Items ?? []).map((item) => toRecord(item).reference),
      next: LastEvaluatedKey ?? null,
    };
  }

  /** What stands in a queue, in pages, each with why and since when. */
  async function* queued(queue: Queue): AsyncGenerator<Queued> {
    for (const shard of shardsOf(queue)) {
      let after: Item | null = null;
      do {
        const { Items, LastEvaluatedKey }: QueryCommandOutput = await query(shard, { limit: 1_000, after });
        yield* (Items ?? []).map(toQueued);
        after = LastEvaluatedKey ?? null;
      } while (after);
    }
  }

  /** The first entry of each partition: whoever entered a queue of those that are not due by themselves first. */
  async function heads(queue: Queue): Promise<readonly Queued[]> {
    const pages = await Promise.all(shardsOf(queue).map((shard) => query(shard, { limit: 1, after: null })));
    return pages.flatMap(({ Items }) => (Items ?? []).map(toQueued));
  }

  /** How many records stand in a queue, counted where they are: none is sent. */
  async function count(queue: Queue): Promise<number> {
    let sum = 0;
    for (const shard of shardsOf(queue)) {
      let after: Item | null = null;
      do {
        const { Count, LastEvaluatedKey }: QueryCommandOutput = await query(shard, { counts: true, after });
        sum += Count ?? 0;
        after = LastEvaluatedKey ?? null;
      } while (after);
    }
    return sum;
  }

  /** Records of the whole table, in no order that means anything; `after`: the last reference of the page before. */
  async function page(
    after: string | null,
    limit: number,
  ): Promise<{ readonly records: readonly UserRecord[]; readonly next: string | null }> {
    const { Items, LastEvaluatedKey } = await reach(() =>
      client.send(
        new ScanCommand({
          TableName: tableName,
          Limit: limit,
          ConsistentRead: true,
          ...(after !== null && { ExclusiveStartKey: { reference: { S: after } } }),
        }),
      ),
    );
    return { records: (Items ?? []).map(toRecord), next: LastEvaluatedKey?.reference?.S ?? null };
  }

  /** The records of these references, read consistently; those that have none are left out. */
  async function getMany(references: readonly string[]): Promise<ReadonlyMap<string, UserRecord>> {
    const found = new Map<string, UserRecord>();
    const unique = [...new Set(references)];
    while (unique.length > 0) {
      for (const record of await getBatch(unique.splice(0, maxKeys))) found.set(record.reference, record);
    }
    return found;
  }

  async function getBatch(references: readonly string[]): Promise<readonly UserRecord[]> {
    const records: UserRecord[] = [];
    let keys: Item[] = references.map((reference) => ({ reference: { S: reference } }));
    for (let round = 0; round < maxRounds; round++) {
      const request = { [tableName]: { Keys: keys, ConsistentRead: true } };
      const { Responses, UnprocessedKeys } = await reach(() =>
        client.send(new BatchGetItemCommand({ RequestItems: request })),
      );
      records.push(...(Responses?.[tableName] ?? []).map(toRecord));
      keys = UnprocessedKeys?.[tableName]?.Keys ?? [];
      if (keys.length === 0) return records;
    }
    throw new UnavailableError('store_unavailable', 'DynamoDB left keys of a batch unread');
  }

  function query(shard: string, options: QueryOptions): Promise<QueryCommandOutput> {
    const { condition = '', values = {}, limit, after, counts = false } = options;
    return reach(() =>
      client.send(
        new QueryCommand({
          TableName: tableName,
          IndexName: 'pending',
          KeyConditionExpression: `#shard = :shard${condition}`,
          ExpressionAttributeNames: shardName,
          ExpressionAttributeValues: { ':shard': { S: shard }, ...values },
          ...(counts && { Select: 'COUNT' }),
          ...(limit && { Limit: limit }),
          ...(after && { ExclusiveStartKey: after }),
        }),
      ),
    );
  }
}

type QueryOptions = {
  readonly condition?: string;
  readonly values?: Record<string, AttributeValue>;
  readonly limit?: number;
  readonly counts?: boolean;
  readonly after: Item | null;
};
