// Reads the users of an export file for the backfill, in the memory of one user however large the file.

import type { Told } from '../user.ts';
import { FormatSplitter } from './format.ts';
import type { Cut, Frame } from './frame.ts';
import { cutOf, gunzip } from './gunzip.ts';
import { RowError, type RowFault, RowReader } from './rows.ts';
import { type ExportedUser, type ExportShape, type Format, UnfitError } from './shape.ts';

/**
 * Why a line is not a user.
 * - `format`: the shape does not come in the file's format; nothing of it is read.
 * - `too_long`, `not_utf8`, `not_json`, `not_csv`: the line itself is wrong.
 * - `truncated`, `corrupt`: the file breaks off here.
 * - `no_reference`: no id; for the header of a CSV file, which then is not read: no column for it.
 * - `no_time`: neither does the line say when it was true, nor is it known when the file was written.
 * - `shape`: anything else that does not fit.
 */
export type InvalidReason = RowFault | 'no_time';

/**
 * `line`: of the file, or the element's number in a JSON array, from 1 and the same whenever the file is read.
 * `where`: the path or column that does not fit, never a value.
 */
export type ExportLine =
  | {
      readonly line: number;
      readonly is: 'user';
      readonly reference: string;
      readonly told: Told;
      readonly at: number;
    }
  | {
      readonly line: number;
      readonly is: 'invalid';
      readonly reason: InvalidReason;
      readonly where: string | null;
    };

export type ReadOptions = {
  readonly shape: ExportShape;
  /** Left out, it is found from the first bytes. */
  readonly format?: Format;
  /** When the file was written, in milliseconds: the time of facts that come without one. */
  readonly exportedAtMs: number | null;
  /** Lines up to this one are passed over unread. */
  readonly after?: number;
};

/**
 * Yields every user of a file in its order, duplicates and all, and says which lines are none. gzip is unpacked.
 * Throws only what the source throws.
 */
export async function* readUsers(
  source: AsyncIterable<Uint8Array>,
  options: ReadOptions,
): AsyncGenerator<ExportLine> {
  const splitter = new FormatSplitter(options.format ?? null, options.shape.member);
  const rows = new RowReader(options.shape, options.exportedAtMs);
  const { after = 0 } = options;

  function* toLines(frames: readonly Frame[]): Generator<ExportLine> {
    for (const frame of frames) {
      if (rows.isOver) return;
      if (frame.line <= after && rows.canPassOver(splitter.format)) continue;
      const line = toLine(frame.line, options, () => rows.read(frame, splitter.format));
      if (line) yield line;
    }
  }

  let cut: Cut | null = null;
  try {
    for await (const chunk of gunzip(source)) {
      yield* toLines(splitter.push(chunk));
      if (rows.isOver) return;
    }
  } catch (error) {
    cut = cutOf(error);
    if (!cut) throw error;
  }
  yield* toLines(splitter.end(cut));
}

/** What became of a line: null for one that holds nothing. */
function toLine(
  line: number,
  { shape, exportedAtMs }: ReadOptions,
  read: () => ExportedUser | null,
): ExportLine | null {
  try {
    const user = read();
    if (!user) return null;
    const { reference, told } = user;
    const at = user.at ?? exportedAtMs;
    if (at === null) return { line, is: 'invalid', reason: 'no_time', where: null };
    return { line, is: 'user', reference, told, at };
  } catch (error) {
    if (error instanceof RowError) {
      return { line, is: 'invalid', reason: error.reason, where: error.where };
    }
    if (!(error instanceof UnfitError)) throw error;
    const { where } = error;
    return { line, is: 'invalid', reason: where === shape.id ? 'no_reference' : 'shape', where };
  }
}
