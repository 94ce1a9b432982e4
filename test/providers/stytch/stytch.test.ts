import { expect, test } from 'vitest';
import { stytch } from '../../../lib/providers/stytch/stytch.ts';
import { newWebhookSecret, signWebhook } from '../../../local/providers/signing.ts';
import { connect } from '../reader.ts';

const nowMs = Date.parse('2026-05-04T12:00:00Z');
const secret = newWebhookSecret();
const read = connect(stytch, { STYTCH_SECRETS: secret });

function send(event: object) {
  const named = { event_id: 'event-1', id: 'user-1', timestamp: '2026-05-04T11:59:59.555247073Z' };
  return read(signWebhook({ ...named, ...event }, secret, nowMs, 'svix'), nowMs);
}

const told = async (emails: readonly object[]) =>
  (await send({ object_type: 'user', action: 'UPDATE', user: { emails } }))[0]?.told;

test('Stytch dates events to the nanosecond, and they are read to the millisecond', async () => {
  const deleted = { object_type: 'user', action: 'DELETE' };
  expect(await send(deleted)).toMatchObject([
    { at: nowMs - 445, kind: 'user.delete', told: { deleted: true } },
  ]);
});

test("takes a Stytch user's first verified address, or the first one, and knows when there is none", async () => {
  const [first, second] = [
    { email: 'first@example.com', verified: false },
    { email: 'second@example.com', verified: true },
  ];
  expect(await told([first, second])).toEqual({ email: 'second@example.com', emailVerified: true });
  expect(await told([first])).toEqual({ email: 'first@example.com', emailVerified: false });
  expect(await told([])).toEqual({ email: null });
});

test("takes none of a Stytch user's addresses for the first verified one where that can't be read", async () => {
  const [unread, other] = [
    { email: 'first@example.com', verified: 'hush' },
    { email: 'second@example.com', verified: true },
  ];
  expect(await told([unread, other])).toEqual({});
  expect(await told([other, unread])).toEqual({ email: 'second@example.com', emailVerified: true });
  expect(await told([unread])).toEqual({ email: 'first@example.com' });
});

test('neither disables a Stytch member nor lets them back in by a status that nobody knows', async () => {
  const member = { email_address: 'ada@example.com', status: 'unheard-of' };
  const [event] = await send({ object_type: 'member', action: 'UPDATE', member });
  expect(event?.told).toEqual({ email: 'ada@example.com' });
  expect(event?.unread).toEqual(['member.status']);
});

test('lets a Stytch member back in who was deleted and is reactivated', async () => {
  const deleted = await send({ object_type: 'member', action: 'DELETE' });
  expect(deleted).toMatchObject([{ told: { disabled: true } }]);
  const member = { email_address: 'ada@example.com', status: 'active' };
  const back = await send({ object_type: 'member', action: 'UPDATE', member });
  expect(back).toMatchObject([{ told: { disabled: false, email: 'ada@example.com' } }]);
});
