import { describe, expect, test } from 'vitest';
import { logto } from '../../../lib/providers/logto/logto.ts';
import { signHmac } from '../../../local/providers/signing.ts';
import { connect } from '../reader.ts';

const nowMs = Date.parse('2026-05-04T12:00:00Z');
const read = connect(logto, { LOGTO_SECRETS: 'next current' });
const createdAt = new Date(nowMs - 1_000).toISOString();

function send(event: string, more: object, secret = 'current') {
  return read(
    signHmac({ hookId: 'hook_1', event, createdAt, ...more }, secret, 'logto-signature-sha-256', 'hex'),
    nowMs,
  );
}

const at = (matchedRoute: string) => ({ matchedRoute, params: { userId: 'u_1' } });

describe('Logto', () => {
  test('is read by either of two signing keys', async () => {
    const events = [{ id: null, kind: 'PostSignIn', reference: null, at: nowMs - 1_000, told: null }];
    expect(await send('PostSignIn', {}, 'next')).toEqual(events);
    expect(await send('PostSignIn', {})).toEqual(events);
    await expect(send('PostSignIn', {}, 'retired')).rejects.toMatchObject({ code: 'signature_mismatch' });
  });

  test.each([
    [undefined, undefined],
    ['false', undefined],
    ['true', true],
  ])('with LOGTO_EMAILS_ARE_VERIFIED %j says of an address: verified %j', async (flag, emailVerified) => {
    const vouched = connect(logto, { LOGTO_SECRETS: 'current', LOGTO_EMAILS_ARE_VERIFIED: flag });
    const data = { id: 'u_1', primaryEmail: 'ada@example.com' };
    const payload = { event: 'User.Created', createdAt, data };
    const [event] = await vouched(signHmac(payload, 'current', 'logto-signature-sha-256', 'hex'), nowMs);
    expect(event?.told?.emailVerified).toBe(emailVerified);
  });

  test.each([true, false])('says by one event that a user is suspended: %j', async (isSuspended) => {
    const data = { id: 'u_1', isSuspended, updatedAt: nowMs - 1_040 };
    const sent = { ...at('/users/:userId/is-suspended'), data };
    expect(await send('User.SuspensionStatus.Updated', sent)).toEqual([
      {
        id: null,
        kind: 'User.SuspensionStatus.Updated',
        reference: 'u_1',
        at: nowMs - 1_040,
        told: { disabled: isSuspended },
      },
    ]);
  });

  test.each([{ path: 7 }, { matchedRoute: ['/users'] }])(
    'takes nothing for a user that may be the answer of any route, as by %j',
    async (route) => {
      const data = { id: 'role_1', primaryEmail: 'role@example.com', isSuspended: true };
      expect(await send('User.Data.Updated', { ...route, params: { userId: 'u_1' }, data })).toEqual([
        {
          id: null,
          kind: 'User.Data.Updated',
          reference: 'u_1',
          at: nowMs - 1_000,
          told: {},
          isPartial: true,
          unread: Object.keys(route),
        },
      ]);
    },
  );

  test.each([null, undefined, { id: 'u_1', isSuspended: false, updatedAt: nowMs - 60_000 }])(
    'deletes a user of whom it sends %j',
    async (data) => {
      expect(await send('User.Deleted', { ...at('/users/:userId'), data })).toEqual([
        { id: null, kind: 'User.Deleted', reference: 'u_1', at: nowMs - 1_000, told: { deleted: true } },
      ]);
    },
  );

  test('has no user to delete without an id', async () => {
    await expect(send('User.Deleted', { data: null })).rejects.toMatchObject({ code: 'payload_invalid' });
  });

  test("never takes a user's own data for a user", async () => {
    const data = { id: 'u_2', primaryEmail: 'mallory@example.com', isSuspended: false, givenName: 'M' };
    const own = { ...at('/users/:userId/custom-data'), data };
    expect(await send('User.Data.Updated', own)).toMatchObject([{ reference: null, told: null }]);
    const profile = { ...at('/users/:userId/profile'), data };
    expect(await send('User.Data.Updated', profile)).toMatchObject([
      { reference: 'u_1', at: nowMs - 1_000, told: { firstName: 'M' } },
    ]);
  });

  test.each([at('/users/:userId/identities/:target'), { ...at(''), path: '/api/users/u_1/custom-data' }])(
    'leaves it to a look-up what a call did that is not known: %j',
    async (call) => {
      const sent = { ...call, data: { id: 'u_2', isSuspended: true } };
      expect(await send('User.Data.Updated', sent)).toEqual([
        {
          id: null,
          kind: 'User.Data.Updated',
          reference: 'u_1',
          at: nowMs - 1_000,
          told: {},
          isPartial: true,
        },
      ]);
    },
  );

  test('empties what a user has no longer, and leaves alone what is not there', async () => {
    const data = { id: 'u_1', primaryEmail: null, profile: { givenName: '' } };
    expect(await send('User.Data.Updated', { data })).toMatchObject([
      { reference: 'u_1', at: nowMs - 1_000, told: { email: null, firstName: null } },
    ]);
  });

  test('is refused a month later', async () => {
    const old = new Date(nowMs - 32 * 86_400_000).toISOString();
    await expect(send('User.Created', { createdAt: old })).rejects.toMatchObject({ code: 'too_old' });
  });
});
