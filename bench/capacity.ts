// What DynamoDB charges for an operation, in request units, by its own rules.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html

import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { Item } from '../lib/dynamodb/record.ts';

/** The bytes of an item as DynamoDB counts them: the names of its attributes and their values. */
export function itemBytes(item: Item | undefined): number {
  let bytes = 0;
  for (const [name, value] of Object.entries(item ?? {}))
    bytes += Buffer.byteLength(name) + valueBytes(value);
  return bytes;
}

/** Of one write; a write whose condition fails is charged as well, by the item that stood against it. */
export function writeUnits(before: Item | undefined, after: Item | undefined): number {
  return Math.max(1, Math.ceil(Math.max(itemBytes(before), itemBytes(after)) / 1024));
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
  const bytes = items.reduce((sum, item) => sum + itemBytes(item), 0);
  return Math.max(1, Math.ceil(bytes / 4096)) * (isConsistent ? 1 : 0.5);
}

function isSame(one: AttributeValue | undefined, other: AttributeValue | undefined): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function valueBytes(value: AttributeValue): number {
  if (value.S !== undefined) return Buffer.byteLength(value.S);
  // Two digits a byte, and one for the exponent.
  if (value.N !== undefined) return Math.ceil(value.N.replace(/[^\d]/g, '').length / 2) + 1;
  if (value.B !== undefined) return value.B.length;
  if (value.M) return 3 + itemBytes(value.M) + Object.keys(value.M).length;
  if (value.L) return 3 + value.L.reduce((sum, element) => sum + valueBytes(element) + 1, 0);
  return 1;
}
