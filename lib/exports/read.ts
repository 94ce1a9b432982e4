// Reads the users of an export file for the backfill, one at a time however large the file.

import type { Original } from '../event.ts';
import { mapTold, type ProviderMapping } from '../mapping/mapping.ts';
import type { Told } from '../user.ts';
import { FormatSplitter } from './format.ts';
import type { Cut, Frame } from './frame.ts';
import { cutOf, gunzip } from './gunzip.ts';
import { type ReadRow, RowError, type RowFault, RowReader } from './rows.ts';
import type { ExportShape, Format } from './shape.ts';

/**
 * Why a line is not a user.
 * - `too_long`, `not_utf8`, `not_json`, `not_csv`: the line itself is wrong.
 * - `truncated`, `corrupt`: the file breaks off here.
 * - `no_reference`: no id; for the header of a CSV file: no column for it.
 * - `repeated`: the id of an earlier line.
 * - `no_time`: neither does the line say when it was true, nor is it known when the file was written.
 * - `shape`: a member without which nothing should be told does not fit.
 * Of the whole file, of which no more is then read:
 * - `format`: the shape does not come in this format.
 * - `not_text`: its beginning is no text.
 * - `not_users`: it holds what holds the users, such as realms; as a JSON object without the array, it is a line's fault.
 * - `column_twice`: two columns have one name.
 * - `other_names`: its members are written otherwise than by this provider's API.
 * - `other_provider`: its members are those of the provider that `where` names.
 */
export type InvalidReason = RowFault | 'no_time';

/**
 * `line`: of the file, or the element's number in a JSON array, from 1 and the same whenever the file is read.
 * `untold`: the members that could not be read, and so are not told; left out where there are none.
 * `where`: the member or column at fault, never a value; `isWholeFile`: nothing after it is read.
 */
export type ExportLine =
  | {
      readonly line: number;
      readonly is: 'user';
      readonly reference: string;
      readonly told: Told;
      readonly at: number;
      readonly untold?: readonly string[];
      /** The row, where it is asked for. */
      readonly original?: Original;
    }
  | {
      readonly line: number;
      readonly is: 'invalid';
      readonly reason: InvalidReason;
      readonly where: string | null;
      readonly isWholeFile?: true;
    };

export type ReadOptions = {
  readonly shape: ExportShape;
  /** Left out, it is found from the first bytes. */
  readonly format?: Format;
  /**
   * When the file was written, in milliseconds. Its rows are dated by it: what the provider held then is newer than a time
   * of change that does not move with every change.
   */
  readonly exportedAtMs: number | null;
  /** What the operator makes of the provider's users. */
  readonly mapping?: ProviderMapping | undefined;
  /** Whether each line comes with its row, for a mapping that is applied later. */
  readonly withRows?: boolean;
  /** Lines up to this one are passed over: of them, only the ids are read. */
  readonly after?: number;
};

/**
 * Yields every user of a file in its order, and says which lines are none. gzip is unpacked. The memory that it takes is
 * that of one row, and of all ids.
 * Throws only what the source throws.
 */
export async function* readUsers(
  source: AsyncIterable<Uint8Array>,
  options: ReadOptions,
): AsyncGenerator<ExportLine> {
  const { shape, exportedAtMs, mapping, withRows = false, after = 0 } = options;
  const splitter = new FormatSplitter(options.format ?? null, shape.member);
  const rows = new RowReader(shape, exportedAtMs, after);
  let isOver = false;

  function* toLines(frames: readonly Frame[]): Generator<ExportLine> {
    for (const frame of frames) {
      const line = toLine(frame.line, exportedAtMs, withRows, () =>
        mapRow(mapping, rows.read(frame, splitter.format)),
      );
      if (!line) continue;
      isOver = line.is === 'invalid' && line.isWholeFile === true;
      if (isOver || line.line > after) yield line;
      if (isOver) return;
    }
  }

  let cut: Cut | null = null;
  try {
    for await (const chunk of gunzip(source)) {
      yield* toLines(splitter.push(chunk));
      if (isOver) return;
    }
  } catch (error) {
    cut = cutOf(error);
    if (!cut) throw error;
  }
  yield* toLines(splitter.end(cut));
}

// What a file leaves out may be left out of the file alone, so that nothing of it is empty.
function mapRow(mapping: ProviderMapping | undefined, read: ReadRow | null): ReadRow | null {
  if (!mapping || !read) return read;
  const original = { user: read.row, isWhole: false };
  const { told, unread = [] } = mapTold(mapping, { told: read.told, unread: read.untold, original });
  return { ...read, told, untold: unread };
}

/** What became of a line: null for one that holds nothing. */
function toLine(
  line: number,
  exportedAtMs: number | null,
  withRows: boolean,
  read: () => ReadRow | null,
): ExportLine | null {
  try {
    const row = read();
    if (!row) return null;
    const { reference, told, untold } = row;
    const at = Math.max(row.at ?? 0, exportedAtMs ?? 0);
    if (at === 0) return { line, is: 'invalid', reason: 'no_time', where: null };
    return {
      line,
      is: 'user',
      reference,
      told,
      at,
      ...(untold.length > 0 && { untold }),
      ...(withRows && { original: { user: row.row, isWhole: true } }),
    };
  } catch (error) {
    if (!(error instanceof RowError)) throw error;
    const { reason, where, isWholeFile } = error;
    return { line, is: 'invalid', reason, where, ...(isWholeFile && { isWholeFile }) };
  }
}
