// The family whose body is one compact JWS: security event tokens, Kinde, and senders of your own.

import { RejectedError } from '../errors.ts';
import type { WebhookRequest } from '../providers/provider.ts';
import { type ClaimRules, type Claims, checkClaims } from './claims.ts';
import type { Keys } from './keys.ts';

export type JwsBodyOptions = ClaimRules & { readonly keys: Keys };

/**
 * Builds a verifier that returns the claims of a body that is a token.
 * @throws (the verifier) RejectedError, or UnavailableError where the keys could not be had
 */
export function verifyJwsBody({ keys, ...rules }: JwsBodyOptions) {
  return async (request: WebhookRequest, nowMs: number): Promise<Claims> => {
    const token = new TextDecoder().decode(request.body).trim();
    if (token === '') throw new RejectedError('signature_missing', 'the body is empty');
    const jws = await keys(token);
    checkClaims(jws, rules, nowMs);
    return jws.claims;
  };
}
