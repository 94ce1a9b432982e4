// Unpacks a file that is compressed by gzip, and passes any other on as it is.

import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { Cut } from './frame.ts';

/**
 * The plain bytes of a file.
 * @throws what the source throws, and for a broken gzip file what `cutOf` reads, after all that could be unpacked
 */
export async function* gunzip(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const chunks = withWholeHead(source);
  const { done, value: head } = await chunks.next();
  if (done) return;
  const file = prepend(head, chunks);
  if (head[0] !== 0x1f || head[1] !== 0x8b) return yield* file;
  const unpacked = pipeline(file, createGunzip(), () => {});
  try {
    yield* unpacked;
  } catch (error) {
    // An error ends the iteration at once, though the stream still holds what it unpacked before.
    const last: Uint8Array | null = unpacked.read();
    if (last) yield last;
    throw error;
  }
}

/** How a gzip file broke off, by the error that `gunzip` threw; null for any other error. */
export function cutOf(error: unknown): Cut | null {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  if (code === 'Z_BUF_ERROR') return 'truncated';
  return code === 'Z_DATA_ERROR' ? 'corrupt' : null;
}

/** The same bytes, with the first two, which mark a gzip file, in one chunk. */
async function* withWholeHead(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, undefined> {
  let head: Uint8Array = Buffer.alloc(0);
  for await (const chunk of source) {
    if (head.length >= 2) yield chunk;
    else {
      head = Buffer.concat([head, chunk]);
      if (head.length >= 2) yield head;
    }
  }
  if (head.length === 1) yield head;
}

async function* prepend(
  head: Uint8Array,
  rest: AsyncGenerator<Uint8Array, undefined>,
): AsyncGenerator<Uint8Array> {
  try {
    yield head;
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}
