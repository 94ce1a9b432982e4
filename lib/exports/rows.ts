// Reads what a frame holds: a JSON value, or a CSV row by the names in the header.

import { toCells } from './cells.ts';
import type { Frame, FrameFault } from './frame.ts';
import type { Cells, ExportedUser, ExportShape, Format } from './shape.ts';

export type RowFault = FrameFault | 'format' | 'not_utf8' | 'not_csv' | 'no_reference';

/** A frame that is no row; `where`: the column that is missing. */
export class RowError extends Error {
  override readonly name = 'RowError';
  readonly reason: RowFault;
  readonly where: string | null;

  constructor(reason: RowFault, where: string | null = null) {
    super(reason);
    this.reason = reason;
    this.where = where;
  }
}

/** Reads the frames of one file in their order. */
export class RowReader {
  /** True after a fault of the whole file: there is no sense in reading on. */
  isOver = false;
  readonly #shape: ExportShape;
  readonly #exportedAtMs: number | null;
  /** Of a CSV file, once its header was read. */
  #columns: readonly string[] | null = null;

  constructor(shape: ExportShape, exportedAtMs: number | null) {
    this.#shape = shape;
    this.#exportedAtMs = exportedAtMs;
  }

  /** Whether a frame may be left unread: not before the file is known to be one of this shape. */
  canPassOver(format: Format | null): boolean {
    if (!format || !this.#shape.formats.includes(format)) return false;
    return format !== 'csv' || this.#columns !== null;
  }

  /** The user that a frame holds; null for a blank line and a header. Throws RowError and UnfitError. */
  read(frame: Frame, format: Format | null): ExportedUser | null {
    if (format && !this.#shape.formats.includes(format)) this.#stop('format', null);
    if (frame.is === 'faulty') throw new RowError(frame.reason);
    const text = decode(frame.bytes);
    if (text.trim() === '') return null;
    if (format !== 'csv') return this.#shape.toUser(parseJson(text), this.#exportedAtMs);
    const cells = this.#toNamedCells(text.replace(/\r$/, ''));
    return (cells && this.#shape.fromCells?.(cells, this.#exportedAtMs)) ?? null;
  }

  #toNamedCells(text: string): Cells | null {
    const cells = toCells(text);
    if (this.#columns) {
      if (cells?.length !== this.#columns.length) throw new RowError('not_csv');
      return Object.fromEntries(this.#columns.map((name, index) => [name, cells[index] ?? '']));
    }
    if (!cells?.includes(this.#shape.id)) this.#stop('no_reference', this.#shape.id);
    this.#columns = cells ?? [];
    return null;
  }

  #stop(reason: RowFault, where: string | null): never {
    this.isOver = true;
    throw new RowError(reason, where);
  }
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

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    if (cause instanceof SyntaxError) throw new RowError('not_json');
    throw cause;
  }
}
