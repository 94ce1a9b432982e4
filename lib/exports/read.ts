// Reads the users of an export file for the backfill, in the memory of one user however large the file.

import type { Told } from '../user.ts';
import { toCells } from './cells.ts';
import { FormatSplitter } from './format.ts';
import type { Cut, Frame, FrameFault } from './frame.ts';
import { BrokenGzipError, gunzip } from './gunzip.ts';
import { type Cells, type ExportedUser, type ExportShape, type Format, UnfitError } from './shape.ts';

/**
 * Why a line is not a user.
 * - `format`: the shape does not come in the file's format; nothing of it is read.
 * - `too_long`, `not_utf8`, `not_json`, `not_csv`: the line itself is wrong.
 * - `truncated`, `corrupt`: the file breaks off here.
 * - `no_reference`: no id; for the header of a CSV file, which then is not read: no column for it.
 * - `no_time`: neither does the line say when it was true, nor is it known when the file was written.
 * - `shape`: anything else that does not fit.
 */
export type InvalidReason = FrameFault | 'format' | 'not_utf8' | 'not_csv' | 'no_reference' | 'no_time';

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
};

/** Where a line is wrong: thrown while it is read, and reported as what became of it. */
class InvalidLine extends Error {
  readonly reason: InvalidReason;
  readonly where: string | null;

  constructor(reason: InvalidReason, where: string | null = null) {
    super(reason);
    this.reason = reason;
    this.where = where;
  }
}

/**
 * Yields every user of a file in its order, duplicates and all, and says which lines are none. gzip is unpacked.
 * Throws only what the source throws.
 */
export async function* readUsers(
  source: AsyncIterable<Uint8Array>,
  options: ReadOptions,
): AsyncGenerator<ExportLine> {
  const splitter = new FormatSplitter(options.format ?? null, options.shape.member);
  const reader = new FrameReader(splitter, options);
  let cut: Cut | null = null;
  try {
    for await (const chunk of gunzip(source)) {
      yield* reader.read(splitter.push(chunk));
      if (reader.isOver) return;
    }
  } catch (error) {
    if (!(error instanceof BrokenGzipError)) throw error;
    cut = error.cut;
  }
  yield* reader.read(splitter.end(cut));
}

/** Turns frames into lines, up to one after which there is no sense in reading on. */
class FrameReader {
  isOver = false;
  readonly #splitter: FormatSplitter;
  readonly #options: ReadOptions;
  /** Of a CSV file, once its header was read. */
  #columns: readonly string[] | null = null;

  constructor(splitter: FormatSplitter, options: ReadOptions) {
    this.#splitter = splitter;
    this.#options = options;
  }

  *read(frames: readonly Frame[]): Generator<ExportLine> {
    for (const frame of frames) {
      if (this.isOver) return;
      const line = this.#toLine(frame);
      if (line) yield line;
    }
  }

  #toLine(frame: Frame): ExportLine | null {
    const { line } = frame;
    try {
      const user = this.#toUser(frame);
      if (!user) return null;
      const at = user.at ?? this.#options.exportedAtMs;
      if (at === null) throw new InvalidLine('no_time');
      return { line, is: 'user', reference: user.reference, told: user.told, at };
    } catch (error) {
      const { reason, where } = this.#toFault(error);
      return { line, is: 'invalid', reason, where };
    }
  }

  /** The user that a frame holds; null for a blank line and a header. */
  #toUser(frame: Frame): ExportedUser | null {
    const { shape, exportedAtMs } = this.#options;
    const { format } = this.#splitter;
    if (format && !shape.formats.includes(format)) this.#stop('format', null);
    if (frame.is === 'faulty') throw new InvalidLine(frame.reason);
    const text = decode(frame.bytes);
    if (text.trim() === '') return null;
    if (format !== 'csv') return shape.toUser(parseJson(text), exportedAtMs);
    const cells = this.#toNamedCells(text.replace(/\r$/, ''));
    return cells && shape.fromCells ? shape.fromCells(cells, exportedAtMs) : null;
  }

  #toNamedCells(text: string): Cells | null {
    const cells = toCells(text);
    if (this.#columns) {
      if (cells?.length !== this.#columns.length) throw new InvalidLine('not_csv');
      return Object.fromEntries(this.#columns.map((name, index) => [name, cells[index] ?? '']));
    }
    const { id } = this.#options.shape;
    if (!cells?.includes(id)) this.#stop('no_reference', id);
    this.#columns = cells ?? [];
    return null;
  }

  #stop(reason: InvalidReason, where: string | null): never {
    this.isOver = true;
    throw new InvalidLine(reason, where);
  }

  #toFault(error: unknown): Pick<InvalidLine, 'reason' | 'where'> {
    if (error instanceof InvalidLine) return error;
    if (!(error instanceof UnfitError)) throw error;
    const { where } = error;
    return { reason: where === this.#options.shape.id ? 'no_reference' : 'shape', where };
  }
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    if (cause instanceof TypeError) throw new InvalidLine('not_utf8');
    throw cause;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    if (cause instanceof SyntaxError) throw new InvalidLine('not_json');
    throw cause;
  }
}
