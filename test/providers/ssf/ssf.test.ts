import { afterAll, beforeAll, expect, test } from 'vitest';
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
])('refuses a token %s: %s', async (_how, code, changes, header) => {
  const request = await token({ ...claims(), ...changes }, header);
  await expect(read(request)).rejects.toMatchObject({ name: 'RejectedError', code });
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
