// Files as streams, and what is read of them.

import { type ExportLine, type ReadOptions, readUsers } from '../../lib/exports/read.ts';
import { genericExport } from '../../lib/providers/generic/export.ts';

/** When the files of these tests were written. */
export const exportedAtMs = Date.parse('2026-05-04T12:00:00.000Z');

/** Cuts bytes into chunks of a size. */
export async function* inChunks(bytes: Uint8Array, chunkBytes = 65_536): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
}

/** Every line of a file; unless told otherwise a generic one, written at exportedAtMs. */
export async function read(
  file: string | Uint8Array | AsyncIterable<Uint8Array>,
  options: Partial<ReadOptions> = {},
): Promise<ExportLine[]> {
  const source = typeof file === 'string' || file instanceof Uint8Array ? inChunks(Buffer.from(file)) : file;
  const lines: ExportLine[] = [];
  for await (const line of readUsers(source, { shape: genericExport, exportedAtMs, ...options })) {
    lines.push(line);
  }
  return lines;
}

/** Lines in short: `1 u1` for a user, `2 not_json` or `2 shape email` for an invalid one. */
export function inShort(lines: readonly ExportLine[]): string[] {
  return lines.map((line) =>
    line.is === 'user'
      ? `${line.line} ${line.reference}`
      : [line.line, line.reason, ...(line.where === null ? [] : [line.where])].join(' '),
  );
}
