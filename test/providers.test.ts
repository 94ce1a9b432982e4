import { createHash, createHmac } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../lib/errors.ts';
import type { Read, UserEvent, WebhookRequest } from '../lib/providers/provider.ts';
import { providers } from '../lib/providers/registry.ts';
import { readSettings } from '../lib/settings.ts';
import { createSigner, type KeyServer, type Signer, startKeyServer } from './signatures/key-server.ts';

const nowMs = Date.parse('2026-05-04T12:00:00Z');
const at = nowMs - 1_000;
const signedAt = Date.parse('2026-05-04T11:59:58.250Z');
const issuedAt = nowMs - 2_000;
const webhookSecret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const risc = 'https://schemas.openid.net/secevent/risc/event-type/';
const scim = 'urn:ietf:params:scim:event:prov:';

let signer: Signer;
let keyServer: KeyServer;

beforeAll(async () => {
  signer = await createSigner();
  keyServer = await startKeyServer(signer.jwk);
});
afterAll(() => keyServer[Symbol.asyncDispose]());

/** How a provider is set up, and how it signs what it sends. */
type Sender = {
  readonly environment: () => Record<string, string>;
  readonly send: (payload: object) => Promise<WebhookRequest>;
};

const senders: Record<string, Sender> = {
  ssf: {
    environment: () => ({
      ...{ SSF_JWKS_URL: keyServer.url, SSF_ISSUER: 'https://idp.example' },
      SSF_AUDIENCE: 'https://hook.example',
    }),
    send: (claims) => sendToken(claims, { typ: 'secevent+jwt' }),
  },
  kinde: { environment: () => ({ KINDE_JWKS_URL: keyServer.url }), send: (claims) => sendToken(claims) },
  fusionauth: { environment: () => ({ FUSIONAUTH_SECRETS: 'next current' }), send: sendHashed },
  clerk: { environment: () => ({ CLERK_SECRETS: webhookSecret }), send: (body) => sendWebhook(body, 'svix') },
  generic: {
    environment: () => ({ GENERIC_SECRETS: webhookSecret }),
    send: (body) => sendWebhook(body, 'webhook'),
  },
};

const ownTokens: Sender = {
  environment: () => ({
    ...{
      GENERIC_JWKS_URL: keyServer.url,
      GENERIC_ISSUER: 'https://auth.example',
      GENERIC_AUDIENCE: 'roq-sync',
    },
  }),
  send: (event) => sendToken({ ...ownClaims, event }, { typ: 'user-event+jwt' }),
};
const ownClaims = { iss: 'https://auth.example', aud: 'roq-sync', iat: nowMs / 1000, jti: 'token-1' };

const ignored = { reference: null, told: null };

const profile = { email: 'ada@example.com', phone: '+441234567890', firstName: 'Ada', lastName: 'Lovelace' };
const more = { locale: 'en-GB', timezone: 'Europe/London', avatarUrl: 'https://example.com/ada.png' };

/** What each fixture is to be read as; an event's id and time are the same for most of a provider. */
const expected: Record<string, Record<string, readonly Omit<UserEvent, 'id'>[]>> = {
  generic: {
    'user.signed_up': [
      {
        ...{ kind: 'user.signed_up', reference: 'user-1', at: signedAt },
        told: { ...profile, ...more, customData: '{"beta":true,"plan":"pro"}', tenantId: 'tenant-1' },
      },
    ],
    'user.email_verified': [
      { kind: 'user.email_verified', reference: 'user-1', at, told: { emailVerified: true } },
    ],
    'user.updated': [
      {
        ...{ kind: 'user.updated', reference: 'user-1', at },
        told: { email: 'ada@new.example', emailVerified: false, phone: null, lastName: null },
      },
    ],
    'user.disabled': [
      { kind: 'user.disabled', reference: 'user-1', at, told: { disabled: true, firstName: 'Augusta' } },
    ],
    'user.enabled': [{ kind: 'user.enabled', reference: 'user-1', at, told: { disabled: false } }],
    'user.deleted': [{ kind: 'user.deleted', reference: 'user-1', at, told: { deleted: true } }],
    'user.logged_in': [{ kind: 'user.logged_in', at, ...ignored }],
  },
  kinde: {
    'user.created': [
      {
        ...{ kind: 'user.created', reference: 'kp_1', at: signedAt },
        told: { email: 'ada@example.com', phone: null, firstName: 'Ada', lastName: null, disabled: false },
      },
    ],
    'user.updated-suspended': [
      {
        ...{ kind: 'user.updated', reference: 'kp_1', at: signedAt },
        told: { email: 'ada@example.com', phone: null, firstName: 'Ada', lastName: null, disabled: true },
      },
    ],
    'user.deleted': [{ kind: 'user.deleted', reference: 'kp_1', at: signedAt, told: { deleted: true } }],
    'user.authenticated': [{ kind: 'user.authenticated', at: signedAt, ...ignored }],
  },
  fusionauth: {
    'user.create.complete': [
      fusionauth('user.create.complete', {
        ...{ ...profile, ...more, locale: 'en', emailVerified: false, disabled: false },
      }),
    ],
    'user.update.complete': [
      fusionauth('user.update.complete', {
        ...{ ...profile, ...more, locale: 'en', emailVerified: true, disabled: true },
        ...{ firstName: 'Augusta', phone: null, timezone: null },
      }),
    ],
    'user.delete.complete': [fusionauth('user.delete.complete', { deleted: true })],
    'user.deactivate': [fusionauth('user.deactivate', { disabled: true })],
    'user.reactivate': [fusionauth('user.reactivate', { disabled: false })],
    'user.email.verified': [fusionauth('user.email.verified', { emailVerified: true })],
    'user.create': [{ kind: 'user.create', at: signedAt, ...ignored }],
    'user.bulk.create': [{ kind: 'user.bulk.create', at: signedAt, ...ignored }],
    test: [{ kind: 'test', at: signedAt, ...ignored }],
  },
  clerk: {
    'user.created': [clerk('user.created', { emailVerified: false, disabled: false })],
    'user.updated-verified': [clerk('user.updated', { emailVerified: true, disabled: false })],
    'user.updated-banned': [clerk('user.updated', { emailVerified: true, disabled: true, phone: null })],
    'user.updated-deprovisioned': [clerk('user.updated', { emailVerified: true, disabled: true })],
    'user.deleted': [{ kind: 'user.deleted', reference: 'user_1', at: signedAt, told: { deleted: true } }],
    'session.created': [{ kind: 'session.created', at: signedAt, ...ignored }],
  },
  ssf: {
    'account-disabled': [ssf(`${risc}account-disabled`, { disabled: true })],
    'account-enabled': [{ ...ssf(`${risc}account-enabled`, { disabled: false }), at: nowMs - 60_500 }],
    'account-purged': [ssf(`${risc}account-purged`, { deleted: true })],
    'identifier-changed-email': [ssf(`${risc}identifier-changed`, { email: 'ada@new.example' })],
    'identifier-changed-phone': [ssf(`${risc}identifier-changed`, { phone: '+441234567890' })],
    'session-revoked': [
      {
        ...{
          kind: 'https://schemas.openid.net/secevent/caep/event-type/session-revoked',
          at: nowMs - 30_000,
        },
        ...ignored,
      },
    ],
    verification: [
      { kind: 'https://schemas.openid.net/secevent/ssf/event-type/verification', at: issuedAt, ...ignored },
    ],
    'stream-updated': [
      { kind: 'https://schemas.openid.net/secevent/ssf/event-type/stream-updated', at: issuedAt, ...ignored },
    ],
    'keycloak-complex': [{ ...ssf(`${risc}account-disabled`, { disabled: true }), at: nowMs - 30_000 }],
    'google-account-disabled': [ssf(`${risc}account-disabled`, { disabled: true })],
    'scim-create-full': [
      { kind: 'urn:ietf:params:scim:event:feed:add', at: issuedAt, ...ignored },
      scimEvent('create:full', { ...profile, ...more, avatarUrl: null, disabled: false }),
    ],
    'scim-create-notice': [scimEvent('create:notice', {})],
    'scim-put-full': [scimEvent('put:full', { email: 'ada@new.example', disabled: true })],
    'scim-put-notice': [scimEvent('put:notice', {})],
    'scim-patch-full': [
      {
        ...scimEvent('patch:full', {
          ...{ firstName: 'Augusta', timezone: null, email: 'ada@new.example', disabled: true },
          ...{ locale: 'fr-FR', phone: '+33123456789', avatarUrl: 'https://example.com/ada.png' },
        }),
        kind: 'urn:ietf:params:SCIM:event:prov:patch:full',
      },
    ],
    'scim-patch-notice': [scimEvent('patch:notice', {})],
    'scim-activate': [scimEvent('activate', { disabled: false })],
    'scim-deactivate': [scimEvent('deactivate', { disabled: true })],
    'scim-delete': [scimEvent('delete', { deleted: true })],
    'scim-group-create-full': [{ kind: `${scim}create:full`, at: issuedAt, ...ignored }],
    'scim-feed-remove': [{ kind: 'urn:ietf:params:scim:event:feed:remove', at: issuedAt, ...ignored }],
  },
};

describe.each(providers.map((provider) => [provider.name, provider] as const))('%s', (name, provider) => {
  const fixtures = readdirSync(new URL(`fixtures/${name}/`, import.meta.url)).map((file) =>
    file.replace('.json', ''),
  );

  it.each(fixtures)('reads %s', async (fixture) => {
    const events = await read(name, await sender(name).send(load(name, fixture)));
    const wanted = expected[name]?.[fixture];
    expect(events.map(({ id: _id, ...event }) => event)).toEqual(wanted);
    for (const { id } of events) expect(id).toBeTruthy();
  });

  it('has a fixture for every kind that it mirrors', () => {
    const read = Object.values(expected[name] ?? {}).flat();
    const kinds = read.filter(({ told }) => told).map(({ kind }) => kind.replace('SCIM', 'scim'));
    expect(new Set(kinds)).toEqual(new Set(provider.mirrored.map(({ kind }) => kind)));
  });

  it('refuses what was signed by somebody else', async () => {
    const request = await sender(name).send(load(name, fixtures[0] ?? ''));
    const stranger = await createSigner();
    await using strangers = await startKeyServer(stranger.jwk);
    const other = `whsec_${Buffer.alloc(32, 8).toString('base64')}`;
    const replaced = Object.entries(sender(name).environment()).map(([key, value]) => {
      if (key.endsWith('JWKS_URL')) return [key, strangers.url];
      return [key, key.endsWith('SECRETS') ? other : value];
    });
    await expect(read(name, request, Object.fromEntries(replaced))).rejects.toMatchObject({
      name: 'RejectedError',
      code: 'signature_mismatch',
    });
  });

  it('refuses a body that was changed on its way', async () => {
    const request = await sender(name).send(load(name, fixtures[0] ?? ''));
    const body = Buffer.from(request.body);
    body.writeUInt8((body.at(-2) ?? 0) ^ 1, body.length - 2);
    await expect(read(name, { ...request, body })).rejects.toMatchObject({ name: 'RejectedError' });
  });

  it('refuses an event without a user id, naming its path and not its values', async () => {
    const mirrored = fixtures.find((fixture) => expected[name]?.[fixture]?.some(({ told }) => told)) ?? '';
    const text = JSON.stringify(load(name, mirrored)).replaceAll(
      /"(id|sub)":"(user|kp_|9f4a)[^"]*"/g,
      '"$1":""',
    );
    const failure = read(name, await sender(name).send(JSON.parse(text)));
    await expect(failure).rejects.toMatchObject({
      code: name === 'ssf' ? 'subject_unsupported' : 'payload_invalid',
    });
    await expect(failure).rejects.not.toThrow(/ada|example/i);
  });
});

describe('ssf', () => {
  const claims = () => load('ssf', 'account-disabled');

  it.each<[string, string, object, object?]>([
    ['that is a user token', 'user_token', { sub: 'user-1' }],
    ['that expires, as only user tokens do', 'user_token', { exp: nowMs / 1000 + 60 }],
    ['without the type of an event', 'type_mismatch', {}, {}],
    ['from another issuer', 'issuer_mismatch', { iss: 'https://mallory.example' }],
    ['for somebody else', 'audience_mismatch', { aud: 'https://other.example' }],
    ['without an id', 'claim_missing', { jti: undefined }],
    ['without events', 'claim_missing', { events: undefined }],
    ['with no event', 'payload_invalid', { events: {} }],
    ['that is older than 31 days', 'too_old', { iat: nowMs / 1000 - 31 * 86_400 - 1 }],
    ['that comes from the future', 'from_the_future', { iat: nowMs / 1000 + 301 }],
    [
      'about an e-mail address',
      'subject_unsupported',
      { sub_id: { format: 'email', email: 'ada@example.com' } },
    ],
    [
      'about a phone number',
      'subject_unsupported',
      { sub_id: { format: 'phone_number', phone_number: '+44123' } },
    ],
    [
      'about an account name',
      'subject_unsupported',
      { sub_id: { format: 'account', uri: 'acct:ada@example.com' } },
    ],
    [
      'about a user of another issuer',
      'subject_unsupported',
      { sub_id: { format: 'iss_sub', iss: 'https://other.example', sub: 'user-1' } },
    ],
    ['about nobody', 'subject_unsupported', { sub_id: undefined }],
    [
      'about aliases of no use',
      'subject_unsupported',
      { sub_id: { format: 'aliases', identifiers: [{}, null] } },
    ],
    [
      'about a user whose id is too long',
      'payload_invalid',
      { sub_id: { format: 'opaque', id: 'x'.repeat(513) } },
    ],
    ['about a user whose id is broken', 'payload_invalid', { sub_id: { format: 'opaque', id: 'x\u{d800}' } }],
    [
      'about a user whose SCIM address is broken',
      'subject_unsupported',
      { sub_id: { format: 'scim', uri: '/Users/%' } },
    ],
  ])('refuses a token %s: %s', async (_how, code, changes, header = { typ: 'secevent+jwt' }) => {
    const request = await sendToken({ ...claims(), ...changes }, header);
    await expect(read('ssf', request)).rejects.toMatchObject({ name: 'RejectedError', code });
  });

  it('takes plain tokens that expired, where its types are not demanded', async () => {
    const request = await sendToken({ ...claims(), exp: 1 });
    const environment = { ...sender('ssf').environment(), SSF_REQUIRE_TYP: 'false' };
    expect(await read('ssf', request, environment)).toMatchObject([{ told: { disabled: true } }]);
    await expect(
      read('ssf', await sendToken({ ...claims(), sub: 'user-1' }), environment),
    ).rejects.toMatchObject({ code: 'user_token' });
  });

  it('takes the subjects of another issuer, where it is told which', async () => {
    const sub_id = { format: 'iss_sub', iss: 'https://idp.example/', sub: 'user-1' };
    const environment = { ...sender('ssf').environment(), SSF_SUBJECT_ISSUER: 'https://idp.example/' };
    const events = await read('ssf', await sender('ssf').send({ ...claims(), sub_id }), environment);
    expect(events).toMatchObject([{ reference: 'user-1' }]);
  });

  it('takes the external id of a SCIM subject, where it is told to', async () => {
    const environment = { ...sender('ssf').environment(), SSF_SCIM_REFERENCE: 'externalId' };
    const request = await sender('ssf').send(load('ssf', 'scim-delete'));
    expect(await read('ssf', request, environment)).toMatchObject([
      { reference: 'ada', told: { deleted: true } },
    ]);
  });

  it('says that a told e-mail address is verified, where the operator vouches for it', async () => {
    const environment = { ...sender('ssf').environment(), SSF_EMAILS_ARE_VERIFIED: 'true' };
    const told = async (fixture: string) => {
      const events = await read('ssf', await sender('ssf').send(load('ssf', fixture)), environment);
      return events.at(-1)?.told?.emailVerified;
    };
    expect(await told('scim-create-full')).toBe(true);
    expect(await told('identifier-changed-email')).toBe(true);
    expect(await told('account-disabled')).toBeUndefined();
  });

  it('demands the agreed Authorization header, where there is one', async () => {
    const environment = { ...sender('ssf').environment(), SSF_AUTHORIZATION: 'Bearer next, Bearer current' };
    const { body } = await sender('ssf').send(claims());
    expect(
      await read('ssf', { headers: { authorization: 'Bearer current' }, body }, environment),
    ).toHaveLength(1);
    const codes = ['Bearer other', undefined].map((authorization) =>
      read('ssf', { headers: { authorization }, body }, environment).catch(({ code }) => code),
    );
    expect(await Promise.all(codes)).toEqual(['credential_mismatch', 'signature_missing']);
  });
});

describe('kinde', () => {
  const claims = () => load('kinde', 'user.created');

  it.each<[string, string, object]>([
    ['of a user, dressed up as an event', 'user_token', { sub: 'kp_1' }],
    ['of a machine, dressed up as an event', 'user_token', { azp: 'client', gty: ['client_credentials'] }],
    ['with scopes', 'user_token', { scp: ['openid'] }],
    ['without an event id', 'claim_missing', { event_id: undefined }],
    ['without data', 'claim_missing', { data: undefined }],
    ['without a time', 'timestamp_malformed', { timestamp: undefined }],
    ['whose time is no time', 'timestamp_malformed', { timestamp: 'yesterday' }],
    ['of more than 48 hours ago', 'too_old', { timestamp: '2026-05-02T11:59:59Z' }],
    ['from the future', 'from_the_future', { timestamp: '2026-05-04T12:05:01Z' }],
  ])('refuses a token %s: %s', async (_how, code, changes) => {
    await expect(read('kinde', await sendToken({ ...claims(), ...changes }))).rejects.toMatchObject({ code });
  });

  it('says that an e-mail address is verified, where the operator vouches for it', async () => {
    const environment = { ...sender('kinde').environment(), KINDE_EMAILS_ARE_VERIFIED: 'true' };
    const events = await read('kinde', await sendToken(claims()), environment);
    expect(events).toMatchObject([{ told: { email: 'ada@example.com', emailVerified: true } }]);
  });
});

describe('fusionauth', () => {
  it('takes tokens that a key pair signed, where a key set is configured', async () => {
    const payload = load('fusionauth', 'user.deactivate');
    const body = Buffer.from(JSON.stringify(payload));
    const token = await signer.sign({
      request_body_sha256: createHash('sha256').update(body).digest('base64'),
    });
    const request = { headers: { 'x-fusionauth-signature-jwt': token }, body };
    const environment = { FUSIONAUTH_JWKS_URL: keyServer.url };
    expect(await read('fusionauth', request, environment)).toMatchObject([{ told: { disabled: true } }]);
    await expect(read('fusionauth', await sendHashed(payload), environment)).rejects.toMatchObject({
      code: 'algorithm_refused',
    });
    await expect(read('fusionauth', request)).rejects.toMatchObject({ code: 'algorithm_refused' });
  });

  it('refuses an event of more than 31 days ago', async () => {
    const { event } = load('fusionauth', 'user.deactivate');
    const request = await sendHashed({
      event: { ...Object(event), createInstant: nowMs - 31 * 86_400_000 - 1 },
    });
    await expect(read('fusionauth', request)).rejects.toMatchObject({ code: 'too_old' });
  });

  it.each([{}, { FUSIONAUTH_SECRETS: 'one', FUSIONAUTH_JWKS_URL: 'https://idp.example/jwks' }])(
    'can not be configured as %j',
    (environment) => {
      expect(() => connect('fusionauth', environment)).toThrow(
        new ConfigError(['exactly one of FUSIONAUTH_SECRETS and FUSIONAUTH_JWKS_URL must be set']),
      );
    },
  );
});

describe('generic', () => {
  it('takes the same event as a token', async () => {
    const event = load('generic', 'user.signed_up');
    const asToken = await read('generic', await ownTokens.send(event), ownTokens.environment());
    expect(asToken).toEqual(await read('generic', await sender('generic').send(event)));
  });

  it('takes the id of the message for an event that has none', async () => {
    const event = { ...load('generic', 'user.enabled'), id: undefined };
    expect(await read('generic', await sender('generic').send(event))).toMatchObject([{ id: 'msg_1' }]);
    expect(await read('generic', await ownTokens.send(event), ownTokens.environment())).toMatchObject([
      { id: 'token-1' },
    ]);
  });

  it.each<[string, string, object, object?]>([
    ['without its type', 'type_mismatch', {}, {}],
    ['of another type', 'type_mismatch', {}, { typ: 'at+jwt' }],
    ['from another issuer', 'issuer_mismatch', { iss: 'https://mallory.example' }],
    ['for somebody else', 'audience_mismatch', { aud: 'app' }],
    ['without an event', 'claim_missing', { event: undefined }],
    ['without a time of issue', 'claim_missing', { iat: undefined }],
    ['that has expired', 'too_old', { exp: nowMs / 1000 - 301 }],
  ])('refuses a token %s: %s', async (_how, code, changes, header = { typ: 'user-event+jwt' }) => {
    const request = await sendToken(
      { ...ownClaims, event: load('generic', 'user.enabled'), ...changes },
      header,
    );
    await expect(read('generic', request, ownTokens.environment())).rejects.toMatchObject({ code });
  });

  it.each([
    {},
    { GENERIC_JWKS_URL: 'https://idp.example/jwks', GENERIC_ISSUER: 'me' },
    { GENERIC_SECRETS: webhookSecret, GENERIC_ISSUER: 'me' },
  ])('can not be configured as %j', (environment) => {
    expect(() => connect('generic', environment)).toThrow(ConfigError);
  });
});

describe('a payload', () => {
  const tell = async (user: object) => {
    const payload = { ...load('generic', 'user.disabled'), user: { id: 'user-1', ...user } };
    return (await read('generic', await sender('generic').send(payload)))[0]?.told;
  };

  it.each<[string, object, object]>([
    ['a value that is too long', { first_name: 'x'.repeat(4_097) }, {}],
    [
      'a value that is just short enough',
      { first_name: 'x'.repeat(4_096) },
      { firstName: 'x'.repeat(4_096) },
    ],
    ['custom data that are too large', { custom_data: { x: 'é'.repeat(25_000) } }, {}],
    ['an emptied value', { first_name: '' }, { firstName: null }],
    ['a null for a value', { first_name: null, custom_data: null }, { firstName: null, customData: null }],
    ['half a character', { first_name: 'x\u{d83d}' }, { firstName: 'x\u{fffd}' }],
    ['a null for a yes or no', { email_verified: null }, {}],
  ])('with %s still disables', async (_what, user, told) => {
    expect(await tell(user)).toEqual({ ...told, disabled: true });
  });

  it.each([65, 100_000])('with custom data nested %i deep still disables', async (levels) => {
    const nested = `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
    const text = JSON.stringify({
      ...load('generic', 'user.disabled'),
      user: { id: 'user-1', custom_data: 'x' },
    });
    const request = signWebhook(Buffer.from(text.replace('"x"', nested)), 'webhook');
    expect((await read('generic', request))[0]?.told).toEqual({ disabled: true });
  });

  it('with custom data nested 64 deep tells them', async () => {
    const nested = `${'{"a":'.repeat(64)}1${'}'.repeat(64)}`;
    expect(await tell({ custom_data: JSON.parse(nested) })).toEqual({ customData: nested, disabled: true });
  });

  it.each<[string, string, object]>([
    ['at user.id', 'a user id that is a number', { id: 7 }],
    ['at user.id', 'a user id that is too long', { id: 'x'.repeat(513) }],
    ['at user.email', 'an e-mail address in a list', { email: ['hush@example.com'] }],
    ['at user.email_verified', 'a yes or no in words', { email_verified: 'hush' }],
    ['at user.custom_data', 'custom data that are a list', { custom_data: ['hush'] }],
  ])('is refused %s for %s', async (where, _what, user) => {
    const failure = tell(user);
    await expect(failure).rejects.toMatchObject({ name: 'RejectedError', code: 'payload_invalid' });
    await expect(failure).rejects.toThrow(where);
    await expect(failure).rejects.not.toThrow('hush');
  });

  it.each([0, -1, 1.5, '2026-05-04', '2026-05-04T12:00:00', 'now', null, 1e300, true])(
    'is refused at the time %j',
    async (time) => {
      const request = await sender('generic').send({ ...load('generic', 'user.disabled'), time });
      await expect(read('generic', request)).rejects.toMatchObject({ code: 'payload_invalid' });
    },
  );

  it.each(['', '{', '\u{fffe}'])('that is %j is no JSON', async (text) => {
    await expect(read('generic', signWebhook(Buffer.from(text), 'webhook'))).rejects.toMatchObject({
      code: 'body_malformed',
    });
  });

  it('of bytes that are no text is no JSON', async () => {
    const bytes = Buffer.concat([Buffer.from('{"type":"'), Buffer.of(0xff), Buffer.from('"}')]);
    await expect(read('generic', signWebhook(bytes, 'webhook'))).rejects.toMatchObject({
      code: 'body_malformed',
    });
  });
});

it('every provider has a name and settings of its own', () => {
  const names = providers.map(({ name }) => name);
  const settings = providers.flatMap((provider) => Object.keys(provider.settings));
  expect(new Set(names).size).toBe(names.length);
  expect(new Set(settings).size).toBe(settings.length);
});

function connect(name: string, environment: Record<string, string>): Read {
  const provider = providers.find((candidate) => candidate.name === name);
  if (!provider) throw new Error(`there is no provider ${name}`);
  return provider.connect(readSettings(provider.settings, environment));
}

async function read(
  name: string,
  request: WebhookRequest,
  environment = sender(name).environment(),
): Promise<readonly UserEvent[]> {
  return connect(name, environment)(request, nowMs);
}

function sender(name: string): Sender {
  const found = senders[name];
  if (!found) throw new Error(`nothing is known of how ${name} sends`);
  return found;
}

function load(name: string, fixture: string): Record<string, unknown> {
  return JSON.parse(readFileSync(new URL(`fixtures/${name}/${fixture}.json`, import.meta.url), 'utf8'));
}

async function sendToken(claims: object, header: object = {}): Promise<WebhookRequest> {
  return { headers: {}, body: Buffer.from(await signer.sign({ ...claims }, header)) };
}

async function sendHashed(payload: object): Promise<WebhookRequest> {
  const body = Buffer.from(JSON.stringify(payload));
  const claims = { request_body_sha256: createHash('sha256').update(body).digest('base64') };
  const token = new SignJWT(claims).setProtectedHeader({ alg: 'HS256', typ: 'JWT', kid: 'any' });
  return { headers: { 'x-fusionauth-signature-jwt': await token.sign(Buffer.from('current')) }, body };
}

async function sendWebhook(payload: object, prefix: string): Promise<WebhookRequest> {
  return signWebhook(Buffer.from(JSON.stringify(payload)), prefix);
}

function signWebhook(body: Uint8Array, prefix: string): WebhookRequest {
  const timestamp = String(nowMs / 1000);
  const key = Buffer.from(webhookSecret.slice(6), 'base64');
  const signature = createHmac('sha256', key).update(`msg_1.${timestamp}.`).update(body).digest('base64');
  const [id, time, list] = [`${prefix}-id`, `${prefix}-timestamp`, `${prefix}-signature`];
  return { headers: { [id]: 'msg_1', [time]: timestamp, [list]: `v1,${signature}` }, body };
}

function fusionauth(kind: string, told: UserEvent['told']): Omit<UserEvent, 'id'> {
  return { kind, reference: '9f4a3b5e-0000-4000-8000-000000000001', at: signedAt, told };
}

function clerk(kind: string, told: UserEvent['told']): Omit<UserEvent, 'id'> {
  const always = { ...profile, ...more, lastName: null, avatarUrl: 'https://img.example.com/ada.png' };
  return { kind, reference: 'user_1', at: nowMs - 3_000, told: { ...always, ...told } };
}

function ssf(kind: string, told: UserEvent['told']): Omit<UserEvent, 'id'> {
  return { kind, reference: 'user-1', at: issuedAt, told };
}

function scimEvent(name: string, told: UserEvent['told']): Omit<UserEvent, 'id'> {
  return { kind: scim + name, reference: '2b2f880a', at: issuedAt, told };
}
