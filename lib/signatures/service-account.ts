// A service account's own statement, signed by its key, for which Google's token endpoint gives an access token.
// https://developers.google.com/identity/protocols/oauth2/service-account#authorizingrequests

import { importPKCS8, SignJWT } from 'jose';
import { ConfigError } from '../errors.ts';

export type ServiceAccount = {
  readonly email: string;
  /** PEM, PKCS #8. */
  readonly privateKey: string;
  readonly tokenUrl: string;
};

// As long as Google allows is no use: it is sent at once.
const life = '5m';

/** The form for the token endpoint. @throws ConfigError where the key is none */
export async function signStatement(
  { email, privateKey, tokenUrl }: ServiceAccount,
  scope: string,
): Promise<Readonly<Record<string, string>>> {
  const key = await importPKCS8(privateKey, 'RS256').catch(() => {
    throw new ConfigError(["the service account's private_key is none"]);
  });
  const assertion = await new SignJWT({ scope })
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT' })
    .setIssuer(email)
    .setAudience(tokenUrl)
    .setIssuedAt()
    .setExpirationTime(life)
    .sign(key);
  return { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion };
}
