// A key pair that signs any text, JSON or not, and that anything can be done to before it signs.

import { generateKeyPairSync, sign } from 'node:crypto';
import type { SigningKeys } from '../../local/providers/keys.ts';
import { startKeyServer } from '../signatures/key-server.ts';

export type RawKeys = SigningKeys & {
  /** What becomes of a token's header and claims, as JSON, before they are signed. */
  rewriteHeader: (json: string) => string;
  rewriteClaims: (json: string) => string;
};

export async function startRawKeys(): Promise<RawKeys> {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const named = { alg: 'RS256', kid: 'sender' };
  const server = await startKeyServer({ ...publicKey.export({ format: 'jwk' }), ...named, use: 'sig' });
  const keys: RawKeys = {
    jwksUrl: server.url,
    url: new URL(server.url).origin,
    rewriteHeader: (json) => json,
    rewriteClaims: (json) => json,
    sign: async (claims, header) => {
      const parts = [
        keys.rewriteHeader(JSON.stringify({ ...named, ...header })),
        keys.rewriteClaims(JSON.stringify(claims)),
      ];
      const signed = parts.map((part) => Buffer.from(part).toString('base64url')).join('.');
      return `${signed}.${sign('sha256', Buffer.from(signed), privateKey).toString('base64url')}`;
    },
    close: async () => server[Symbol.asyncDispose](),
  };
  return keys;
}
