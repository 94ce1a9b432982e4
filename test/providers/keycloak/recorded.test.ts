// What Keycloak 26.7.3 with Phase Two's extension 0.59 and 0.62 sent, and what is right for each.

import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { UserEvent } from '../../../lib/event.ts';
import { keycloak } from '../../../lib/providers/keycloak/keycloak.ts';
import { ssf } from '../../../lib/providers/ssf/ssf.ts';
import { type SigningKeys, startSigningKeys } from '../../../local/providers/keys.ts';
import { signHmac } from '../../../local/providers/signing.ts';
import { listRecorded, readRecorded, readRecordedText } from '../../support/recorded.ts';
import { connect } from '../reader.ts';

type Sent = { readonly body: string };
type SentWithToken = Sent & { readonly claims: Readonly<Record<string, unknown>> };
type Wanted = Partial<UserEvent>;

const secret = 'a-secret-of-the-webhook';
const ignored = { reference: null, told: null } as const;
const emptied = { phone: null, locale: null, timezone: null, avatarUrl: null };

const cases: readonly (readonly [file: string, why: string, wanted: Wanted])[] = [
  [
    '01-register-mixed-case.json',
    'Keycloak keeps the address in lower case, whatever was typed',
    {
      kind: 'access.REGISTER',
      id: '8d8e37c8-a579-49cb-8658-261d2ddefefe',
      reference: 'd4376847-8d56-4c5c-a47d-c99a4b53216c',
      at: 1795647024833,
      told: { email: 'ada@example.com', firstName: 'Ada', lastName: 'Lovelace' },
    },
  ],
  [
    '02-register-broker-trusted-email.json',
    'the names and the verification of who comes from an identity provider are left out',
    {
      reference: 'f84b9bd7-94f9-4d4a-b30b-f406969d15cf',
      told: { email: 'jo@corp.example' },
      isPartial: true,
    },
  ],
  [
    '03-update-profile-attributes.json',
    "a user's own attributes are changed like their names",
    {
      reference: 'c8caefd1-505f-4795-bdcf-625a4c2e6108',
      told: { firstName: 'Carlo', lastName: 'Coxe', phone: '+49 30 999', timezone: 'Europe/Rome' },
    },
  ],
  ['04-update-profile-locale.json', 'a language chosen at a sign-in is one', { told: { locale: 'de' } }],
  [
    '05-update-profile-emptied.json',
    'what was emptied shows only in the value before',
    { told: { lastName: null, phone: null } },
  ],
  [
    '06-admin-update-removes.json',
    'with attributes, were they none, it is the whole user: what is left out is gone',
    {
      reference: '8e2d0ade-c48b-4e73-ad0e-7df33835ec07',
      told: {
        ...emptied,
        email: 'rema@example.com',
        emailVerified: false,
        disabled: false,
        firstName: 'Re',
        lastName: null,
      },
    },
  ],
  [
    '07-admin-update-only-attributes.json',
    'as above: the address and the names are gone as well',
    { told: { ...emptied, email: null, firstName: null, lastName: null } },
  ],
  [
    '08-partial-import-add.json',
    'a partial import speaks of the realm, and has users in its path',
    {
      kind: 'admin.REALM-CREATE',
      reference: 'a51dd337-6aa0-4938-8bb8-bba16b748c1e',
      told: {
        email: 'imp1@example.com',
        emailVerified: true,
        disabled: false,
        firstName: 'Imp',
        lastName: 'One',
      },
    },
  ],
  [
    '09-partial-import-overwrite.json',
    'an import that overwrites creates another user, and no event tells of the one before',
    {
      kind: 'admin.REALM-UPDATE',
      reference: '587fe3ac-43dd-41ac-9b15-55f9bffc3a8f',
      told: { email: 'ovr@example.com', disabled: false },
    },
  ],
  [
    '10-scim-create.json',
    'SCIM has a path and a representation of its own, which says nothing of verification',
    {
      reference: 'ba4d7ada-2316-4f1b-8932-063f2ab82ee5',
      told: { email: 'scimmy@example.com', disabled: false, firstName: 'Sci', lastName: 'My' },
      isPartial: true,
    },
  ],
  [
    '11-scim-disable.json',
    'as above',
    {
      reference: 'ba4d7ada-2316-4f1b-8932-063f2ab82ee5',
      told: { email: 'scimmy@example.com', disabled: true, firstName: 'Sci', lastName: 'My' },
      isPartial: true,
    },
  ],
  [
    '12-scim-delete.json',
    'as above; nothing is left out of a deletion',
    { reference: 'ba4d7ada-2316-4f1b-8932-063f2ab82ee5', told: { deleted: true } },
  ],
  [
    '13-execute-actions-password.json',
    'the only sign that an invitation has verified the address, which it does not say',
    { reference: '59b4a919-78f6-41a1-81c8-db6fbbf33f3a', told: {}, isPartial: true },
  ],
  [
    '20-verify-email.json',
    'it names the address that it verifies',
    {
      reference: 'd4376847-8d56-4c5c-a47d-c99a4b53216c',
      told: { email: 'ada@example.com', emailVerified: true },
    },
  ],
  [
    '21-update-email-confirmed.json',
    'the link was followed before the change',
    { told: { email: 'ida-new@example.com', emailVerified: true } },
  ],
  [
    '22-update-email-unconfirmed.json',
    'no link was followed',
    { told: { email: 'ida3@example.com', emailVerified: false } },
  ],
  ['23-permanent-lockout.json', 'it ends by an administrator alone', { told: { disabled: true } }],
  [
    '24-delete-account.json',
    'by the user',
    { reference: 'dbaa21a8-5525-4915-9ea5-11b9ac718f6d', told: { deleted: true } },
  ],
  [
    '25-admin-create.json',
    'Keycloak keeps the address in lower case, whatever an administrator wrote',
    {
      reference: 'acc19c49-a7d5-45b9-be78-9efe02938efc',
      told: {
        email: 'bob@example.com',
        disabled: false,
        firstName: 'Bob',
        lastName: 'Builder',
        phone: '+4930123456',
        locale: 'de',
        timezone: 'Europe/Berlin',
        avatarUrl: 'https://example.com/p.png',
      },
    },
  ],
  [
    '26-admin-delete.json',
    'by an administrator',
    { reference: 'acc19c49-a7d5-45b9-be78-9efe02938efc', told: { deleted: true } },
  ],
  [
    '27-register-org-invite.json',
    'whether the invitation verified the address is left out',
    { told: { email: 'new@acme.example', firstName: 'New', lastName: 'One' }, isPartial: true },
  ],
  ['28-temporary-lockout.json', 'it ends by itself, and no event says so', ignored],
];

let keys: SigningKeys;
beforeAll(async () => {
  keys = await startSigningKeys();
});
afterAll(() => keys.close());

describe('Keycloak, as recorded', () => {
  test.each(cases)('%s: %s', async (file, _why, wanted) => {
    const { body } = readRecorded<Sent>('keycloak', file);
    const { time } = JSON.parse(body) as { time: number };
    const request = signHmac(Buffer.from(body), secret, 'X-Keycloak-Signature', 'hex');
    const [event] = await connect(keycloak, { KEYCLOAK_SECRETS: secret })(request, time + 1_000);
    expect(event).toMatchObject({ at: time, ...wanted });
    expect(event?.told).toEqual(wanted.told);
    expect(event?.isPartial).toBe(wanted.isPartial);
    expect(event).not.toHaveProperty('unread');
  });

  test('31-bearer.json: the token has the hash of the body, and no claim that a user of the realm has', async () => {
    const { body, claims } = readRecorded<SentWithToken>('keycloak', '31-bearer.json');
    expect(createHash('sha256').update(body).digest('hex')).toBe(claims.request_body_sha256);
    const read = connect(keycloak, {
      KEYCLOAK_ISSUER: String(claims.iss),
      KEYCLOAK_AUDIENCE: String(claims.aud),
      KEYCLOAK_JWKS_URL: keys.jwksUrl,
    });
    const headers = { Authorization: `Bearer ${await keys.sign({ ...claims }, { typ: 'JWT' })}` };
    const { time } = JSON.parse(body) as { time: number };
    expect(await read({ headers, body: Buffer.from(body) }, time)).toMatchObject([
      {
        reference: 'a6668153-7d73-4b55-af91-c02b771a7b66',
        told: { email: 'bear62@example.com', disabled: false },
      },
    ]);
  });

  test.each([
    ['30-ssf-1.jwt', 'ssf/event-type/verification', 'the address is tried'],
    ['30-ssf-2.jwt', 'caep/event-type/session-revoked', 'a user signed out'],
    ['30-ssf-3.jwt', 'caep/event-type/credential-change', 'a password was set'],
    ['30-ssf-4.jwt', 'caep/event-type/session-revoked', 'sessions were ended'],
  ])('%s: %s is accepted and left alone: %s', async (file, kind) => {
    const [header = '', payload = ''] = readRecordedText('keycloak', file).split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
    const { typ } = JSON.parse(Buffer.from(header, 'base64url').toString());
    const read = connect(ssf, {
      SSF_JWKS_URL: keys.jwksUrl,
      SSF_ISSUER: claims.iss,
      SSF_AUDIENCE: claims.aud,
    });
    const body = Buffer.from(await keys.sign(claims, { typ }));
    expect(await read({ headers: {}, body }, claims.iat * 1000)).toMatchObject([
      { kind: `https://schemas.openid.net/secevent/${kind}`, ...ignored },
    ]);
  });

  test('every file has its case', () => {
    const others = listRecorded('keycloak').filter((file) => /^3[01]-/.test(file));
    expect(others).toHaveLength(5);
    expect([...cases.map(([file]) => file), ...others].sort()).toEqual([...listRecorded('keycloak')].sort());
  });
});
