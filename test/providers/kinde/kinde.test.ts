import { afterAll, beforeAll, expect, test } from 'vitest';
import type { WebhookRequest } from '../../../lib/event.ts';
import { kinde } from '../../../lib/providers/kinde/kinde.ts';
import { type SigningKeys, startSigningKeys } from '../../../local/providers/keys.ts';
import { kinde as sender } from '../../../local/providers/kinde/kinde.ts';
import { connect, examplePayload, nowMs, send } from '../../support/sent.ts';

let keys: SigningKeys;

beforeAll(async () => {
  keys = await startSigningKeys();
});
afterAll(() => keys.close());

const claims = () => examplePayload(sender, 'user.created');

test.each<[string, string, object]>([
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
  await expect(read(await token({ ...claims(), ...changes }))).rejects.toMatchObject({ code });
});

test('says that an e-mail address is verified, where the operator vouches for it', async () => {
  const environment = { ...settings(), KINDE_EMAILS_ARE_VERIFIED: 'true' };
  const events = await read(await token(claims()), environment);
  expect(events).toMatchObject([{ told: { email: 'ada@example.com', emailVerified: true } }]);
});

test('takes the picture of a user, where an event has one', async () => {
  const { data } = claims() as { data: { user: object } };
  const picture = 'https://img.example.com/ada.png';
  const events = await read(await token({ ...claims(), data: { user: { ...data.user, picture } } }));
  expect(events).toMatchObject([{ told: { email: 'ada@example.com', avatarUrl: picture } }]);
});

function settings(): Record<string, string> {
  return sender.environment(keys);
}

function token(claims: object): Promise<WebhookRequest> {
  return send(sender, claims, { keys, settings: settings() });
}

async function read(request: WebhookRequest, environment = settings()) {
  return connect(kinde, environment)(request, nowMs);
}
