import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../../lib/errors.ts';
import { keycloak } from '../../../lib/providers/keycloak/keycloak.ts';
import { startSigningKeys } from '../../../local/providers/keys.ts';
import { signHmac } from '../../../local/providers/signing.ts';
import { connect } from '../reader.ts';

const nowMs = Date.parse('2026-05-04T12:00:00Z');
const admin = '11111111-0000-4000-8000-000000000001';
const user = '9f4a3b5e-0000-4000-8000-000000000001';
const read = connect(keycloak, { KEYCLOAK_SECRETS: 'current' });

async function send(event: object) {
  const payload = { uid: 'uid-1', id: 'id-1', time: nowMs - 1_000, ...event };
  return (await read(signHmac(payload, 'current', 'X-Keycloak-Signature', 'hex'), nowMs))[0];
}

function byAdmin(type: string, members: object = {}) {
  return { type, resourcePath: `users/${user}`, authDetails: { userId: admin }, ...members };
}

describe('Keycloak', () => {
  test('takes the user from the path where an admin acts, and from authDetails where a user does', async () => {
    const deletion = byAdmin('admin.USER-DELETE');
    expect(await send(deletion)).toMatchObject({ id: 'uid-1', reference: user, told: { deleted: true } });
    const leaving = {
      type: 'access.DELETE_ACCOUNT',
      resourcePath: `users/${admin}`,
      authDetails: { userId: user },
    };
    expect(await send(leaving)).toMatchObject({ reference: user, told: { deleted: true } });
  });

  test.each(['admin.USER-CREATE', 'admin.USER-UPDATE'])(
    'says that %s without its representation leaves out what changed',
    async (type) => {
      expect(await send(byAdmin(type))).toMatchObject({ reference: user, told: {}, isPartial: true });
      expect(await send(byAdmin(type, { representation: '{"enabled":true}' }))).not.toHaveProperty(
        'isPartial',
      );
    },
  );

  test.each([
    ['of an attempt that failed', byAdmin('admin.USER-DELETE', { error: 'user_not_found' })],
    ['of a step before there is a user', { type: 'access.UPDATE_PROFILE', authDetails: { userId: null } }],
    ["of a part of a user's", byAdmin('admin.USER-UPDATE', { resourcePath: `users/${user}/groups/1` })],
    [
      'of a lockout that ends by itself',
      { type: 'access.USER_DISABLED_BY_TEMPORARY_LOCKOUT', authDetails: { userId: user } },
    ],
  ])('leaves alone an event %s', async (_what, event) => {
    expect(await send(event)).toMatchObject({ reference: null, told: null });
  });

  test.each(['{', '7', '{"enabled":"no"}'])('refuses the representation %s', async (representation) => {
    await expect(send(byAdmin('admin.USER-UPDATE', { representation }))).rejects.toMatchObject({
      code: expect.stringMatching(/^(body_malformed|payload_invalid)$/),
    });
  });

  test.each([
    ['ada@example.com', {}, {}],
    ['Ada@Example.com', {}, {}],
    ['old@example.com', {}, { emailVerified: false }],
    [undefined, {}, { emailVerified: false }],
    ['old@example.com', { action: 'update-email' }, { emailVerified: true }],
    ['ada@example.com', { action: 'update-email' }, { emailVerified: true }],
    ['old@example.com', { action: 'execute-actions' }, { emailVerified: false }],
  ])('of an address that was %j before, %j, says %j', async (previous_email, more, told) => {
    const details = { previous_email, updated_email: 'ada@example.com', ...more };
    const event = await send({ type: 'access.UPDATE_EMAIL', authDetails: { userId: user }, details });
    expect(event?.told).toEqual({ email: 'ada@example.com', ...told });
  });

  test('hears of a disabling whatever stands in the attributes', async () => {
    const representation = JSON.stringify({
      enabled: false,
      attributes: { locale: 'de', picture: [7], x: {} },
    });
    expect(await send(byAdmin('admin.USER-UPDATE', { representation }))).toMatchObject({
      told: { disabled: true },
    });
  });

  test("refuses a user's own access token, though a mapper put the hash of a body and our audience into it", async () => {
    const keys = await startSigningKeys();
    const settings = {
      KEYCLOAK_ISSUER: keys.url,
      KEYCLOAK_AUDIENCE: 'roq-sync',
      KEYCLOAK_JWKS_URL: keys.jwksUrl,
    };
    const body = Buffer.from(JSON.stringify({ ...byAdmin('admin.USER-DELETE'), time: nowMs }));
    const iat = nowMs / 1000;
    const claims = {
      iss: keys.url,
      aud: ['account', 'roq-sync'],
      iat,
      exp: iat + 300,
      jti: 'jti-1',
      request_body_sha256: createHash('sha256').update(body).digest('hex'),
    };
    const sendAs = async (more: object) => {
      const Authorization = `Bearer ${await keys.sign({ ...claims, ...more })}`;
      return connect(keycloak, settings)({ headers: { Authorization }, body }, nowMs);
    };
    expect(await sendAs({})).toHaveLength(1);
    await expect(sendAs({ azp: 'app' })).rejects.toMatchObject({ code: 'user_token' });
    await keys.close();
  });

  test.each([
    {},
    { KEYCLOAK_ISSUER: 'https://id.example/realms/app', KEYCLOAK_JWKS_URL: 'https://id.example/certs' },
    { KEYCLOAK_SECRETS: 'secret', KEYCLOAK_AUDIENCE: 'roq-sync' },
  ])('does not start with %j', (environment) => {
    expect(() => connect(keycloak, environment)).toThrow(ConfigError);
  });
});
