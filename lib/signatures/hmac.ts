// The family whose signature is the plain HMAC of the raw body, in a header.

import { ConfigError, RejectedError } from '../errors.ts';
import type { WebhookRequest } from '../event.ts';
import { isSignedByAny } from './any-secret.ts';
import { decode } from './bytes.ts';
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
    const text = value.startsWith(prefix) ? value.slice(prefix.length) : '';
    const signature = decode(text, encoding);
    if (!signature?.length) {
      throw new RejectedError('signature_malformed', `the header ${header} is no signature in ${encoding}`);
    }
    if (!isSignedByAny(secrets, [signature], { hash, parts: [request.body] }))
      throw new RejectedError('signature_mismatch', 'no secret of ours signed the body');
  };
}
