// A key pair that signs what senders send, and its key set on this machine.

import { exportJWK, generateKeyPair, type JWTHeaderParameters, SignJWT } from 'jose';
import { answerJson, serve } from '../server.ts';

export type SigningKeys = {
  /** Where the public key is published. */
  readonly jwksUrl: string;
  /** The address before the path of the key set; fit for an issuer. */
  readonly url: string;
  /** A JWT of exactly these claims, signed by RS256. */
  readonly sign: (
    claims: Readonly<Record<string, unknown>>,
    header?: Partial<JWTHeaderParameters>,
  ) => Promise<string>;
  readonly close: () => Promise<void>;
};

// The same for every pair, so that what a stranger signs is refused for its signature and not for its key's name.
const kid = 'sender';

export async function startSigningKeys(): Promise<SigningKeys> {
  const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true });
  const named = { alg: 'RS256', kid };
  const jwk = { ...(await exportJWK(publicKey)), ...named, use: 'sig' };
  const server = await serve(0, async (_request, response) => answerJson(response, 200, { keys: [jwk] }));
  return {
    jwksUrl: `${server.url}/.well-known/jwks.json`,
    url: server.url,
    sign: (claims, header) =>
      new SignJWT({ ...claims }).setProtectedHeader({ ...named, ...header }).sign(privateKey),
    close: server.close,
  };
}
