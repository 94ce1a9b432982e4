// The family whose signature is a compact JWS in a header, with the SHA-256 of the raw body among its claims.

import { RejectedError } from '../errors.ts';
import type { WebhookRequest } from '../event.ts';
import { decode, isSameBytes, sha256 } from './bytes.ts';
import { type ClaimRules, type Claims, checkClaims } from './claims.ts';
import { soleHeader } from './header.ts';
import type { Keys } from './keys.ts';

export type JwsHeaderOptions = ClaimRules & {
  readonly keys: Keys;
  /** In lower case. */
  readonly header: string;
  /** What stands before the token, such as `Bearer `. */
  readonly prefix?: string;
  readonly hashClaim: string;
  /** FusionAuth writes the hash as base64, others as hex. */
  readonly hashEncoding: 'base64' | 'hex';
};

/**
 * Builds a verifier that returns the claims of the token in the header, once they match the body.
 * @throws (the verifier) RejectedError, or UnavailableError where the keys can't be reached
 */
export function verifyJwsHeader(options: JwsHeaderOptions) {
  const { keys, header, prefix = '', hashClaim, hashEncoding, ...rules } = options;
  return async (request: WebhookRequest, nowMs: number): Promise<Claims> => {
    const value = soleHeader(request, header);
    if (!value.startsWith(prefix))
      throw new RejectedError('signature_malformed', `the header ${header} does not hold a token`);
    const jws = await keys(value.slice(prefix.length));
    checkClaims(jws, rules, nowMs);
    const hash = jws.claims[hashClaim];
    if (typeof hash !== 'string')
      throw new RejectedError('claim_missing', `the token lacks the claim ${hashClaim}`);
    const claimed = decode(hash, hashEncoding);
    if (!claimed || !isSameBytes(claimed, sha256(request.body))) {
      throw new RejectedError('body_hash_mismatch', 'the token was made for another body');
    }
    return jws.claims;
  };
}
