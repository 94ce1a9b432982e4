// The family whose body is JSON with one compact JWS in it: the claims of that token are all that is signed.

import { RejectedError } from '../errors.ts';
import { type ClaimRules, type Claims, checkClaims } from './claims.ts';
import type { Keys } from './keys.ts';

export type JwsTextOptions = ClaimRules & { readonly keys: Keys };

/**
 * Builds a verifier that returns the claims of a token, which the caller takes out of the body.
 * @throws (the verifier) RejectedError, or UnavailableError where the keys can't be reached
 */
export function verifyJwsText({ keys, ...rules }: JwsTextOptions) {
  return async (token: string, nowMs: number): Promise<Claims> => {
    if (token === '') throw new RejectedError('signature_missing', 'there is no token');
    const jws = await keys(token);
    checkClaims(jws, rules, nowMs);
    return jws.claims;
  };
}
