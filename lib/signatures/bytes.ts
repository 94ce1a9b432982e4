// Compares what a sender controls with what only we know, in a time that tells nothing about either.

import { createHash, timingSafeEqual } from 'node:crypto';

/** Whether two byte strings are the same; their lengths are no secret. */
export function isSameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

export function sha256(data: string | Uint8Array): Buffer {
  return createHash('sha256').update(data).digest();
}

/**
 * The bytes that a text stands for; null unless it is the one text that stands for them. Node's decoder skips what it
 * can't read and ignores bits that are left over, so that without this many texts would be one signature.
 */
export function decode(text: string, encoding: 'hex' | 'base64' | 'base64url'): Buffer | null {
  const bytes = Buffer.from(text, encoding);
  const canonical = encoding === 'hex' ? text.toLowerCase() : text;
  return bytes.toString(encoding) === canonical ? bytes : null;
}

/** Each byte as one letter: all there is to read of what should be ASCII, and quick whatever it is. */
export function toLatin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
