import { describe, expect, test } from 'vitest';
import { workos } from '../../../lib/providers/workos/workos.ts';
import { signTimestampedHmac } from '../../../local/providers/signing.ts';
import { connect } from '../reader.ts';

const nowMs = Date.parse('2026-05-04T12:00:00Z');
const read = connect(workos, { WORKOS_SECRETS: 'next current' });

const sign = (payload: object, secret = 'current', at = nowMs) =>
  signTimestampedHmac(payload, secret, 'WorkOS-Signature', 'ms', at);

function send(event: string, data: object) {
  const created_at = '2026-05-04T11:59:59.000Z';
  const times = { created_at, updated_at: '2026-05-04T11:59:58.500Z' };
  return read(sign({ id: 'event_1', event, created_at, data: { id: 'u_1', ...times, ...data } }), nowMs);
}

describe('WorkOS', () => {
  test('is read by either of two secrets', async () => {
    const ping = { id: 'event_1', event: 'ping', created_at: '2026-05-04T11:59:59Z', data: {} };
    const events = [{ id: 'event_1', kind: 'ping', reference: null, at: nowMs - 1_000, told: null }];
    expect(await read(sign(ping, 'next'), nowMs)).toEqual(events);
    expect(await read(sign(ping), nowMs)).toEqual(events);
    await expect(read(sign(ping, 'retired'), nowMs)).rejects.toMatchObject({ code: 'signature_mismatch' });
  });

  test('is refused when its time lies far in the future, which its own library lets pass', async () => {
    const signed = sign({}, 'current', nowMs + 86_400_000);
    await expect(read(signed, nowMs)).rejects.toMatchObject({ code: 'from_the_future' });
  });

  test.each([
    ['dsync.user.updated', {}, true],
    ['dsync.user.updated', { email: null }, undefined],
    ['user.updated', { email_verified: false }, false],
  ])('vouches for the addresses of a directory alone: %s, %j', async (event, members, emailVerified) => {
    const vouched = connect(workos, {
      WORKOS_SECRETS: 'current',
      WORKOS_DIRECTORY_EMAILS_ARE_VERIFIED: 'true',
    });
    const times = { created_at: '2026-05-04T11:59:59.000Z', updated_at: '2026-05-04T11:59:58.500Z' };
    const data = { id: 'u_1', email: 'ada@example.com', ...times, ...members };
    const [read] = await vouched(sign({ id: 'event_1', event, ...times, data }), nowMs);
    expect(read?.told?.emailVerified).toBe(emailVerified);
  });

  test.each([
    ['active', { disabled: false }],
    ['inactive', { disabled: true }],
    ['suspended', { disabled: true }],
    [null, {}],
    [undefined, {}],
  ])("takes a directory user's state %j", async (state, told) => {
    expect(await send('dsync.user.updated', { state })).toEqual([
      { id: 'event_1', kind: 'dsync.user.updated', reference: 'u_1', at: nowMs - 1_500, told },
    ]);
  });

  test.each([
    ['the address', { email: 'ada@example.com', emails: [] }, 'ada@example.com'],
    ['no address', { email: null, emails: [] }, null],
    ['no address', { email: null }, null],
    [
      'the primary one of the addresses, where the address is null',
      { email: null, emails: [{ primary: true, value: 'ada@example.com' }] },
      'ada@example.com',
    ],
    ['neither an address nor its absence', { email: null, emails: 'hush' }, undefined],
    [
      'the primary one of the addresses, where that is all there is',
      { emails: [{ value: 'other@example.com' }, { primary: true, value: 'ada@example.com' }] },
      'ada@example.com',
    ],
    [
      'none of several addresses that are not primary',
      { emails: [{ value: 'other@example.com' }] },
      undefined,
    ],
  ])('takes %s of a directory user', async (_which, data, email) => {
    expect((await send('dsync.user.created', data))[0]?.told?.email).toBe(email);
  });

  test('dates a deletion by the event, and anything else by the user', async () => {
    expect(await send('user.deleted', {})).toMatchObject([{ at: nowMs - 1_000, told: { deleted: true } }]);
    expect(await send('dsync.user.deleted', {})).toMatchObject([{ at: nowMs - 1_000 }]);
    expect(await send('user.updated', {})).toMatchObject([{ at: nowMs - 1_500, told: {} }]);
  });

  test('says nothing of a user when it removes a whole directory', async () => {
    expect(await send('dsync.deleted', { state: 'deleting' })).toMatchObject([
      { reference: null, told: null },
    ]);
  });

  test.each([{ id: 7 }, { id: '' }])('is refused with %j in it', async (data) => {
    await expect(send('user.updated', data)).rejects.toMatchObject({ code: 'payload_invalid' });
  });

  test('is dated by the event where the user has no time that can be read, and the other way round', async () => {
    const untimed = { updated_at: 'yesterday', state: 'inactive' };
    expect(await send('dsync.user.updated', untimed)).toMatchObject([
      { at: nowMs - 1_000, told: { disabled: true }, unread: ['data.updated_at'] },
    ]);
    const data = { id: 'u_1', updated_at: '2026-05-04T11:59:58.500Z' };
    for (const created_at of [undefined, null, '2026-05-04 11:59:59.000']) {
      const event = { id: 'event_1', event: 'user.deleted', created_at, data };
      expect(await read(sign(event), nowMs)).toMatchObject([{ at: nowMs - 1_500, told: { deleted: true } }]);
    }
    const timeless = { id: 'event_1', event: 'user.deleted', data: { id: 'u_1' } };
    await expect(read(sign(timeless), nowMs)).rejects.toMatchObject({ code: 'payload_invalid' });
  });

  test('disables beside members that can not be read, and neither does nor undoes it by a state that none knows', async () => {
    expect(await send('dsync.user.updated', { state: 'suspended', email: {}, emails: [7] })).toEqual([
      {
        id: 'event_1',
        kind: 'dsync.user.updated',
        reference: 'u_1',
        at: nowMs - 1_500,
        told: { disabled: true },
        unread: ['data.email', 'data.emails'],
      },
    ]);
    expect(await send('dsync.user.updated', { state: 'unheard-of' })).toMatchObject([
      { told: {}, unread: ['data.state'] },
    ]);
  });
});
