// What DynamoDB charges for an operation, in request units, by its own rules.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html

import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { itemBytes } from '../lib/dynamodb/item-bytes.ts';
import type { Item } from '../lib/dynamodb/record.ts';

/** Of one write; a write whose condition fails is charged as well, by the item that stood against it. */
export function writeUnits(before: Item | undefined, after: Item | undefined): number {
  return Math.max(1, Math.ceil(Math.max(itemBytes(before ?? {}), itemBytes(after ?? {})) / 1024));
}

/** What the write costs in an index besides: nothing where the entry stays as it is. */
export function indexUnits(
  before: Item | undefined,
  after: Item | undefined,
  key: readonly string[],
): number {
  if (!before && !after) return 0;
  if (!before || !after) return writeUnits(before, after);
  if (key.some((name) => !isSame(before[name], after[name]))) {
    return writeUnits(before, undefined) + writeUnits(undefined, after);
  }
  const names = Object.keys({ ...before, ...after });
  return names.every((name) => isSame(before[name], after[name])) ? 0 : writeUnits(before, after);
}

/** Of items that one page reads; a read that is not consistent costs half. */
export function readUnits(items: readonly (Item | undefined)[], isConsistent: boolean): number {
  const bytes = items.reduce((sum, item) => sum + itemBytes(item ?? {}), 0);
  return Math.max(1, Math.ceil(bytes / 4096)) * (isConsistent ? 1 : 0.5);
}

function isSame(one: AttributeValue | undefined, other: AttributeValue | undefined): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
