import { afterAll, beforeAll, expect, test } from 'vitest';
import { ConfigError, type RejectionCode } from '../../../lib/errors.ts';
import type { WebhookRequest } from '../../../lib/event.ts';
import { generic } from '../../../lib/providers/generic/generic.ts';
import { generic as sender } from '../../../local/providers/generic/generic.ts';
import { type SigningKeys, startSigningKeys } from '../../../local/providers/keys.ts';
import { newWebhookSecret } from '../../../local/providers/signing.ts';
import { connect, examplePayload, expectRejected, nowMs, send } from '../../support/sent.ts';

let keys: SigningKeys;

beforeAll(async () => {
  keys = await startSigningKeys();
});
afterAll(() => keys.close());

const payload = () => examplePayload(sender, 'user.enabled');

test('takes the same event by Standard Webhooks and as a token', async () => {
  const settings = sender.environment(keys);
  const message = await send(sender, payload(), { keys, settings });
  const [asMessage, asToken] = [await connect(generic, settings)(message, nowMs), await readToken(payload())];
  expect(asToken).toEqual(asMessage.map((event) => ({ ...event, id: asToken[0]?.id })));
});

test('takes the id of the message for an event that has none', async () => {
  const settings = sender.environment(keys);
  const message = await send(sender, { ...payload(), id: undefined }, { keys, settings });
  const [event] = await connect(generic, settings)(message, nowMs);
  expect(event?.id).toBe(message.headers['webhook-id']);
  const [told] = await readToken({ ...payload(), id: undefined }, { jti: 'token-1' });
  expect(told?.id).toBe('token-1');
});

test.each([{}, { email: null }, { email: '' }])(
  'refuses a verification that names no address, as in %j, by a code of its own',
  async (members) => {
    const event = { ...payload(), type: 'user.email_verified', user: { id: 'user-1', ...members } };
    await expectRejected(readToken(event), 'email_missing');
  },
);

test('takes no verification whose address can not be read, and what else it says', async () => {
  const user = { id: 'user-1', email: 7, disabled: true };
  const [event] = await readToken({ ...payload(), type: 'user.email_verified', user });
  expect(event).toMatchObject({ told: { disabled: true }, unread: ['user.email', 'emailVerified'] });
  expect(event?.told).not.toHaveProperty('emailVerified');
});

test.each<[string, RejectionCode, object, { typ?: string }?]>([
  ['without its type', 'type_mismatch', {}, {}],
  ['of another type', 'type_mismatch', {}, { typ: 'at+jwt' }],
  ['from another issuer', 'issuer_mismatch', { iss: 'https://mallory.example' }],
  ['for somebody else', 'audience_mismatch', { aud: 'app' }],
  ['without an event', 'claim_missing', { event: undefined }],
  ['without a time of issue', 'claim_missing', { iat: undefined }],
  ['that has expired', 'too_old', { exp: nowMs / 1000 - 301 }],
] as const)('refuses a token %s: %s', async (_how, code, changes, header = { typ: 'user-event+jwt' }) => {
  await expectRejected(readToken(payload(), changes, header), code);
});

test.each([
  {},
  { GENERIC_JWKS_URL: 'https://idp.example/jwks', GENERIC_ISSUER: 'me' },
  { GENERIC_SECRETS: newWebhookSecret(), GENERIC_ISSUER: 'me' },
])('can not be configured as %j', (settings) => {
  expect(() => connect(generic, settings)).toThrow(ConfigError);
});

/** What is read of a token with this event, some of its claims changed. */
async function readToken(
  event: object,
  changes: object = {},
  header: { typ?: string } = { typ: 'user-event+jwt' },
) {
  const settings = sender.variants?.['a JWT']?.(keys) ?? {};
  const sign: SigningKeys['sign'] = (claims) => keys.sign({ ...claims, ...changes }, header);
  const request: WebhookRequest = await send(sender, event, { keys: { ...keys, sign }, settings });
  return connect(generic, settings)(request, nowMs);
}
