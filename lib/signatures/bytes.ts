// Compares what a sender controls with what only we know, in a time that tells nothing about either.

import { createHash, timingSafeEqual } from 'node:crypto';

/** Whether two byte strings are the same; their lengths are no secret. */
export function isSameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Whether two texts are the same; hashed first, so that the length of the secret one stays hidden. */
export function isSameText(a: string, b: string): boolean {
  return timingSafeEqual(sha256(a), sha256(b));
}

export function sha256(data: string | Uint8Array): Buffer {
  return createHash('sha256').update(data).digest();
}
