import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../../lib/errors.ts';
import { keycloak } from '../../../lib/providers/keycloak/keycloak.ts';
import { toTold } from '../../../lib/providers/keycloak/user.ts';
import { startSigningKeys } from '../../../local/providers/keys.ts';
import { signHmac } from '../../../local/providers/signing.ts';
import { connect } from '../reader.ts';

const nowMs = Date.parse('2026-05-04T12:00:00Z');
const admin = '11111111-0000-4000-8000-000000000001';
const user = '9f4a3b5e-0000-4000-8000-000000000001';
const secret = 'current-secret-of-the-webhook';
const read = connect(keycloak, { KEYCLOAK_SECRETS: secret });

async function send(event: object) {
  const payload = { uid: 'uid-1', id: 'id-1', time: nowMs - 1_000, ...event };
  return (await read(signHmac(payload, secret, 'X-Keycloak-Signature', 'hex'), nowMs))[0];
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

  test('has a user asked for who signs in, for what an LDAP or an identity provider changed is told by nothing else', async () => {
    const login = { type: 'access.LOGIN', authDetails: { userId: user } };
    expect(await send(login)).toEqual({
      ...{ id: 'uid-1', kind: 'access.LOGIN', reference: user, at: nowMs - 1_000 },
      ...{ told: null, isPing: true },
    });
    expect(await send({ ...login, error: 'user_disabled' })).toMatchObject({ reference: null, told: null });
  });

  test.each([
    ['of an attempt that failed', byAdmin('admin.USER-DELETE', { error: 'user_not_found' })],
    ['of a step before there is a user', { type: 'access.UPDATE_PROFILE', authDetails: { userId: null } }],
    ['of a role', byAdmin('admin.REALM-UPDATE', { resourcePath: 'roles/admin' })],
    ['of a group that SCIM made', byAdmin('admin.USER-CREATE', { resourcePath: `scim/v2/Groups/${user}` })],
    ["of a part of a user's", byAdmin('admin.USER-UPDATE', { resourcePath: `users/${user}/groups/1` })],
    [
      'of a lockout that ends by itself',
      { type: 'access.USER_DISABLED_BY_TEMPORARY_LOCKOUT', authDetails: { userId: user } },
    ],
  ])('leaves alone an event %s', async (_what, event) => {
    expect(await send(event)).toMatchObject({ reference: null, told: null });
  });

  test.each<[string, object, string[]]>([
    ['{', {}, ['representation']],
    ['7', {}, ['representation']],
    ['{"enabled":"no"}', {}, ['enabled']],
    ['{"enabled":"false"}', { disabled: true }, []],
    ['{"enabled":false,"email":{}}', { disabled: true }, ['email']],
    ['{"enabled":false,"attributes":"x"}', { disabled: true }, ['attributes']],
    ['{"enabled":false,"emailVerified":true}', { disabled: true }, ['emailVerified']],
  ])(
    'takes of the representation %s what can be read, and names the rest',
    async (representation, told, unread) => {
      const event = await send(byAdmin('admin.USER-UPDATE', { representation }));
      expect(event).toMatchObject({ reference: user, told });
      expect(event?.told).toEqual(told);
      expect(event?.unread ?? []).toEqual(unread);
    },
  );

  test.each([
    ['whose representation can not be read', '{'],
    ['that verifies an address and names none', '{"emailVerified":true}'],
  ])('says that an update %s leaves out what changed', async (_which, representation) => {
    expect(await send(byAdmin('admin.USER-UPDATE', { representation }))).toMatchObject({
      told: {},
      isPartial: true,
    });
  });

  test.each([
    ['{"email":"ada@example.com"}', { disabled: true }],
    ['{"email":"ada@example.com","enabled":null}', { disabled: true }],
    ['{"email":"ada@example.com","enabled":7}', {}],
  ])('creates a user of %s as Keycloak does', async (representation, told) => {
    const event = await send(byAdmin('admin.USER-CREATE', { representation }));
    expect(event?.told).toEqual({ email: 'ada@example.com', ...told });
  });

  test.each([
    ['left out', {}, { phone: null }],
    ['null', { phoneNumber: null }, { phone: null }],
    ['a list of none', { phoneNumber: [] }, { phone: null }],
    ['a list of blanks', { phoneNumber: ['', null] }, { phone: null }],
    ['not readable', { phoneNumber: [7] }, {}],
    ['one of several', { phoneNumber: ['', '+441', '+442'] }, { phone: '+441' }],
  ])('an attribute that is %s in the update of a whole user', async (_how, attributes, told) => {
    const profile = { email: 'ada@example.com', firstName: 'Ada', lastName: 'L' };
    const others = { locale: ['de'], zoneinfo: ['Europe/Rome'], picture: ['https://img.example/a.png'] };
    const representation = JSON.stringify({ ...profile, attributes: { ...others, ...attributes } });
    const event = await send(byAdmin('admin.USER-UPDATE', { representation }));
    const same = { locale: 'de', timezone: 'Europe/Rome', avatarUrl: 'https://img.example/a.png' };
    expect(event?.told).toEqual({ ...profile, ...same, ...told });
  });

  test('an attribute of several values, the first of which can not be read, is not told by the second', () => {
    expect(toTold({ attributes: { phoneNumber: [null, undefined, '+442'] } })).toEqual({});
  });

  test.each<[object, object]>([
    [{ previous_first_name: 'Ada', updated_first_name: 'x'.repeat(4_097) }, {}],
    [{ previous_first_name: 'Ada', updated_first_name: 7 }, {}],
    [{ previous_email: 'ada@example.com' }, { email: null }],
    [
      { updated_picture: 'https://img.example/a.png', previous_zoneinfo: 'Europe/Rome' },
      { avatarUrl: 'https://img.example/a.png', timezone: null },
    ],
  ])("of a user's own change %j tells %j", async (details, told) => {
    const event = await send({ type: 'access.UPDATE_PROFILE', authDetails: { userId: user }, details });
    expect(event?.told).toEqual(told);
  });

  test.each([
    [{ realmName: 'app', realmId: 'realm-1' }, true],
    [{ realmId: 'app' }, true],
    [{ realmName: 'other', realmId: 'realm-2' }, false],
    [{}, false],
  ])('of the realm %j mirrors, where KEYCLOAK_REALM is "app": %j', async (realm, isMirrored) => {
    const readOne = connect(keycloak, { KEYCLOAK_SECRETS: secret, KEYCLOAK_REALM: 'app' });
    const payload = { time: nowMs, ...byAdmin('admin.USER-DELETE'), ...realm };
    const [event] = await readOne(signHmac(payload, secret, 'X-Keycloak-Signature', 'hex'), nowMs);
    expect(event?.told).toEqual(isMirrored ? { deleted: true } : null);
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
