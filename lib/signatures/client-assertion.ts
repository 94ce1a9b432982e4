// A client's own statement, signed by its key, in place of a secret that its token endpoint would have to be told.
// https://www.rfc-editor.org/rfc/rfc7523#section-2.2

import { randomUUID } from 'node:crypto';
import { importJWK, type JWK, SignJWT } from 'jose';
import { ConfigError } from '../errors.ts';
import { isObject, parseJson } from '../json.ts';

/** Reads a private RSA key as JSON. `setting`: where it stands. @throws ConfigError */
export function readPrivateKey(text: string, setting: string): JWK {
  const key = parseJson(text);
  if (isObject(key) && key.kty === 'RSA' && typeof key.d === 'string') return key as JWK;
  throw new ConfigError([`${setting} must be a private RSA key as JSON, with kty, n, e and d`]);
}

/** Members of the form for the token endpoint. @throws ConfigError where the key is none */
export async function signClientAssertion(
  clientId: string,
  key: JWK,
  tokenUrl: URL,
): Promise<Readonly<Record<string, string>>> {
  const privateKey = await importJWK(key, 'RS256').catch(() => {
    throw new ConfigError(['the private key of the client is none']);
  });
  const assertion = await new SignJWT()
    .setProtectedHeader({ alg: 'RS256', ...(key.kid && { kid: key.kid }) })
    .setIssuer(clientId)
    .setSubject(clientId)
    .setAudience(tokenUrl.href)
    .setJti(randomUUID())
    .setIssuedAt()
    .setExpirationTime('5m')
    .sign(privateKey);
  return {
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion,
  };
}
