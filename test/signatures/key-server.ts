// A real HTTP server on this machine that publishes a key set, well or badly.

import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type CryptoKey,
  exportJWK,
  generateKeyPair,
  type JWK,
  type JWTHeaderParameters,
  SignJWT,
} from 'jose';

export type Signer = {
  readonly jwk: JWK;
  readonly sign: (claims: Record<string, unknown>, header?: Partial<JWTHeaderParameters>) => Promise<string>;
};

/** A new key pair, the public half as it stands in a key set; a kid of '' leaves it without one. */
export async function createSigner(kid = 'key-1', alg = 'RS256'): Promise<Signer> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const named = kid === '' ? {} : { kid };
  const sign: Signer['sign'] = (claims, header) => signWith(privateKey, claims, { alg, ...named, ...header });
  return { jwk: { ...(await exportJWK(publicKey)), use: 'sig', alg, ...named }, sign };
}

export type KeyServer = AsyncDisposable & {
  readonly url: string;
  /** The published keys, to be changed at will. */
  keys: JWK[];
  /** What is done instead of publishing them. */
  instead: ((response: ServerResponse) => void) | null;
  readonly requests: () => number;
};

export async function startKeyServer(...keys: JWK[]): Promise<KeyServer> {
  let requests = 0;
  const server = createServer((_request, response) => {
    requests += 1;
    if (keyServer.instead) keyServer.instead(response);
    else response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: keyServer.keys }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const keyServer: KeyServer = {
    url: `http://127.0.0.1:${port}/jwks.json`,
    keys,
    instead: null,
    requests: () => requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return keyServer;
}

function signWith(
  key: CryptoKey,
  claims: Record<string, unknown>,
  header: JWTHeaderParameters,
): Promise<string> {
  return new SignJWT(claims).setProtectedHeader(header).sign(key);
}
