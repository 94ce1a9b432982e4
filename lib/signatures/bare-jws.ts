// The family whose signature is a compact JWS in a header that does not cover the body: it proves who sends, not what is
// sent.

import type { WebhookRequest } from '../event.ts';
import { type ClaimRules, type Claims, checkClaims } from './claims.ts';
import { soleHeader } from './header.ts';
import type { Keys } from './keys.ts';

export type BareJwsOptions = ClaimRules & {
  readonly keys: Keys;
  /** In lower case. */
  readonly header: string;
};

/**
 * Builds a verifier that returns the claims of the token in the header. Anybody who sees one token can send any body with
 * it, so bound its age, and accept it only where the operator says so.
 * @throws (the verifier) RejectedError, or UnavailableError where the keys can't be reached
 */
export function verifyBareJws({ keys, header, ...rules }: BareJwsOptions) {
  return async (request: WebhookRequest, nowMs: number): Promise<Claims> => {
    const jws = await keys(soleHeader(request, header));
    checkClaims(jws, rules, nowMs);
    return jws.claims;
  };
}
