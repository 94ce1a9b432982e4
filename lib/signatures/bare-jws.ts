// The family whose signature is a compact JWS in a header that says nothing of the body: it proves who sends, and not
// what is sent.

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
 * Builds a verifier that returns the claims of the token in the header. Whoever sees one token can send any body with
 * it: bound its age, and take it only where the operator has said so.
 * @throws (the verifier) RejectedError, or UnavailableError where the keys could not be had
 */
export function verifyBareJws({ keys, header, ...rules }: BareJwsOptions) {
  return async (request: WebhookRequest, nowMs: number): Promise<Claims> => {
    const jws = await keys(soleHeader(request, header));
    checkClaims(jws, rules, nowMs);
    return jws.claims;
  };
}
