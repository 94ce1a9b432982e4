// What stands in an access token that was given to us: for show alone, so nobody has to have verified it.

import { decodeJwt } from 'jose';

/** The claims of the token; null where it is no JWT. */
export function readOwnToken(token: string): Readonly<Record<string, unknown>> | null {
  try {
    return decodeJwt(token);
  } catch {
    return null;
  }
}
