// DynamoDB in memory: it obeys conditions, keys and pages as the real one does, and refuses what that refuses.

import {
  type AttributeValue,
  type BatchGetItemCommandInput,
  type BatchWriteItemCommandInput,
  ConditionalCheckFailedException,
  type DeleteItemCommandInput,
  type GetItemCommandInput,
  type PutItemCommandInput,
  type QueryCommandInput,
  ResourceNotFoundException,
  type ScanCommandInput,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import type { Item } from '../../lib/dynamodb/record.ts';
import { type Placeholders, parseCondition, parseUpdate, refuse } from './expressions.ts';
import { copyItem, type IndexShape, Table, type TableShape } from './table.ts';

export type EngineOptions = {
  readonly now: () => number;
  /** How long a write takes to reach the index, in milliseconds. */
  readonly lagMs?: () => number;
  /** The most items that a page looks at. */
  readonly pageItems?: number;
  /** Whether a batch leaves a key unread, to be asked for again. */
  readonly leavesUnread?: () => boolean;
  /** Told of every item that was written. */
  readonly onWrite?: (tableName: string, item: Item) => void;
  /** Called with an item that stood against a write. */
  readonly onRefusal?: (tableName: string, item: Item) => void;
  /** With each item that is read singly. */
  readonly onRead?: (tableName: string, item: Item) => void;
  /** Whether a failed condition comes with the item: DynamoDB tells it, dynalite does not. */
  readonly tellsItem?: boolean;
};

/** Our tables, as serverless.yml has them. */
export const usersShape: TableShape = {
  key: ['reference'],
  index: {
    name: 'pending',
    hash: 'shard',
    range: 'dueAt',
    projected: ['reference', 'shard', 'dueAt', 'pendingSince', 'attempts', 'lastError'],
  },
};
export const stateShape: TableShape = { key: ['kind', 'id'], index: null };

export type Engine = ReturnType<typeof createEngine>;

type Expected = {
  readonly ConditionExpression?: string | undefined;
  readonly ExpressionAttributeNames?: Record<string, string> | undefined;
  readonly ExpressionAttributeValues?: Item | undefined;
  readonly ReturnValuesOnConditionCheckFailure?: string | undefined;
};

/** An engine with these tables in it, empty. */
export function createEngine(shapes: Readonly<Record<string, TableShape>>, options: EngineOptions) {
  const {
    now,
    lagMs = () => 0,
    pageItems = 1_000,
    leavesUnread = () => false,
    tellsItem = true,
    onWrite,
    onRefusal,
    onRead,
  } = options;
  const tables = new Map(Object.entries(shapes).map(([name, shape]) => [name, new Table(shape)]));
  const operations = { GetItem, PutItem, UpdateItem, DeleteItem, Query, Scan, BatchGetItem, BatchWriteItem };
  return { execute, items };

  /** Carries out one operation, by its name in DynamoDB's API. */
  function execute(operation: string, input: object): object {
    const run = (operations as Record<string, ((input: never) => object) | undefined>)[operation];
    return run ? run(input as never) : refuse(`no such operation: ${operation}`);
  }

  /** A table's items as they are, for tests to look at. */
  function items(tableName: string): readonly Item[] {
    return tableOf(tableName).all();
  }

  function tableOf(name: string | undefined): Table {
    const table = tables.get(name ?? '');
    if (!table) throw new ResourceNotFoundException({ message: 'no such table', $metadata: {} });
    return table;
  }

  function GetItem({ TableName, Key }: GetItemCommandInput) {
    const item = tableOf(TableName).get(Key);
    if (item) onRead?.(TableName ?? '', item);
    return item ? { Item: copyItem(item) } : {};
  }

  function PutItem({ TableName, Item: item, ...expected }: PutItemCommandInput) {
    const table = tableOf(TableName);
    check(table.get(table.keyOf(item ?? {})), expected, new Set());
    table.put(copyItem(item ?? {}), now(), lagMs());
    return {};
  }

  function DeleteItem({ TableName, Key, ...expected }: DeleteItemCommandInput) {
    const table = tableOf(TableName);
    check(table.get(Key), expected, new Set());
    table.remove(Key, now(), lagMs());
    return {};
  }

  function UpdateItem({
    TableName,
    Key,
    UpdateExpression = '',
    ReturnValues,
    ...expected
  }: UpdateItemCommandInput) {
    const table = tableOf(TableName);
    const before = table.get(Key);
    const { apply, touched, used } = parseUpdate(UpdateExpression);
    const given = check(before, expected, used, TableName);
    const names = touched.map((name) => given.names[name] ?? name);
    if (new Set(names).size < names.length) refuse('Two document paths overlap with each other');
    if (names.some((name) => table.shape.key.includes(name))) refuse('Cannot update an attribute of the key');
    const after = copyItem(apply({ ...before, ...Key }, given));
    table.put(after, now(), lagMs());
    onWrite?.(TableName ?? '', after);
    return ReturnValues === 'ALL_NEW' ? { Attributes: copyItem(after) } : {};
  }

  /** Refuses what does not fit the request, and throws where the condition fails. */
  function check(
    item: Item | undefined,
    expected: Expected,
    used: ReadonlySet<string>,
    tableName = '',
  ): Placeholders {
    const { ConditionExpression: text } = expected;
    const condition = text === undefined ? null : parseCondition(text);
    const given = placeholders(expected, new Set([...used, ...(condition?.used ?? [])]));
    if (condition && !condition.test(item ?? {}, given)) {
      if (item) onRefusal?.(tableName, item);
      const isTold = tellsItem && item && expected.ReturnValuesOnConditionCheckFailure === 'ALL_OLD';
      throw new ConditionalCheckFailedException({
        message: 'The conditional request failed',
        $metadata: {},
        ...(isTold && { Item: copyItem(item) }),
      });
    }
    return given;
  }

  function Query(input: QueryCommandInput) {
    const table = tableOf(input.TableName);
    const { test, used } = parseCondition(input.KeyConditionExpression ?? refuse('no key condition'));
    const given = placeholders(input, used);
    const index = input.IndexName === undefined ? null : indexOf(table, input.IndexName);
    const found = (index ? table.indexed(now()) : table.all()).filter((item) => test(item, given));
    const sorted = table.sortedBy(index?.range ?? table.shape.key[1] ?? null, found);
    const { page, last } = cut(table, sorted, input, index);
    const count = { Count: page.length, ScannedCount: page.length };
    return { ...count, ...(input.Select !== 'COUNT' && { Items: page.map(copyItem) }), ...last };
  }

  function Scan(input: ScanCommandInput) {
    const table = tableOf(input.TableName);
    const { page, last } = cut(table, table.scattered(), input, null);
    return { Items: page.map(copyItem), Count: page.length, ...last };
  }

  // Like the real one it says that there is more as soon as the limit is reached, even if nothing follows.
  function cut(
    table: Table,
    sorted: readonly Item[],
    { Limit, ExclusiveStartKey }: QueryCommandInput | ScanCommandInput,
    index: IndexShape | null,
  ) {
    if (Limit !== undefined && Limit < 1) refuse('Limit must be at least 1');
    const rest = ExclusiveStartKey ? table.after(sorted, ExclusiveStartKey, index) : sorted;
    const most = Math.min(Limit ?? pageItems, pageItems);
    const page = rest.slice(0, most);
    const end = page.length === most ? page.at(-1) : undefined;
    return { page, last: end ? { LastEvaluatedKey: copyItem(table.startKey(end, index)) } : {} };
  }

  function BatchGetItem({ RequestItems = {} }: BatchGetItemCommandInput) {
    const Responses: Record<string, Item[]> = {};
    const UnprocessedKeys: Record<string, { Keys: Record<string, AttributeValue>[] }> = {};
    for (const [name, { Keys = [] }] of Object.entries(RequestItems)) {
      const table = tableOf(name);
      if (Keys.length > 100 || Keys.length === 0) refuse('a batch holds 1 to 100 keys');
      if (new Set(Keys.map((key) => table.text(key))).size < Keys.length) refuse('a batch names a key twice');
      const unread = Keys.filter(leavesUnread);
      Responses[name] = Keys.filter((key) => !unread.includes(key)).flatMap((key) => {
        const item = table.get(key);
        return item ? [copyItem(item)] : [];
      });
      if (unread.length > 0) UnprocessedKeys[name] = { Keys: unread };
    }
    return { Responses, UnprocessedKeys };
  }

  function BatchWriteItem({ RequestItems = {} }: BatchWriteItemCommandInput) {
    for (const [name, requests] of Object.entries(RequestItems)) {
      for (const { PutRequest } of requests) PutItem({ TableName: name, Item: PutRequest?.Item });
    }
    return { UnprocessedItems: {} };
  }
}

function indexOf({ shape }: Table, name: string): IndexShape {
  return shape.index?.name === name ? shape.index : refuse(`The table has no index ${name}`);
}

/** Every placeholder that is used must be given, and none may be given that is not. */
function placeholders(
  { ExpressionAttributeNames: names = {}, ExpressionAttributeValues: values = {} }: Expected,
  used: ReadonlySet<string>,
): Placeholders {
  const given = [...Object.keys(names), ...Object.keys(values)];
  const unused = given.filter((name) => !used.has(name));
  if (unused.length > 0) refuse(`Given but unused in the expressions: ${unused.join(', ')}`);
  for (const name of used) {
    if (!(name in names || name in values)) refuse(`Used in the expressions but not given: ${name}`);
  }
  return { names, values };
}
