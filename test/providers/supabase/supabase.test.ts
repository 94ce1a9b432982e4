import { expect, test } from 'vitest';
import { supabase } from '../../../lib/providers/supabase/supabase.ts';
import { newWebhookSecret, signWebhook } from '../../../local/providers/signing.ts';
import { connect } from '../reader.ts';

const nowMs = Date.parse('2026-05-04T12:00:00Z');
const [next, current] = [newWebhookSecret(), newWebhookSecret()];
const read = connect(supabase, { SUPABASE_SECRETS: `v1,${next} v1,${current}` });

const sign = (payload: object, secret = current) => signWebhook(payload, secret, nowMs, 'webhook');

function created(user: object) {
  const metadata = { uuid: 'hook-1', time: '2026-05-04T13:59:59.5+02:00', name: 'after-user-created' };
  return { metadata, user: { id: 'user-1', email: 'ada@example.com', phone: '', ...user } };
}

test('Supabase joins the signatures of all secrets by a comma and a space', async () => {
  const stranger = sign(created({}), newWebhookSecret()).headers['webhook-signature'];
  const { headers, body } = sign(created({}));
  const both = `${stranger}, ${headers['webhook-signature']}`;
  const sent = { body, headers: { ...headers, 'webhook-signature': both } };
  // The id of the message is another one on every attempt.
  expect(await read({ ...sent, headers: { ...sent.headers } }, nowMs)).toMatchObject([{ id: 'hook-1' }]);
});

test('Supabase tells the time of the row, or of its hook while the row has none', async () => {
  const updated = created({ updated_at: '2026-05-04T11:59:58.123456Z' });
  expect(await read(sign(updated), nowMs)).toMatchObject([{ at: nowMs - 1_877 }]);
  const unset = created({ updated_at: '0001-01-01T00:00:00Z' });
  expect(await read(sign(unset), nowMs)).toMatchObject([{ at: nowMs - 500 }]);
});

test.each([[{ first_name: 7, last_name: 'L' }], ['text'], [null], [[1]], [undefined]])(
  'Supabase hears of a user whatever they wrote into their metadata: %j',
  async (user_metadata) => {
    const [event] = await read(sign(created({ user_metadata })), nowMs);
    expect(event).toMatchObject({ reference: 'user-1', told: { email: 'ada@example.com', phone: null } });
    expect(event?.told).not.toHaveProperty('firstName');
  },
);

test('Supabase loses one member of the metadata to a value that is not text, and no other', async () => {
  const user_metadata = { first_name: 7, given_name: {}, last_name: 'Lovelace' };
  const [event] = await read(sign(created({ user_metadata })), nowMs);
  expect(event?.told).toMatchObject({ lastName: 'Lovelace' });
});
