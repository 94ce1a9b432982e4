import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ConfigError } from '../../../lib/errors.ts';
import { fusionauth } from '../../../lib/providers/fusionauth/fusionauth.ts';
import { fusionauth as sender } from '../../../local/providers/fusionauth/fusionauth.ts';
import { type SigningKeys, startSigningKeys } from '../../../local/providers/keys.ts';
import { connect, examplePayload, expectRejected, nowMs, send } from '../../support/sent.ts';

let keys: SigningKeys;

beforeAll(async () => {
  keys = await startSigningKeys();
});
afterAll(() => keys.close());

test('takes no token of the one kind of key for one of the other', async () => {
  const bySecret = { FUSIONAUTH_SECRETS: 'x'.repeat(32) };
  const byKeyPair = { FUSIONAUTH_JWKS_URL: keys.jwksUrl };
  const payload = examplePayload(sender, 'user.deactivate');
  for (const [signing, reading] of [
    [bySecret, byKeyPair],
    [byKeyPair, bySecret],
  ]) {
    const request = await send(sender, payload, { keys, settings: { ...signing } });
    await expectRejected(connect(fusionauth, { ...reading })(request, nowMs), 'algorithm_refused');
  }
});

test.each([{}, { FUSIONAUTH_SECRETS: 'x'.repeat(32), FUSIONAUTH_JWKS_URL: 'https://idp.example/jwks' }])(
  'can not be configured as %j',
  (settings) => {
    expect(() => connect(fusionauth, settings)).toThrow(
      new ConfigError(['exactly one of FUSIONAUTH_SECRETS and FUSIONAUTH_JWKS_URL must be set']),
    );
  },
);

test('can not be configured with a secret that is shorter than the hash, whatever else may be short', () => {
  const short = { FUSIONAUTH_SECRETS: 'x'.repeat(31), ALLOW_SHORT_SECRETS: 'true' };
  expect(() => connect(fusionauth, short)).toThrow(/FUSIONAUTH_SECRETS must be texts of 32 bytes or more/);
});

describe('since version 1.59, by identities,', () => {
  const email = 'ada@example.com';
  const address = (members: object = {}) => ({ type: 'email', value: email, verified: true, ...members });
  const phone = { type: 'phoneNumber', value: '+441234567890', verified: true };

  async function read(type: string, user: object, members: object = {}) {
    const settings = { FUSIONAUTH_SECRETS: 'x'.repeat(32) };
    const createInstant = nowMs - 1_000;
    const event = { id: 'e', type, createInstant, user: { id: 'user-1', ...user }, ...members };
    const request = await send(sender, { event }, { keys, settings });
    return (await connect(fusionauth, settings)(request, nowMs))[0];
  }

  test.each<[string, object, boolean | undefined]>([
    ['the address is verified as its identity is', { identities: [phone, address()] }, true],
    ['and not as the user is', { identities: [address({ verified: false }), phone], verified: true }, false],
    ['in whatever case A to Z are', { identities: [address({ value: 'ADA@example.com' })] }, true],
    ['and in no other', { identities: [address({ value: 'ad\u0130@example.com' })] }, undefined],
    [
      'an identity of another address says nothing of it',
      { identities: [address({ value: 'b@x.y' })] },
      undefined,
    ],
    [
      'nor does one that can not be read',
      { identities: [address({ verified: 'hush' })], verified: true },
      undefined,
    ],
    ['without an identity of an address the user counts', { identities: [phone], verified: false }, false],
  ])('%s', async (_what, members, emailVerified) => {
    const event = await read('user.update.complete', { email, ...members });
    expect(event?.told?.email).toBe(email);
    expect(event?.told?.emailVerified).toBe(emailVerified);
  });

  test('an address is verified that the event names, and no other', async () => {
    const named = await read(
      'user.identity.verified',
      { email: 'old@x.y' },
      { loginId: email, loginIdType: 'email' },
    );
    expect(named?.told).toEqual({ emailVerified: true, emailVerifiedOf: email });
    const nameless = await read('user.identity.verified', { email }, { loginId: 7, loginIdType: 'email' });
    expect(nameless).toMatchObject({ told: {}, unread: ['event.loginId', 'emailVerified'] });
    const ofPhone = await read(
      'user.identity.verified',
      { email },
      { loginId: phone.value, loginIdType: phone.type },
    );
    expect(ofPhone?.told).toEqual({});
    expect((await read('user.email.verified', {}))?.told).toEqual({});
  });
});
