// Whether one of several secrets made one of several signatures, at the cost of one HMAC a secret.

import { createHmac, type KeyObject } from 'node:crypto';
import { isSameBytes } from './bytes.ts';

/** A header with more signatures than this is refused: one is sent, and two while a secret is being replaced. */
export const maxSignatures = 16;

const lengths = { sha1: 20, sha256: 32 };

export type Signed = {
  readonly hash: keyof typeof lengths;
  /** What is signed, piece after piece. */
  readonly parts: readonly (string | Uint8Array)[];
};

/**
 * Every secret makes its HMAC, whichever is right and however many signatures there are, so that refusing costs no more
 * than accepting. Where no signature has the length of one, nothing is read.
 */
export function isSignedByAny(
  secrets: readonly (string | KeyObject)[],
  signatures: readonly Buffer[],
  { hash, parts }: Signed,
): boolean {
  const candidates = signatures.filter(({ length }) => length === lengths[hash]);
  if (candidates.length === 0) return false;
  const digests = secrets.map((secret) => {
    const hmac = createHmac(hash, secret);
    for (const part of parts) hmac.update(part);
    return hmac.digest();
  });
  const right = digests.filter((digest) => candidates.some((bytes) => isSameBytes(bytes, digest)));
  return right.length > 0;
}
