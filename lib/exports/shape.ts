// What a kind of export file is made of. Each file that shapes.ts lists is one.

import * as v from 'valibot';
import type { Told } from '../user.ts';

export type Format = 'ndjson' | 'json' | 'csv';

/** One CSV row by its header's names. */
export type Cells = Readonly<Record<string, string>>;

/** `at`: when the provider last changed the user, in milliseconds; null where the file does not say. */
export type ExportedUser = { readonly reference: string; readonly told: Told; readonly at: number | null };

export type ExportShape = {
  readonly name: string;
  readonly title: string;
  /** Where the provider describes the shape; null for our own. */
  readonly source: string | null;
  readonly formats: readonly Format[];
  /** The member that holds the array, where the JSON is an object: {"users": […]}. */
  readonly member: string | null;
  /** The member and the column that hold the user's immutable id. */
  readonly id: string;
  /**
   * Reads one user of a JSON file.
   * `exportedAtMs`: when the file was written, where known, for states that end at a set time.
   * @throws UnfitError
   */
  readonly toUser: (row: unknown, exportedAtMs: number | null) => ExportedUser;
  /** Reads one row of a CSV file. Throws UnfitError. */
  readonly fromCells?: (cells: Cells, exportedAtMs: number | null) => ExportedUser;
};

/** A row that is not of its shape; `where`: the path that does not fit, never a value. */
export class UnfitError extends Error {
  override readonly name = 'UnfitError';
  readonly where: string | null;

  constructor(where: string | null) {
    super(`the row does not fit at ${where ?? 'the top'}`);
    this.where = where;
  }
}

/** Reads a row by a schema. Throws UnfitError. */
export function fit<const Schema extends v.GenericSchema>(
  schema: Schema,
  row: unknown,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, row, { abortEarly: true });
  if (result.success) return result.output;
  throw new UnfitError(v.getDotPath(result.issues[0]));
}

/** A yes or no in a CSV cell; an empty one counts as not told. */
export function toFlag(cell: string): boolean | string | null {
  const text = cell.toLowerCase();
  if (text === 'true' || text === 'false') return text === 'true';
  return text === '' ? null : cell;
}

/** The moment in a CSV cell: ISO 8601 or milliseconds; null for an empty one. */
export function toMoment(cell: string): string | number | null {
  if (cell === '') return null;
  return /^\d+$/.test(cell) ? Number(cell) : cell;
}

/** A row's cells, those of the given columns converted; a column that the file lacks stays away. */
export function convert(
  cells: Cells,
  columns: Readonly<Record<string, (cell: string) => unknown>>,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(cells).map(([name, cell]) => {
      const toValue = Object.hasOwn(columns, name) ? columns[name] : undefined;
      return [name, toValue ? toValue(cell) : cell];
    }),
  );
}
