// The family whose senders repeat an agreed text, in a header or in the body; also a second check beside a signature.

import { ConfigError, RejectedError } from '../errors.ts';
import type { WebhookRequest } from '../event.ts';
import { isSameBytes, sha256 } from './bytes.ts';
import { soleHeader } from './header.ts';

export type StaticCredentialOptions = {
  /** In lower case. */
  readonly header: string;
  /** Any of these is right: two while one is being replaced by another. */
  readonly credentials: readonly string[];
};

/**
 * Builds a check of the header's value.
 * @throws (the check) RejectedError signature_missing, header_duplicated, credential_mismatch
 */
export function verifyStaticCredential({ header, credentials }: StaticCredentialOptions) {
  const check = verifyCredentialText(credentials);
  return async (request: WebhookRequest): Promise<void> => check(soleHeader(request, header));
}

// No gateway lets a longer header through, and nobody agrees on a longer text.
const maxChars = 10_240;

/**
 * Builds a check of a text that the body holds, any of `credentials` being right.
 * @throws (the check) RejectedError signature_missing, credential_mismatch
 */
export function verifyCredentialText(credentials: readonly string[]) {
  if (credentials.length === 0 || credentials.includes('')) throw new ConfigError(['a credential is empty']);
  // Hashed, so that the lengths of the credentials stay hidden.
  const hashes = credentials.map(sha256);
  return (text: string | null | undefined): void => {
    if (!text) throw new RejectedError('signature_missing', 'the credential is missing');
    const hash = text.length > maxChars ? null : sha256(text);
    // Every credential is compared, so that the time does not tell which one matched.
    const matches = hashes.filter((known) => hash && isSameBytes(hash, known));
    if (matches.length === 0)
      throw new RejectedError('credential_mismatch', 'the credential is not as agreed');
  };
}
