import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startDoor } from '../../local/door.ts';
import {
  type Forgery,
  type GenericEvent,
  type RunningIdentityProvider,
  startIdentityProvider,
} from '../../local/identity-provider.ts';

let provider: RunningIdentityProvider;

beforeEach(async () => {
  provider = await startIdentityProvider({ audience: 'roq-sync', keyId: 'key-1' });
});

afterEach(() => provider.close());

const signedUp: GenericEvent = {
  type: 'user.signed_up',
  time: '2026-03-01T00:00:00Z',
  user: { id: 'u-1', email: 'ada@example.com', first_name: 'Ada' },
};

test('signs events that its published key verifies', async () => {
  const token = await provider.sign(signedUp);

  expect(decodeProtectedHeader(token)).toEqual({ alg: 'ES256', kid: 'key-1', typ: 'user-event+jwt' });
  const { payload } = await verify(token);
  expect(payload).toMatchObject({
    iss: provider.url,
    aud: 'roq-sync',
    event: signedUp,
    jti: expect.any(String),
  });
});

test.each<Forgery>(['foreign key', 'unsigned', 'public key as secret', 'altered'])(
  'signs wrongly when told to: %s',
  async (forgery) => {
    await expect(verify(await provider.sign(signedUp, { forgery }))).rejects.toThrow();
  },
);

test('states what it is told to in header and claims', async () => {
  const token = await provider.sign(signedUp, {
    header: { typ: 'at+jwt' },
    claims: { aud: 'other', jti: undefined },
  });

  expect(decodeProtectedHeader(token)).toMatchObject({ typ: 'at+jwt' });
  const { payload } = await jwtVerify(token, keys());
  expect(payload.aud).toBe('other');
  expect(payload).not.toHaveProperty('jti');
});

test('keeps old keys published when it rotates, until it revokes them', async () => {
  const old = await provider.sign(signedUp);
  await provider.rotateKey({ keyId: 'key-2' });
  expect(decodeProtectedHeader(await provider.sign(signedUp))).toMatchObject({ kid: 'key-2' });
  await verify(old);

  await provider.rotateKey({ revoke: true });
  await verify(await provider.sign(signedUp));
  await expect(verify(old)).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' });
});

test('delivers events as told: repeated byte for byte, and in the order that chance gives', async () => {
  const seen: { user: string; body: string }[] = [];
  const door = await startDoor({
    functions: {
      webhook: {
        timeoutMs: 5_000,
        routes: ['POST /webhooks/{provider}'],
        async handler({ body }: { body: string }) {
          const token = Buffer.from(body, 'base64').toString();
          const { payload } = await jwtVerify<{ event: GenericEvent }>(token, keys());
          seen.push({ user: payload.event.user.id, body });
          return { statusCode: 202 };
        },
      },
    },
  });
  const second: GenericEvent = { ...signedUp, user: { id: 'u-2' } };
  const chances = [0.9, 0, 0.9, 0];
  const responses = await provider.send(`${door.url}/webhooks/generic`, [signedUp, second], {
    repeats: 1,
    shuffle: () => chances.shift() ?? 0,
  });
  await door.close();

  expect(responses.map(({ status }) => status)).toEqual([202, 202, 202, 202]);
  expect(seen.map(({ user }) => user)).toEqual(['u-2', 'u-1', 'u-2', 'u-1']);
  expect(new Set(seen.map(({ body }) => body)).size).toBe(2);
});

function keys() {
  return createRemoteJWKSet(new URL(provider.jwksUrl));
}

function verify(token: string) {
  return jwtVerify(token, keys(), { issuer: provider.issuer, audience: 'roq-sync', algorithms: ['ES256'] });
}
