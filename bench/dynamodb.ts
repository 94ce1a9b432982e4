// The benchmark's DynamoDB, in memory: as much of the protocol as the contenders use, and what each call would cost.
// It is fast, so that it is not what is measured: dynalite takes some hundred writes a second.

import {
  type BatchGetItemCommandInput,
  ConditionalCheckFailedException,
  type DeleteItemCommandInput,
  type GetItemCommandInput,
  type PutItemCommandInput,
  type QueryCommandInput,
  type ScanCommandInput,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import type { Item } from '../lib/dynamodb/record.ts';
import { parseCondition, parseUpdate, refuse } from '../test/simulation/expressions.ts';
import { indexUnits, readUnits, writeUnits } from './capacity.ts';
import { Table, type TableShape } from './table.ts';

export type Units = { readUnits: number; writeUnits: number };

type Conditional = {
  readonly ConditionExpression?: string | undefined;
  readonly ExpressionAttributeNames?: Record<string, string> | undefined;
  readonly ExpressionAttributeValues?: Item | undefined;
  readonly ReturnValuesOnConditionCheckFailure?: string | undefined;
};

/** The tables of infra/tables.yml, and the one that Powertools' documentation describes. */
export const shapes: Readonly<Record<string, TableShape>> = {
  users: {
    key: ['reference'],
    index: {
      hash: 'shard',
      range: 'dueAt',
      projected: ['reference', 'shard', 'dueAt', 'pendingSince', 'attempts', 'lastError'],
    },
  },
  state: { key: ['kind', 'id'] },
  idempotency: { key: ['id'] },
};

export type Engine = ReturnType<typeof createEngine>;

export function createEngine() {
  const tables = new Map(Object.entries(shapes).map(([name, shape]) => [name, new Table(shape)]));
  const units: Units = { readUnits: 0, writeUnits: 0 };
  const operations = { GetItem, BatchGetItem, PutItem, UpdateItem, DeleteItem, Query, Scan };
  return { execute, units };

  /** Carries out one operation by its name. @throws ConditionalCheckFailedException, or what `refuse` throws */
  function execute(operation: string, input: object): object {
    const run = (operations as Record<string, ((input: never) => object) | undefined>)[operation];
    return run ? run(input as never) : refuse(`no such operation: ${operation}`);
  }

  function GetItem({ TableName, Key = {}, ConsistentRead }: GetItemCommandInput) {
    const item = tableOf(TableName).get(Key);
    units.readUnits += readUnits([item], ConsistentRead ?? false);
    return item ? { Item: item } : {};
  }

  function BatchGetItem({ RequestItems = {} }: BatchGetItemCommandInput) {
    const read = Object.entries(RequestItems).map(([name, { Keys = [], ConsistentRead = false }]) => {
      const found = Keys.map((key) => tableOf(name).get(key));
      for (const item of found) units.readUnits += readUnits([item], ConsistentRead);
      return [name, found.filter((item) => item !== undefined)];
    });
    return { Responses: Object.fromEntries(read), UnprocessedKeys: {} };
  }

  function PutItem({ TableName, Item: item = {}, ...conditional }: PutItemCommandInput) {
    const table = tableOf(TableName);
    write(table, table.keyOf(item), conditional, () => item);
    return {};
  }

  function DeleteItem({ TableName, Key = {}, ...conditional }: DeleteItemCommandInput) {
    write(tableOf(TableName), Key, conditional, () => null);
    return {};
  }

  function UpdateItem(input: UpdateItemCommandInput) {
    const { TableName, Key = {}, UpdateExpression = '', ReturnValues, ...conditional } = input;
    const { apply } = parseUpdate(UpdateExpression);
    const after = write(tableOf(TableName), Key, conditional, (before) =>
      apply({ ...before, ...Key }, toGiven(conditional)),
    );
    return ReturnValues === 'ALL_NEW' ? { Attributes: after } : {};
  }

  function write(
    table: Table,
    key: Item,
    conditional: Conditional,
    change: (before: Item | undefined) => Item | null,
  ): Item | null {
    const before = table.get(key);
    const { ConditionExpression: text } = conditional;
    if (text !== undefined && !parseCondition(text).test(before ?? {}, toGiven(conditional))) {
      units.writeUnits += writeUnits(before, undefined);
      const isTold = before && conditional.ReturnValuesOnConditionCheckFailure === 'ALL_OLD';
      throw new ConditionalCheckFailedException({
        message: 'The conditional request failed',
        $metadata: {},
        ...(isTold && { Item: before }),
      });
    }
    const after = change(before);
    const entry = table.put(key, after);
    const { hash = '', range = '' } = table.shape.index ?? {};
    units.writeUnits += writeUnits(before, after ?? undefined);
    units.writeUnits += indexUnits(entry.before, entry.after, [hash, range]);
    return after;
  }

  function Query(input: QueryCommandInput) {
    const table = tableOf(input.TableName);
    const values = input.ExpressionAttributeValues ?? {};
    const hash = Object.values(values).find(({ S }) => S !== undefined)?.S ?? '';
    const part = input.IndexName ? table.part(hash) : table.under(hash);
    const start = input.ExclusiveStartKey ? placeAfter(table, part, input.ExclusiveStartKey) : 0;
    const { test } = parseCondition(input.KeyConditionExpression ?? '');
    const page = part.slice(start, start + (input.Limit ?? 1_000));
    const found = page.filter((entry) => test(entry, toGiven(input)));
    units.readUnits += readUnits(found, input.ConsistentRead ?? false);
    // In the order of the range nothing follows what is past its bound.
    const isCut = found.length === page.length && start + page.length < part.length;
    const next = isCut && found.length > 0 && { LastEvaluatedKey: found.at(-1) };
    return { Count: found.length, ...(input.Select !== 'COUNT' && { Items: found }), ...next };
  }

  function Scan({ TableName, Limit = 1_000, ExclusiveStartKey, ConsistentRead }: ScanCommandInput) {
    const { items, next } = tableOf(TableName).page(ExclusiveStartKey, Limit);
    units.readUnits += readUnits(items, ConsistentRead ?? false);
    return { Items: items, Count: items.length, ...(next && { LastEvaluatedKey: next }) };
  }

  function tableOf(name: string | undefined): Table {
    return tables.get(name ?? '') ?? refuse(`no such table: ${name}`);
  }
}

function placeAfter(table: Table, part: readonly Item[], startKey: Item): number {
  const place = table.placeOf(startKey, part);
  const isThere = table.keyOf(part[place] ?? {}).reference?.S === startKey.reference?.S;
  return isThere ? place + 1 : place;
}

function toGiven({ ExpressionAttributeNames = {}, ExpressionAttributeValues = {} }: Conditional) {
  return { names: ExpressionAttributeNames, values: ExpressionAttributeValues };
}
