// The family whose signature is the plain HMAC of the raw body, in a header.

import { createHmac } from 'node:crypto';
import { ConfigError, RejectedError } from '../errors.ts';
import type { WebhookRequest } from '../event.ts';
import { isSameBytes } from './bytes.ts';
import { soleHeader } from './header.ts';

export type HmacOptions = {
  /** In lower case. */
  readonly header: string;
  /** The UTF-8 text of any of these may be the key: two while one is being replaced by another. */
  readonly secrets: readonly string[];
  readonly encoding: 'hex' | 'base64';
  /** What stands before the signature, such as `sha256=`. */
  readonly prefix?: string;
  readonly hash?: 'sha256' | 'sha1';
};

/**
 * Builds a check of a signature that covers the body and no time: anybody who sees a request can send it again.
 * @throws ConfigError for an empty secret; (the check) RejectedError
 */
export function verifyHmac({ header, secrets, encoding, prefix = '', hash = 'sha256' }: HmacOptions) {
  if (secrets.length === 0 || secrets.includes('')) throw new ConfigError(['a secret is empty']);
  return async (request: WebhookRequest): Promise<void> => {
    const value = soleHeader(request, header);
    if (!value.startsWith(prefix) || !patterns[encoding].test(value.slice(prefix.length))) {
      throw new RejectedError('signature_malformed', `the header ${header} is no signature in ${encoding}`);
    }
    const signature = Buffer.from(value.slice(prefix.length), encoding);
    const isSignedBy = (secret: string) =>
      isSameBytes(signature, createHmac(hash, secret).update(request.body).digest());
    if (!secrets.some(isSignedBy))
      throw new RejectedError('signature_mismatch', 'no secret of ours signed the body');
  };
}

// Node's decoder skips what it can't read, so without these many texts would be one signature.
const patterns = { hex: /^([0-9a-f]{2})+$/i, base64: /^[A-Za-z0-9+/]+={0,2}$/ };
