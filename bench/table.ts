// One table of the benchmark's DynamoDB: whatever its size, a read, a write and a page each take about as long.

import type { Item } from '../lib/dynamodb/record.ts';

export type TableShape = {
  readonly key: readonly string[];
  /** A sparse index: an entry for each item that has both attributes of its key. */
  readonly index?: { readonly hash: string; readonly range: string; readonly projected: readonly string[] };
};

export class Table {
  readonly shape: TableShape;
  readonly #items = new Map<string, Item>();
  /** Every key there ever was, in the order of pages. */
  readonly #order: string[] = [];
  readonly #places = new Map<string, number>();
  /** The index by its hash, each part in the order of its range. */
  readonly #parts = new Map<string, Item[]>();

  constructor(shape: TableShape) {
    this.shape = shape;
  }

  get(key: Item): Item | undefined {
    return this.#items.get(this.#text(key));
  }

  /** Writes an item, or with null removes it; answers its index entries before and after. */
  put(key: Item, item: Item | null): { readonly before: Item | undefined; readonly after: Item | undefined } {
    const text = this.#text(key);
    const before = this.#toEntry(this.#items.get(text));
    const after = this.#toEntry(item ?? undefined);
    if (item) this.#items.set(text, item);
    else this.#items.delete(text);
    if (!this.#places.has(text)) this.#places.set(text, this.#order.push(text) - 1);
    this.#unlist(before);
    this.#list(after);
    return { before, after };
  }

  /** At most `limit` items that follow a key. */
  page(
    after: Item | undefined,
    limit: number,
  ): { readonly items: readonly Item[]; readonly next: Item | null } {
    const items: Item[] = [];
    let place = after ? (this.#places.get(this.#text(after)) ?? -1) + 1 : 0;
    for (; place < this.#order.length && items.length < limit; place++) {
      const item = this.#items.get(this.#order[place] ?? '');
      if (item) items.push(item);
    }
    const last = items.at(-1);
    return { items, next: place < this.#order.length && last ? this.keyOf(last) : null };
  }

  /** The entries of one part of the index, in order. */
  part(hash: string): readonly Item[] {
    return this.#parts.get(hash) ?? [];
  }

  /** Every item with this first part of the key. */
  under(hash: string): readonly Item[] {
    const [name = ''] = this.shape.key;
    return [...this.#items.values()].filter((item) => item[name]?.S === hash);
  }

  /** Where an entry stands in its part, or would stand. */
  placeOf(entry: Item, part = this.part(this.#hashOf(entry))): number {
    let [low, high] = [0, part.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#compare(part[middle] ?? {}, entry) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  keyOf(item: Item): Item {
    return Object.fromEntries(this.shape.key.flatMap((name) => (item[name] ? [[name, item[name]]] : [])));
  }

  #list(entry: Item | undefined): void {
    if (!entry) return;
    const hash = this.#hashOf(entry);
    const part = this.#parts.get(hash) ?? [];
    this.#parts.set(hash, part);
    part.splice(this.placeOf(entry, part), 0, entry);
  }

  #unlist(entry: Item | undefined): void {
    if (!entry) return;
    this.#parts.get(this.#hashOf(entry))?.splice(this.placeOf(entry), 1);
  }

  #hashOf(entry: Item): string {
    return entry[this.shape.index?.hash ?? '']?.S ?? '';
  }

  #compare(one: Item, other: Item): number {
    const range = this.shape.index?.range ?? '';
    const byRange = Number(one[range]?.N) - Number(other[range]?.N);
    return (
      byRange || (this.#text(one) < this.#text(other) ? -1 : this.#text(one) > this.#text(other) ? 1 : 0)
    );
  }

  #toEntry(item: Item | undefined): Item | undefined {
    const { index } = this.shape;
    if (!item || !index || !item[index.hash] || !item[index.range]) return undefined;
    return Object.fromEntries(index.projected.flatMap((name) => (item[name] ? [[name, item[name]]] : [])));
  }

  #text(key: Item): string {
    return this.shape.key.map((name) => key[name]?.S ?? '').join('\u0000');
  }
}
