import { afterAll, beforeAll, expect, test } from 'vitest';
import { hanko } from '../../../lib/providers/hanko/hanko.ts';
import { type SigningKeys, startSigningKeys } from '../../../local/providers/keys.ts';
import { connect } from '../reader.ts';

const nowMs = Date.parse('2026-05-04T12:00:00Z');
const iat = nowMs / 1000;
const primary = { address: 'ada@example.com', is_primary: true, is_verified: true };

let keys: SigningKeys;
beforeAll(async () => {
  keys = await startSigningKeys();
});
afterAll(() => keys.close());

async function send(data: object, { audiences = 'app', aud = ['app'] as unknown } = {}) {
  const claims = { sub: 'hanko webhooks', aud, iat, exp: iat + 300, evt: 'user.update', data };
  const body = Buffer.from(JSON.stringify({ event: 'user.update', token: await keys.sign(claims) }));
  const read = connect(hanko, { HANKO_JWKS_URL: keys.jwksUrl, HANKO_AUDIENCES: audiences });
  const [event] = await read({ headers: {}, body }, nowMs);
  return event;
}

test.each<[string, object, object, string[]]>([
  [
    'a yes or no as text',
    { emails: [{ ...primary, is_verified: 'false' }] },
    { email: primary.address, emailVerified: false },
    [],
  ],
  ['an address that is a number', { emails: [{ ...primary, address: 7 }] }, {}, ['data.emails.address']],
  [
    'an address that is a number and not verified',
    { emails: [{ ...primary, address: 7, is_verified: false }] },
    {},
    ['data.emails.address'],
  ],
  [
    'a verification that is a number',
    { emails: [{ ...primary, is_verified: 7 }] },
    { email: primary.address },
    ['data.emails.is_verified'],
  ],
  ['addresses that are none', { emails: 'hush' }, {}, ['data.emails']],
  [
    'a name that is a list',
    { given_name: ['hush'], family_name: 'L' },
    { lastName: 'L' },
    ['data.given_name'],
  ],
  ['a picture that is a script', { picture: 'javascript:alert(1)' }, {}, ['data.picture']],
])('Hanko tells the rest of a user with %s', async (_what, user, told, unread) => {
  const event = await send({ id: 'user-1', ...user });
  expect(event?.told).toEqual(told);
  expect(event?.unread ?? []).toEqual(unread);
});

test.each([
  ['Test Service ABC', ['Test Service ABC']],
  ['Test Service ABC, other', ['other', 'Test Service ABC']],
  ['Test Service ABC,', 'Test Service ABC'],
  // As several were written before.
  ['one.example two.example', ['two.example']],
])('Hanko: HANKO_AUDIENCES "%s" means %j', async (audiences, aud) => {
  expect(await send({ id: 'user-1' }, { audiences, aud })).toMatchObject({ reference: 'user-1' });
});

test.each([
  ['Test Service ABC', 'Test Service'],
  ['Test Service ABC,', 'Test'],
  ['one.example, two.example', 'one.example, two.example'],
])('Hanko: HANKO_AUDIENCES "%s" does not mean %j', async (audiences, aud) => {
  await expect(send({ id: 'user-1' }, { audiences, aud })).rejects.toMatchObject({
    code: 'audience_mismatch',
  });
});
