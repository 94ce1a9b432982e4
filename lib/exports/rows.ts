// Reads what a frame holds: a user as a JSON object, or as a CSV row by the names in the header.

import * as v from 'valibot';
import type { Told } from '../user.ts';
import { toCells } from './cells.ts';
import type { Frame, FrameFault } from './frame.ts';
import { type ExportShape, type Foreign, type Format, isNullWord, type Row, sift } from './shape.ts';

export type RowFault =
  | FrameFault
  | Foreign['reason']
  | 'format'
  | 'not_text'
  | 'not_utf8'
  | 'not_csv'
  | 'column_twice'
  | 'other_names'
  | 'no_reference'
  | 'repeated'
  | 'shape';

/** A frame that is no user's; `where`: the member or column at fault; `isWholeFile`: nothing after it is read. */
export class RowError extends Error {
  override readonly name = 'RowError';
  readonly reason: RowFault;
  readonly where: string | null;
  readonly isWholeFile: boolean;

  constructor(reason: RowFault, where: string | null = null, isWholeFile = false) {
    super(reason);
    this.reason = reason;
    this.where = where;
    this.isWholeFile = isWholeFile;
  }
}

export type ReadRow = {
  readonly reference: string;
  readonly told: Told;
  readonly at: number | null;
  /** The members that could not be read, and are not told. */
  readonly untold: readonly string[];
  /** The row, for mappings. */
  readonly row: Row;
};

/** Reads the frames of one file in their order. */
export class RowReader {
  readonly #shape: ExportShape;
  readonly #exportedAtMs: number | null;
  /** The last line whose user is not asked for. */
  readonly #after: number;
  readonly #names: ReadonlyMap<string, string>;
  #checkedNames = '';
  readonly #references = new Set<string>();
  /** Of a CSV file, once its header was read. */
  #columns: readonly string[] | null = null;

  constructor(shape: ExportShape, exportedAtMs: number | null, after: number) {
    this.#shape = shape;
    this.#exportedAtMs = exportedAtMs;
    this.#after = after;
    this.#names = new Map(Object.keys(shape.row.entries).map((name) => [toBareName(name), name]));
  }

  /**
   * The user that a frame holds; null for a blank line, a header, an account that is no user's, and a line not asked for.
   * @throws RowError
   */
  read(frame: Frame, format: Format | null): ReadRow | null {
    const row = this.#toRow(frame, format);
    if (!row) return null;
    const id = row[this.#shape.id];
    const isRepeated = typeof id === 'string' && this.#hasSeen(id);
    if (frame.line <= this.#after) return null;
    const { user, unread } = parseRow(this.#shape, row);
    if (isNullWord(id)) throw new RowError('no_reference', this.#shape.id);
    if (isRepeated) throw new RowError('repeated', this.#shape.id);
    const exported = this.#shape.toUser(user, this.#exportedAtMs);
    if (!exported) return null;
    const { told, dropped } = sift(exported.told);
    return { reference: String(id), told, at: exported.at, untold: [...unread, ...dropped], row };
  }

  #toRow(frame: Frame, format: Format | null): Row | null {
    const isHeader = format === 'csv' && !this.#columns;
    if (isHeader && !isText(frame)) this.#refuse('not_text');
    if (format && !this.#shape.formats.includes(format)) this.#refuse('format');
    if (frame.is === 'faulty') {
      if (isHeader) this.#refuse(frame.reason);
      throw new RowError(frame.reason, frame.reason === 'not_users' ? this.#shape.member : null);
    }
    const text = decode(frame.bytes);
    if (text.trim() === '') return null;
    return format === 'csv' ? this.#toCsvRow(text.replace(/\r$/, '')) : this.#toJsonRow(text);
  }

  #toJsonRow(text: string): Row {
    const value = parseJson(text);
    if (typeof value !== 'object' || value === null) throw new RowError('shape');
    const { member, fromJson } = this.#shape;
    if (member !== null && Array.isArray((value as Row)[member])) this.#refuse('not_users', member);
    this.#checkNames(Object.keys(value));
    return fromJson ? fromJson(value as Row) : (value as Row);
  }

  #toCsvRow(text: string): Row | null {
    const cells = toCells(text);
    if (!this.#columns) {
      this.#columns = this.#toColumns(cells ?? []);
      return null;
    }
    if (cells?.length !== this.#columns.length) throw new RowError('not_csv');
    if (cells.every((cell) => cell === '')) return null;
    const named = Object.fromEntries(this.#columns.map((name, index) => [name, cells[index] ?? '']));
    return this.#shape.fromCells?.(named) ?? named;
  }

  #toColumns(names: readonly string[]): readonly string[] {
    this.#checkNames(names);
    if (!names.includes(this.#shape.id)) this.#refuse('no_reference', this.#shape.id);
    // Named only now that this is known to be a header, and no user's row. Spreadsheets add columns without a name.
    const twice = names.find((name, index) => name !== '' && names.indexOf(name) !== index);
    if (twice !== undefined) this.#refuse('column_twice', twice);
    return names;
  }

  /** A file that writes the names otherwise, as SDKs do, is refused: of its users, half would be read, and half not told. */
  #checkNames(names: readonly string[]): void {
    // Nearly every row has the names of the one before.
    const together = names.join();
    if (together === this.#checkedNames) return;
    const foreign = this.#shape.findForeign?.(names);
    if (foreign) this.#refuse(foreign.reason, foreign.where);
    const other = names.find((name) => {
      const ours = this.#names.get(toBareName(name));
      return ours !== undefined && ours !== name && !names.includes(ours);
    });
    if (other !== undefined) this.#refuse('other_names', other);
    this.#checkedNames = together;
  }

  #hasSeen(id: string): boolean {
    if (this.#references.has(id)) return true;
    // A copy: a part of a text keeps the whole row in memory.
    this.#references.add(Buffer.from(id).toString());
    return false;
  }

  #refuse(reason: RowFault, where: string | null = null): never {
    throw new RowError(reason, where, true);
  }
}

type RowShape<Schema extends ExportShape['row']> = Pick<ExportShape, 'id' | 'decisive'> & {
  readonly row: Schema;
};

/**
 * Reads a row by its schema. Members that don't fit are left out, unless the row is worth nothing without them.
 * @throws RowError
 */
export function parseRow<Schema extends ExportShape['row']>(
  shape: RowShape<Schema>,
  row: Row,
): { readonly user: v.InferOutput<Schema>; readonly unread: readonly string[] } {
  const unread = new Set<string>();
  for (;;) {
    const result = v.safeParse(shape.row, row);
    if (result.success) return { user: result.output, unread: [...unread] };
    for (const issue of result.issues) unread.add(leaveOut(shape, issue.path ?? []));
  }
}

/** What can't be left out of what holds it takes that along. Answers the name of what is left out, without places in lists. */
function leaveOut(
  { id, decisive }: Pick<ExportShape, 'id' | 'decisive'>,
  path: readonly v.IssuePathItem[],
): string {
  const name = String(path[0]?.key ?? '');
  if (name === id) throw new RowError('no_reference', id);
  const where = path.map(({ key }) => String(key)).join('.') || null;
  const member = path.findLast(({ value }) => value !== undefined);
  if (!member || decisive.includes(name)) throw new RowError('shape', where);
  (member.input as Record<string, unknown>)[String(member.key)] = undefined;
  return path
    .slice(0, path.indexOf(member) + 1)
    .filter(({ type }) => type === 'object')
    .map(({ key }) => String(key))
    .join('.');
}

// `updated_at`, `updatedAt` and `Updated At` are one.
function toBareName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decode(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    if (cause instanceof TypeError) throw new RowError('not_utf8');
    throw cause;
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what tells a binary from a text.
const controlCharacter = /[\u0000-\u0008\u000e-\u001f]/;

/** Whether a header can be one: that of a picture, an archive or a text in UTF-16 can't. */
function isText(frame: Frame): boolean {
  if (frame.is === 'faulty') return true;
  try {
    return !controlCharacter.test(decoder.decode(frame.bytes));
  } catch (cause) {
    if (cause instanceof TypeError) return false;
    throw cause;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    if (cause instanceof SyntaxError) throw new RowError('not_json');
    throw cause;
  }
}
