import { setImmediate } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { cutOf, gunzip } from '../../lib/exports/gunzip.ts';
import { inChunks } from './support.ts';

const plain = Buffer.from(
  Array.from({ length: 1_500 }, (_, i) => `{"id":"u${(i * 7_919) % 9_973}"}\n`).join(''),
);
const packed = gzipSync(plain);

test('a gzip file that is cut off yields as much to a slow reader as to a fast one', async () => {
  const cut = packed.subarray(0, -9);
  const fast = await unpack(cut, 0);
  const slow = await unpack(cut, 1_000);
  expect(slow).toEqual({ bytes: plain.length, cut: 'truncated' });
  expect(fast).toEqual(slow);
});

test.each([
  ['a gzip file', packed],
  ['any other file', plain],
])('%s is closed when its reader stops', async (_what, bytes) => {
  let isClosed = false;
  async function* file(): AsyncGenerator<Uint8Array> {
    try {
      yield* inChunks(bytes, 1_024);
    } finally {
      isClosed = true;
    }
  }
  for await (const chunk of gunzip(file())) if (chunk.length > 0) break;
  await expect.poll(() => isClosed).toBe(true);
});

async function unpack(bytes: Uint8Array, turns: number) {
  let unpacked = 0;
  try {
    for await (const chunk of gunzip(inChunks(bytes))) {
      unpacked += chunk.length;
      for (let turn = 0; turn < turns; turn++) await setImmediate();
    }
    return { bytes: unpacked, cut: null };
  } catch (error) {
    return { bytes: unpacked, cut: cutOf(error) };
  }
}
