// The family whose body is JSON with one compact JWS in it: the claims of that token are all that is signed.

import { RejectedError } from '../errors.ts';
import type { WebhookRequest } from '../event.ts';
import { type ClaimRules, type Claims, checkClaims } from './claims.ts';
import type { Keys } from './keys.ts';
import { findText } from './unread-json.ts';

export type JwsTextOptions = ClaimRules & { readonly keys: Keys };

/**
 * Builds a verifier that returns the claims of a token.
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

export type JwsInJsonOptions = JwsTextOptions & {
  /** The name of the token in the body. What else the body says is not signed, and not read. */
  readonly member: string;
};

/**
 * Builds a verifier that returns the claims of the token in a body.
 * @throws (the verifier) RejectedError, or UnavailableError where the keys can't be reached
 */
export function verifyJwsInJson({ member, ...options }: JwsInJsonOptions) {
  const verify = verifyJwsText(options);
  return (request: WebhookRequest, nowMs: number): Promise<Claims> =>
    verify(findText(request.body, member) ?? '', nowMs);
}
