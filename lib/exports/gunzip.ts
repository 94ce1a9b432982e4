// Unpacks a file that is compressed by gzip, and passes any other on as it is.

import { createGunzip, type Gunzip } from 'node:zlib';
import type { Cut } from './frame.ts';

// Deflate packs at most about a thousand bytes into one, so that no slice unpacks to more than some megabytes.
const sliceBytes = 4_096;

/** The compressed bytes end too soon, or are wrong. What could be unpacked came before. */
export class BrokenGzipError extends Error {
  override readonly name = 'BrokenGzipError';
  readonly cut: Cut;

  constructor(cut: Cut, options: ErrorOptions) {
    super(`the gzip file is ${cut}`, options);
    this.cut = cut;
  }
}

/**
 * The plain bytes of a file.
 * @throws BrokenGzipError after the last bytes that could be unpacked, and whatever the source throws
 */
export async function* gunzip(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let unpacker: Unpacker | null = null;
  let isFirst = true;
  try {
    for await (const chunk of withWholeHead(source)) {
      if (isFirst && chunk[0] === 0x1f && chunk[1] === 0x8b) unpacker = new Unpacker();
      isFirst = false;
      if (unpacker) yield* unpacker.push(chunk);
      else yield chunk;
    }
    if (unpacker) yield* unpacker.end();
  } finally {
    unpacker?.close();
  }
}

/** The same bytes, of which the first two, by which gzip is known, come together. */
async function* withWholeHead(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let head: Uint8Array | null = Buffer.alloc(0);
  for await (const chunk of source) {
    if (!head) yield chunk;
    else {
      head = Buffer.concat([head, chunk]);
      if (head.length < 2) continue;
      yield head;
      head = null;
    }
  }
  if (head) yield head;
}

// Reads the stream by hand: an iterator over it drops what is unpacked but not yet read when the file breaks off.
class Unpacker {
  readonly #stream: Gunzip = createGunzip();
  #unpacked: Uint8Array[] = [];
  #error: Error | null = null;

  constructor() {
    this.#stream.on('data', (chunk: Uint8Array) => this.#unpacked.push(chunk));
    this.#stream.on('error', (error) => {
      this.#error = error;
    });
  }

  async *push(chunk: Uint8Array): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < chunk.length; at += sliceBytes) {
      await this.#untilClosedOr((done) => this.#stream.write(chunk.subarray(at, at + sliceBytes), done));
      yield* this.#take();
    }
  }

  async *end(): AsyncGenerator<Uint8Array> {
    await this.#untilClosedOr(() => this.#stream.end());
    yield* this.#take();
  }

  close(): void {
    this.#stream.destroy();
  }

  // A write that fails closes the stream without a call back.
  #untilClosedOr(act: (done: () => void) => void): Promise<void> {
    return new Promise((resolve) => {
      this.#stream.once('close', resolve);
      act(() => {
        this.#stream.off('close', resolve);
        resolve();
      });
    });
  }

  *#take(): Generator<Uint8Array> {
    yield* this.#unpacked.splice(0);
    if (!this.#error) return;
    const isTruncated = 'code' in this.#error && this.#error.code === 'Z_BUF_ERROR';
    throw new BrokenGzipError(isTruncated ? 'truncated' : 'corrupt', { cause: this.#error });
  }
}
