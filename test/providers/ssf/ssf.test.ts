import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { WebhookRequest } from '../../../lib/event.ts';
import { ssf } from '../../../lib/providers/ssf/ssf.ts';
import { type SigningKeys, startSigningKeys } from '../../../local/providers/keys.ts';
import { ssf as sender } from '../../../local/providers/ssf/ssf.ts';
import { connect, examplePayload, nowMs, send } from '../../support/sent.ts';

let keys: SigningKeys;

beforeAll(async () => {
  keys = await startSigningKeys();
});
afterAll(() => keys.close());

const payload = (example: string) => examplePayload(sender, example);
const claims = () => payload('account-disabled');

test.each<[string, string, object, object?]>([
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
])('refuses a token %s: %s', async (_how, code, changes, header) => {
  const request = await token({ ...claims(), ...changes }, header);
  await expect(read(request)).rejects.toMatchObject({ name: 'RejectedError', code });
});

test.each<[string, object]>([
  ['an e-mail address', { format: 'email', email: 'ada@example.com' }],
  ['a phone number', { format: 'phone_number', phone_number: '+44123' }],
  ['an account name', { format: 'account', uri: 'acct:ada@example.com' }],
  ['a user of another issuer', { format: 'iss_sub', iss: 'https://other.example', sub: 'user-1' }],
  ['a device', { format: 'complex', device: { format: 'opaque', id: 'device-1' } }],
  [
    'an address by two names',
    { format: 'aliases', identifiers: [{ format: 'email', email: 'a@x.example' }] },
  ],
  ['what a standard to come names', { format: 'new', new: 'x' }],
])(
  'takes a token about %s, whom nobody knows here by an id, and leaves them alone',
  async (_whom, sub_id) => {
    for (const kind of ['account-disabled', 'identifier-changed-email']) {
      const [event] = await read(await token({ ...payload(kind), sub_id }));
      expect(event).toMatchObject({ reference: null, told: null, unread: ['sub_id'] });
    }
  },
);

test('is disabled by an event whose content is of another type', async () => {
  const [kind = ''] = Object.keys((claims() as { events: object }).events);
  expect(await read(await token({ ...claims(), jti: 7, toe: 'x', events: { [kind]: 7 } }))).toMatchObject([
    { id: null, told: { disabled: true }, unread: ['jti', 'toe'] },
  ]);
});

test.each([
  ['when it happened', { toe: nowMs }, {}],
  ['when it was noticed', {}, { event_timestamp: nowMs }],
])('is dated by its signature where %s is told in milliseconds', async (_when, changes, content) => {
  const [kind = ''] = Object.keys((claims() as { events: object }).events);
  const [event] = await read(await token({ ...claims(), ...changes, events: { [kind]: content } }));
  expect(event?.at).toBe(Math.floor(nowMs / 1000) * 1000 - 2_000);
});

describe('SCIM', () => {
  const scim = 'urn:ietf:params:scim:event:prov:';
  const core = 'urn:ietf:params:scim:schemas:core:2.0:User';
  const [work, home] = ['ada@work.example', 'ada@home.example'];

  async function tell(name: string, data: unknown) {
    const [event] = await read(
      await token({ ...payload('scim-delete'), events: { [scim + name]: { data } } }),
    );
    return event;
  }

  const patch = (...Operations: object[]) => tell('patch:full', { Operations });

  test.each<[string, object[], object]>([
    [
      'a value of the primary one',
      [{ op: 'replace', path: 'emails[primary eq true].value', value: work }],
      { email: work },
    ],
    [
      'the primary one as a whole',
      [{ op: 'replace', path: 'emails[primary eq true]', value: { value: work, type: 'work' } }],
      { email: work },
    ],
    [
      'the primary one among those of a type',
      [{ op: 'Replace', path: 'emails[type eq "work" and primary eq True].value', value: work }],
      { email: work },
    ],
    [
      'one that says of itself that it is the primary one',
      [
        {
          op: 'add',
          path: 'emails',
          value: [
            { value: home, type: 'home' },
            { value: work, primary: 'True' },
          ],
        },
      ],
      { email: work },
    ],
    [
      'all of them',
      [{ op: 'replace', path: 'emails', value: { value: work, type: 'work' } }],
      { email: work },
    ],
    [
      'all of them, by a list',
      [{ op: 'replace', path: 'emails', value: [{ value: home, type: 'home' }, { value: work }] }],
      { email: work },
    ],
    ['none any more', [{ op: 'remove', path: 'phoneNumbers' }], { phone: null }],
    ['a name by dots', [{ op: 'replace', path: 'name.givenName', value: 'Ada' }], { firstName: 'Ada' }],
    [
      'a name in two steps',
      [
        { op: 'add', path: 'name', value: { familyName: 'King' } },
        { op: 'remove', path: 'name.givenName' },
      ],
      { firstName: null, lastName: 'King' },
    ],
    [
      'dotted members without a path',
      [{ op: 'replace', value: { 'name.familyName': 'King', 'emails[primary eq true].value': work } }],
      { lastName: 'King', email: work },
    ],
    [
      'a member under its URN',
      [{ op: 'replace', value: { [core]: { Active: 'False' } } }],
      { disabled: true },
    ],
    ['a member with its URN', [{ op: 'replace', value: { [`${core}:active`]: true } }], { disabled: false }],
    ['a path that is the URN', [{ op: 'replace', path: core, value: { active: false } }], { disabled: true }],
    [
      'a home beside others, without a path',
      [{ op: 'add', value: { emails: [{ value: home, type: 'home' }] } }],
      {},
    ],
    ['a home beside others', [{ op: 'add', path: 'emails', value: [{ value: home, type: 'Home' }] }], {}],
    [
      'what is not mirrored',
      [
        { op: 'add', path: 'x509Certificates[0]', value: 7 },
        { op: 'add', value: { b2: 1 } },
      ],
      {},
    ],
    ['how a value is shown', [{ op: 'add', path: 'emails[type eq "work"].display', value: 'Ada' }], {}],
  ])('patches %s', async (_what, operations, told) => {
    const event = await patch(...operations);
    expect(event?.told).toEqual(told);
    expect(event).not.toHaveProperty('isPartial');
    expect(event).not.toHaveProperty('unread');
  });

  test.each<[string, string, unknown]>([
    [
      'data.emails',
      'an address of a type',
      { op: 'Replace', path: 'emails[type eq "work"].value', value: work },
    ],
    [
      'data.emails',
      'one of two conditions',
      { op: 'replace', path: 'emails[primary eq true or type eq "x"].value', value: work },
    ],
    [
      'data.emails',
      'one that is not the primary one',
      { op: 'replace', path: 'emails[not (primary eq true)].value', value: work },
    ],
    ['data.emails', 'a part of all', { op: 'replace', path: 'emails.value', value: work }],
    [
      'data.emails',
      'which one is the primary one',
      { op: 'replace', path: 'emails[type eq "work"].primary', value: true },
    ],
    [
      'data.emails',
      'one added beside others',
      { op: 'add', path: 'emails', value: [{ value: work, type: 'work' }] },
    ],
    [
      'data.emails',
      'nothing but a home',
      { op: 'replace', path: 'emails', value: [{ value: home, type: 'home' }] },
    ],
    ['data.emails', 'the removal of one', { op: 'remove', path: 'emails', value: [{ value: work }] }],
    ['data.emails', 'a broken path', { op: 'replace', path: 'emails[type eq "work"', value: work }],
    ['data.emails', 'a text for a list', { op: 'replace', path: 'emails', value: work }],
    [
      'data.emails.primary',
      'a primary one that can not be read',
      { op: 'replace', path: 'emails', value: [{ value: work, primary: 7 }] },
    ],
    [
      'data.phonenumbers',
      'a number of a type',
      { op: 'add', path: 'phoneNumbers[type eq "mobile"].value', value: '+441' },
    ],
    ['data.active', 'the removal of a flag', { op: 'remove', path: 'active' }],
    ['data.active', 'a flag that is none', { op: 'replace', path: 'active', value: 'hush' }],
    ['data.name', 'a name that is none', { op: 'replace', path: 'name', value: 'hush' }],
    ['data.Operations', 'another operation', { op: 'move', path: 'emails', value: work }],
    ['data.Operations', 'a removal of nothing', { op: 'remove' }],
    ['data.Operations', 'no operation', 7],
  ])('names %s where a patch has %s, and is partial', async (name, _what, operation) => {
    const event = await patch(
      { op: 'replace', path: 'timezone', value: 'Europe/London' },
      operation as object,
    );
    expect(event).toMatchObject({ isPartial: true, unread: expect.arrayContaining([name]) });
    expect(event?.told).toEqual({ timezone: 'Europe/London' });
  });

  test.each([undefined, 7, {}, { Operations: 7 }])(
    'disables nobody by a patch that is %j, and says so',
    async (data) => {
      expect(await tell('patch:full', data)).toMatchObject({
        told: {},
        isPartial: true,
        unread: ['data.Operations'],
      });
    },
  );

  test('reads a whole user by the same rules', async () => {
    const user = { [core]: { active: false }, emails: [{ value: home, type: 'home' }], phoneNumbers: [] };
    expect(await tell('create:full', user)).toMatchObject({
      told: { disabled: true, phone: null },
      isPartial: true,
      unread: ['data.emails'],
    });
    expect(await tell('put:full', undefined)).toMatchObject({ told: {}, isPartial: true, unread: ['data'] });
  });
});

test('takes plain tokens that expired, where its types are not demanded', async () => {
  const request = await token({ ...claims(), exp: 1 }, {});
  const environment = { ...settings(), SSF_REQUIRE_TYP: 'false' };
  expect(await read(request, environment)).toMatchObject([{ told: { disabled: true } }]);
  await expect(read(await token({ ...claims(), sub: 'user-1' }, {}), environment)).rejects.toMatchObject({
    code: 'user_token',
  });
});

test('takes the subjects of another issuer, where it is told which', async () => {
  const sub_id = { format: 'iss_sub', iss: 'https://other.example', sub: 'user-1' };
  const environment = { ...settings(), SSF_SUBJECT_ISSUER: 'https://other.example' };
  const events = await read(await token({ ...claims(), sub_id }), environment);
  expect(events).toMatchObject([{ reference: 'user-1' }]);
});

test('takes the external id of a SCIM subject, where it is told to', async () => {
  const environment = { ...settings(), SSF_SCIM_REFERENCE: 'externalId' };
  const request = await token(payload('scim-delete'));
  expect(await read(request, environment)).toMatchObject([{ reference: 'ada', told: { deleted: true } }]);
});

test('says that a told e-mail address is verified, where the operator vouches for it', async () => {
  const environment = { ...settings(), SSF_EMAILS_ARE_VERIFIED: 'true' };
  const told = async (fixture: string) => {
    const events = await read(await token(payload(fixture)), environment);
    return events.at(-1)?.told?.emailVerified;
  };
  expect(await told('scim-create-full')).toBe(true);
  expect(await told('identifier-changed-email')).toBe(true);
  expect(await told('account-disabled')).toBeUndefined();
});

test('demands the agreed Authorization header, where there is one', async () => {
  const environment = { ...settings(), SSF_AUTHORIZATION: 'Bearer next, Bearer current' };
  const { body } = await token(claims());
  expect(await read({ headers: { authorization: 'Bearer current' }, body }, environment)).toHaveLength(1);
  const codes = ['Bearer other', undefined].map((authorization) =>
    read({ headers: { authorization }, body }, environment).catch(({ code }) => code),
  );
  expect(await Promise.all(codes)).toEqual(['credential_mismatch', 'signature_missing']);
});

function settings(): Record<string, string> {
  return sender.environment(keys);
}

/** A token of these claims. */
function token(claims: object, header: object = { typ: 'secevent+jwt' }): Promise<WebhookRequest> {
  const sign: SigningKeys['sign'] = (claims) => keys.sign(claims, header);
  return send(sender, claims, { keys: { ...keys, sign }, settings: settings() });
}

async function read(request: WebhookRequest, environment = settings()) {
  return connect(ssf, environment)(request, nowMs);
}
