import { afterAll, beforeAll, expect, test } from 'vitest';
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
