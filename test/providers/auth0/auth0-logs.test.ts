import { describe, expect, test } from 'vitest';
import { auth0Logs } from '../../../lib/providers/auth0/auth0-logs.ts';
import { repeatCredential } from '../../../local/providers/signing.ts';
import { connect } from '../reader.ts';

const nowMs = Date.parse('2026-05-04T12:00:00Z');
const date = new Date(nowMs - 1_000).toISOString();
const read = connect(auth0Logs, { AUTH0_LOGS_CREDENTIALS: 'key' });

const send = (payload: object) => read(repeatCredential(payload, 'key', 'Authorization'), nowMs);

const wrap = (data: object) => ({ log_id: 'L1', data: { log_id: 'L1', date, ...data } });
const deletion = wrap({ type: 'sdu', user_id: 'auth0|1' });
const deleted = { id: 'L1', kind: 'sdu', reference: 'auth0|1', at: nowMs - 1_000, told: { disabled: true } };

function call(method: string, path: string, body: object, answer: object, statusCode = 200) {
  const details = { request: { method, path, body }, response: { statusCode, body: answer } };
  return wrap({ type: 'sapi', user_id: 'auth0|admin', details });
}

const ignored = { reference: null, told: null };

describe("Auth0's log", () => {
  test.each([
    ['in a list', [deletion, deletion]],
    ['one a line', Buffer.from(`${JSON.stringify(deletion)}\n${JSON.stringify(deletion)}`)],
    ['one a line, by \\r\\n', Buffer.from(`${JSON.stringify(deletion)}\r\n${JSON.stringify(deletion)}\r\n`)],
    ['bare', [deletion.data, deletion.data]],
  ])('is read %s', async (_how, payload) => {
    expect(await send(payload)).toEqual([deleted, deleted]);
  });

  test.each([
    ['one object', deletion],
    ['one object over several lines', Buffer.from(JSON.stringify(deletion, null, 2))],
    ['one line', Buffer.from(`${JSON.stringify(deletion)}\n`)],
  ])('is read as %s', async (_how, payload) => {
    expect(await send(payload)).toEqual([deleted]);
  });

  test('keeps letters of other alphabets, and lines within texts, as they are', async () => {
    const signUp = wrap({
      type: 'ss',
      user_id: 'auth0|1',
      details: { body: { email: 'ada@example.com', given_name: 'Ада', family_name: '}\n{' } },
    });
    const lines = Buffer.from(`${JSON.stringify(signUp)}\n${JSON.stringify(deletion)}`);
    expect(await send(lines)).toMatchObject([
      { told: { email: 'ada@example.com', firstName: 'Ада', lastName: '}\n{' } },
      { told: { disabled: true } },
    ]);
  });

  test.each([
    ['with a line that is none', Buffer.from(`${JSON.stringify(deletion)}\n{"data":`), 'body_malformed'],
    ['with bytes that are no text', Buffer.from([0x22, 0xff, 0x22]), 'body_malformed'],
    ['by the thousand', Array.from({ length: 1_001 }, () => deletion), 'payload_invalid'],
  ])('is refused, all of it, %s', async (_how, payload, code) => {
    await expect(send(payload)).rejects.toMatchObject({ code });
  });

  test('keeps none of the others from us by an entry that can not be read', async () => {
    const timeless = { data: { type: 'sdu', user_id: 'x' } };
    expect(await send([timeless, deletion])).toMatchObject([{ rejected: 'payload_invalid' }, deleted]);
  });

  test("takes no user's word for being blocked, nor stumbles over what users send", async () => {
    const body = { email: 'ada@example.com', blocked: 'x', email_verified: 7 };
    const [event] = await send(wrap({ type: 'ss', user_id: 'auth0|1', details: { body } }));
    expect(event?.told).toEqual({ email: 'ada@example.com', disabled: false });
  });

  test('says of a sign-up what is there, and that the rest is missing', async () => {
    const [event] = await send(wrap({ type: 'ss', user_id: 'google-oauth2|1', details: {} }));
    expect(event).toMatchObject({ reference: 'google-oauth2|1', isPartial: true });
    expect(event?.told).toEqual({ disabled: false });
  });

  test("takes no user's word for a verified address", async () => {
    const body = { email: 'ada@example.com', email_verified: true };
    const [event] = await send(wrap({ type: 'ss', user_id: 'auth0|1', details: { body } }));
    expect(event?.told).toEqual({ email: 'ada@example.com', disabled: false });
  });

  test.each([
    ['true', true],
    [true, true],
    ['false', false],
    [undefined, false],
  ])('says of a new address that is verified %j: %j', async (email_verified, emailVerified) => {
    const body = { email: 'old@example.com', newEmail: 'new@example.com', email_verified };
    const [event] = await send(wrap({ type: 'sce', user_id: 'auth0|1', details: { body } }));
    expect(event?.told).toEqual({ email: 'new@example.com', emailVerified });
  });

  test.each(['sce', 'scpn'])('says that %s leaves out what changed, where it does', async (type) => {
    const [event] = await send(wrap({ type, user_id: 'auth0|1', details: {} }));
    expect(event).toMatchObject({ reference: 'auth0|1', isPartial: true });
    expect(event?.told).toEqual({});
  });

  test('never takes a masked address for one', async () => {
    const details = { email: '8f1c2d3e4b5a6978' };
    const [event] = await send(wrap({ type: 'sv', user_id: 'auth0|1', details }));
    expect(event).toMatchObject({ told: {}, isPartial: true });
    expect(event?.told).toEqual({});
  });

  test('says of no address that it is verified where it does not say which', async () => {
    for (const entry of [
      wrap({ type: 'sv', user_id: 'auth0|1', details: {} }),
      wrap({
        type: 'sce',
        user_id: 'auth0|1',
        details: { body: { newEmail: '8f1c', email_verified: true } },
      }),
      call('patch', '/api/v2/users/auth0%7C1', { email_verified: true }, {}),
    ]) {
      const [event] = await send(entry);
      expect(event).toMatchObject({ reference: 'auth0|1', isPartial: true });
      expect(event?.told).toEqual({});
    }
  });

  test('blocks beside members that can not be read, and names those', async () => {
    const answer = { user_id: 'auth0|1', email: 7, email_verified: 'hush', blocked: true };
    const [event] = await send(call('patch', '/api/v2/users/auth0%7C1', { blocked: true }, answer));
    expect(event?.told).toEqual({ disabled: true });
    expect(event?.unread).toEqual(['email', 'email_verified']);
  });

  test('lets nobody back in by a sign-up whose block can not be read', async () => {
    const answer = { user_id: 'auth0|1', blocked: 'hush' };
    const [event] = await send(call('post', '/api/v2/users', {}, answer, 201));
    expect(event).toMatchObject({ told: {}, unread: ['blocked'] });
    expect(event?.told).toEqual({});
  });

  describe('of the Management API', () => {
    const path = '/api/v2/users/auth0%7C1';

    test('never takes who called for the user', async () => {
      expect(await send(call('delete', path, {}, {}, 204))).toMatchObject([
        { reference: 'auth0|1', told: { disabled: true } },
      ]);
    });

    test.each([true, false])('says whether a user was blocked: %j', async (blocked) => {
      expect(await send(call('patch', path, { blocked }, {}))).toMatchObject([
        { reference: 'auth0|1', told: { disabled: blocked } },
      ]);
    });

    test.each([
      [{}, {}, false],
      [{ email_verified: true }, {}, true],
      [{}, { user_id: 'auth0|1', email_verified: true }, true],
      [{ email_verified: true }, { user_id: 'auth0|1', email_verified: false }, false],
    ])(
      'says of a new address, by %j and the answer %j: verified %j',
      async (asked, answer, emailVerified) => {
        const [event] = await send(call('patch', path, { email: 'new@example.com', ...asked }, answer));
        expect(event?.told).toEqual({ email: 'new@example.com', emailVerified });
      },
    );

    test('believes an answer only of the user that was asked for', async () => {
      const answer = { user_id: 'auth0|2', email: 'mallory@example.com', blocked: true };
      const [event] = await send(call('patch', path, { given_name: 'Ada' }, answer));
      expect(event?.reference).toBe('auth0|1');
      expect(event?.told).toEqual({ firstName: 'Ada' });
    });

    test.each([
      ['a call that failed', call('patch', path, { blocked: true }, {}, 400)],
      ['a call on a part of a user', call('post', `${path}/identities`, {}, { user_id: 'auth0|1' })],
      ['a deletion of a part', call('delete', `${path}/multifactor/duo`, {}, {}, 204)],
      ['another call', call('patch', '/api/v2/clients/auth0%7C1', { blocked: true }, {})],
      ['a path that can not be read', call('delete', '/api/v2/users/%E0%A4', {}, {}, 204)],
      ['a call without details', wrap({ type: 'sapi', user_id: 'auth0|admin' })],
    ])('leaves alone %s', async (_what, entry) => {
      expect(await send(entry)).toMatchObject([ignored]);
    });
  });
});
