// What a kind of export file is made of. Each entry of lib/providers/exports.ts is one.

import type * as v from 'valibot';
import { factNames, type Told } from '../user.ts';

export type Format = 'ndjson' | 'json' | 'csv';

/** One CSV row by its header's names. */
export type Cells = Readonly<Record<string, string>>;

/** The members of one user, whatever the format. */
export type Row = Readonly<Record<string, unknown>>;

/** `at`: when the provider last changed the user, in milliseconds; null where the file does not say. */
export type ExportedUser = { readonly told: Told; readonly at: number | null };

/** Why a file is not of a shape: it holds something else than users, or the users of another provider. */
export type Foreign = { readonly reason: 'not_users' | 'other_provider'; readonly where: string };

type RowSchema = v.ObjectSchema<v.ObjectEntries, undefined>;

export type ExportShape<Schema extends RowSchema = RowSchema> = {
  readonly name: string;
  readonly title: string;
  /** Where the provider describes the shape; null for our own. */
  readonly source: string | null;
  readonly formats: readonly Format[];
  /** The member that holds the array, where the JSON is an object: {"users": […]}. */
  readonly member: string | null;
  /** The member and the column that hold the user's immutable id. */
  readonly id: string;
  /** How a row's members are read. */
  readonly row: Schema;
  /** Members that decide who is let in, and since when. A line in which one of them can't be read is invalid as a whole. */
  readonly decisive: readonly string[];
  /** Whether the names of a file's members or columns show that it is no file of this shape. */
  readonly findForeign?: (names: readonly string[]) => Foreign | null;
  /** The row of a JSON object, where its members are not those of the row. */
  readonly fromJson?: (value: Row) => Row;
  /** The row of a CSV file's cells. */
  readonly fromCells?: (cells: Cells) => Row;
  /**
   * What a row tells; null for one that is not a user.
   * `exportedAtMs`: when the file was written, where known, for states that end at a set time.
   */
  toUser(row: v.InferOutput<Schema>, exportedAtMs: number | null): ExportedUser | null;
};

/**
 * Whether a text is what databases write for NULL: nobody is called so, and no phone number reads so.
 * https://www.postgresql.org/docs/current/sql-copy.html, https://dev.mysql.com/doc/refman/8.4/en/load-data.html
 */
export function isNullWord(value: unknown): boolean {
  return value === 'null' || value === 'NULL' || value === '\\N';
}

/**
 * What a row tells without what it can't mean: words for NULL, and a verification of no address, which would be taken for
 * one of whatever address is held. `dropped`: under which names these stood.
 */
export function sift(told: Told): { readonly told: Told; readonly dropped: readonly string[] } {
  const dropped = factNames.filter((name) => isNullWord(told[name]));
  const hasAddress = told.email && !isNullWord(told.email);
  if (told.emailVerified && !hasAddress) dropped.push('emailVerified');
  if (dropped.length === 0) return { told, dropped };
  return {
    told: Object.fromEntries(
      Object.entries(told).filter(([name]) => !dropped.some((other) => other === name)),
    ),
    dropped,
  };
}

// As PostgreSQL reads a boolean: https://www.postgresql.org/docs/current/datatype-boolean.html
const flagWords: ReadonlyMap<string, boolean> = new Map([
  ...['true', 't', 'yes', 'y', 'on', '1'].map((word) => [word, true] as const),
  ...['false', 'f', 'no', 'n', 'off', '0'].map((word) => [word, false] as const),
]);

/** The flag in a CSV cell; null for an empty one; any other text stays text, which no schema takes for a flag. */
export function toFlag(cell: string): boolean | string | null {
  if (isEmpty(cell)) return null;
  return flagWords.get(cell.toLowerCase()) ?? cell;
}

/** The time in a CSV cell: ISO 8601 or milliseconds; null for an empty one. */
export function toTime(cell: string): string | number | null {
  if (isEmpty(cell)) return null;
  return /^\d+$/.test(cell) ? Number(cell) : cell;
}

/** The JSON in a CSV cell; null for an empty one; any other text stays text. */
export function toJson(cell: string): unknown {
  if (isEmpty(cell)) return null;
  try {
    return JSON.parse(cell);
  } catch {
    return cell;
  }
}

// In a column of flags, times or JSON, a word for NULL can mean nothing else, even in quotes.
function isEmpty(cell: string): boolean {
  return cell === '' || isNullWord(cell);
}

/** A row's cells, with those of the given columns converted. */
export function convert(
  cells: Cells,
  columns: Readonly<Record<string, (cell: string) => unknown>>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(cells).map(([name, cell]) => {
      const toValue = Object.hasOwn(columns, name) ? columns[name] : undefined;
      return [name, toValue ? toValue(cell) : cell];
    }),
  );
}
