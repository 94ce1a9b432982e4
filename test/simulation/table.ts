// One table of the simulated DynamoDB: its items by key, and its sparse index, which may lag behind.

import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { Item } from '../../lib/dynamodb/record.ts';
import { order, refuse } from './expressions.ts';

export type IndexShape = {
  readonly name: string;
  readonly hash: string;
  readonly range: string;
  readonly projected: readonly string[];
};

export type TableShape = {
  /** The attributes of the key: the partition's, and the sort key's where there is one. */
  readonly key: readonly string[];
  readonly index: IndexShape | null;
};

type Change = { readonly atMs: number; readonly key: string; readonly item: Item | null };

const maxItemBytes = 400 * 1024;
const maxKeyBytes = 2048;

export class Table {
  readonly shape: TableShape;
  readonly #items = new Map<string, Item>();
  #all: readonly Item[] | null = null;
  readonly #index = new Map<string, Item>();
  /** Writes that have not reached the index, in their order. */
  readonly #lagging: Change[] = [];

  constructor(shape: TableShape) {
    this.shape = shape;
  }

  all(): readonly Item[] {
    this.#all ??= [...this.#items.values()];
    return this.#all;
  }

  get(key: Item | undefined): Item | undefined {
    return this.#items.get(this.text(key));
  }

  put(item: Item, nowMs: number, lagMs: number): void {
    const key = this.text(this.keyOf(item));
    this.#checkIndexed(item);
    if (JSON.stringify(item).length > maxItemBytes) refuse('Item size has exceeded the maximum allowed size');
    this.#items.set(key, item);
    this.#all = null;
    this.#change({ atMs: nowMs + lagMs, key, item: this.#project(item) }, nowMs);
  }

  remove(key: Item | undefined, nowMs: number, lagMs: number): void {
    const text = this.text(key);
    this.#items.delete(text);
    this.#all = null;
    this.#change({ atMs: nowMs + lagMs, key: text, item: null }, nowMs);
  }

  /** What the index shows by now. */
  indexed(nowMs: number): readonly Item[] {
    this.#catchUp(nowMs);
    return [...this.#index.values()];
  }

  keyOf(item: Item): Item {
    return Object.fromEntries(this.shape.key.map((name) => [name, item[name] ?? refuse(`No key ${name}`)]));
  }

  /** A key as text; refuses one that is not the table's. */
  text(key: Item | undefined): string {
    const names = Object.keys(key ?? {});
    const isWhole = names.length === this.shape.key.length && this.shape.key.every((name) => key?.[name]?.S);
    if (!isWhole) refuse('The provided key element does not match the schema');
    const texts = this.shape.key.map((name) => key?.[name]?.S ?? '');
    if (texts.some((text) => Buffer.byteLength(text) > maxKeyBytes)) refuse('The key is too long');
    return texts.join('\u0000');
  }

  sortedBy(range: string | null, items: readonly Item[]): readonly Item[] {
    return items.toSorted(
      (one, other) =>
        (range === null ? 0 : (order(one[range], other[range]) ?? 0)) || this.#compareKeys(one, other),
    );
  }

  /** Every item, in an order that means nothing, and is always the same. */
  scattered(): readonly Item[] {
    const placed = [...this.#items].map(([key, item]) => ({ key, item, place: hashOf(key) }));
    placed.sort((a, b) => a.place - b.place || (a.key < b.key ? -1 : 1));
    return placed.map(({ item }) => item);
  }

  /** Where the next page begins that follows this item. */
  startKey(item: Item, index: IndexShape | null): Item {
    const names = index ? [...this.shape.key, index.hash, index.range] : this.shape.key;
    return Object.fromEntries(names.flatMap((name) => (item[name] ? [[name, item[name]]] : [])));
  }

  /** The items of a sorted list that follow a start key, whether or not the item that it names is still there. */
  after(sorted: readonly Item[], startKey: Item, index: IndexShape | null): readonly Item[] {
    const at = sorted.findIndex((item) => this.#compareKeys(item, startKey) === 0);
    if (at >= 0) return sorted.slice(at + 1);
    const range = index?.range ?? this.shape.key[1];
    if (range !== undefined) return sorted.filter((item) => this.#follows(item, startKey, range));
    const place = hashOf(this.text(startKey));
    return sorted.filter((item) => hashOf(this.text(this.keyOf(item))) > place);
  }

  #follows(item: Item, startKey: Item, range: string): boolean {
    const compared = order(item[range], startKey[range]) ?? 0;
    return compared > 0 || (compared === 0 && this.#compareKeys(item, startKey) > 0);
  }

  #compareKeys(one: Item, other: Item): number {
    for (const name of this.shape.key) {
      const compared = order(one[name], other[name]) ?? 0;
      if (compared !== 0) return compared;
    }
    return 0;
  }

  #checkIndexed(item: Item): void {
    const { index } = this.shape;
    if (!index) return;
    const isWrong =
      (item[index.hash] && !item[index.hash]?.S) || (item[index.range] && !item[index.range]?.N);
    if (isWrong) refuse('Type mismatch for an attribute of the index');
  }

  #project(item: Item): Item | null {
    const { index } = this.shape;
    if (!index || !item[index.hash] || !item[index.range]) return null;
    return Object.fromEntries(index.projected.flatMap((name) => (item[name] ? [[name, item[name]]] : [])));
  }

  #change(change: Change, nowMs: number): void {
    if (!this.shape.index) return;
    this.#lagging.push(change);
    this.#catchUp(nowMs);
  }

  #catchUp(nowMs: number): void {
    let done = 0;
    for (const { atMs, key, item } of this.#lagging) {
      if (atMs > nowMs) break;
      done += 1;
      if (item) this.#index.set(key, item);
      else this.#index.delete(key);
    }
    this.#lagging.splice(0, done);
  }
}

/** A copy that shares nothing with the original. */
export function copyItem(item: Item): Record<string, AttributeValue> {
  const copy: Record<string, AttributeValue> = {};
  for (const name of Object.keys(item)) {
    const value = item[name];
    if (value) copy[name] = value.M ? { M: copyItem(value.M) } : { ...value };
  }
  return copy;
}

// FNV-1a: https://www.rfc-editor.org/rfc/rfc9923.html
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
