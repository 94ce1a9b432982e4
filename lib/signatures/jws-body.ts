// The family whose body is one compact JWS: security event tokens, Kinde, and senders of your own.

import type { WebhookRequest } from '../event.ts';
import { toLatin1 } from './bytes.ts';
import type { Claims } from './claims.ts';
import { type JwsTextOptions, verifyJwsText } from './jws-in-json.ts';

/**
 * Builds a verifier that returns the claims of a body that is a token.
 * @throws (the verifier) RejectedError, or UnavailableError where the keys can't be reached
 */
export function verifyJwsBody(options: JwsTextOptions) {
  const verify = verifyJwsText(options);
  return (request: WebhookRequest, nowMs: number): Promise<Claims> =>
    verify(toLatin1(request.body).trim(), nowMs);
}
