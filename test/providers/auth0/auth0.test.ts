import { describe, expect, test } from 'vitest';
import { auth0 } from '../../../lib/providers/auth0/auth0.ts';
import { desired, type Facts, fold, toFacts } from '../../../lib/user.ts';
import { repeatCredential } from '../../../local/providers/signing.ts';
import { connect } from '../reader.ts';

const nowMs = Date.parse('2026-05-04T12:00:00Z');
const time = new Date(nowMs - 1_000).toISOString();
const updated_at = new Date(nowMs - 60_000).toISOString();
const read = connect(auth0, { AUTH0_CREDENTIALS: 'Bearer next, Basic Y3VycmVudA==' });

function send(type: string, data: object, credential = 'Bearer next') {
  const event = { id: 'evt_1', specversion: '1.0', type, time, data };
  return read(repeatCredential(event, credential, 'Authorization'), nowMs);
}

describe('Auth0', () => {
  test.each(['Bearer next', 'Basic Y3VycmVudA=='])('is read by %s', async (credential) => {
    expect(await send('user.deleted', { object: { user_id: 'auth0|1' } }, credential)).toHaveLength(1);
  });

  test.each(['next', 'bearer next', 'Bearer nex', 'Bearer next2'])(
    'is refused with %s',
    async (credential) => {
      const sending = send('user.deleted', { object: { user_id: 'auth0|1' } }, credential);
      await expect(sending).rejects.toMatchObject({ code: 'credential_mismatch' });
    },
  );

  test('is held to the header that is set, and to no other', async () => {
    const own = connect(auth0, { AUTH0_CREDENTIALS: 'key', AUTH0_HEADER: 'X-Stream-Key' });
    const event = { id: 'evt_1', type: 'user.deleted', time, data: { object: { user_id: 'auth0|1' } } };
    expect(await own(repeatCredential(event, 'key', 'x-stream-key'), nowMs)).toHaveLength(1);
    await expect(own(repeatCredential(event, 'key', 'Authorization'), nowMs)).rejects.toMatchObject({
      code: 'signature_missing',
    });
  });

  test.each(['user.created', 'com.auth0.user.updated'])("orders %s by the user's own time", async (type) => {
    const object = { user_id: 'auth0|1', updated_at, blocked: true };
    expect(await send(type, { object })).toEqual([
      {
        id: 'evt_1',
        kind: type.replace('com.auth0.', ''),
        reference: 'auth0|1',
        at: nowMs - 60_000,
        told: { disabled: true },
      },
    ]);
  });

  test('lets nobody in by a block that can not be read, and empties nothing else that can not be', async () => {
    const object = { user_id: 'auth0|1', blocked: 'hush', given_name: 7 };
    const previous_object = { blocked: true, given_name: 'Ada', family_name: 'King' };
    const [created] = await send('user.created', { object });
    expect(created?.told).toEqual({});
    const [updated] = await send('user.updated', { object, previous_object });
    expect(updated?.told).toEqual({ lastName: null });
    expect(updated?.unread).toEqual(['data.object.given_name', 'data.object.blocked']);
  });

  test('orders a deletion by its own time', async () => {
    const object = { user_id: 'auth0|1', updated_at, deleted_at: new Date(nowMs - 30_000).toISOString() };
    expect(await send('user.deleted', { object })).toMatchObject([{ at: nowMs - 30_000 }]);
  });

  test('orders a deletion and a user without a time by the envelope', async () => {
    const object = { user_id: 'auth0|1', updated_at };
    expect(await send('user.deleted', { object })).toMatchObject([{ at: nowMs - 1_000 }]);
    expect(await send('user.updated', { object: { user_id: 'auth0|1' } })).toMatchObject([
      { at: nowMs - 1_000 },
    ]);
  });

  test('says nothing of what a user has not', async () => {
    const [event] = await send('user.updated', { object: { user_id: 'auth0|1', name: 'Ada' } });
    expect(event?.told).toEqual({});
  });

  test('empties what a user had and has no longer, and lets back in who was blocked', async () => {
    const previous_object = {
      given_name: 'Ada',
      family_name: 'Lovelace',
      email_verified: true,
      blocked: true,
    };
    const object = { user_id: 'auth0|1', family_name: 'King' };
    const [event] = await send('user.updated', { object, previous_object });
    expect(event?.told).toEqual({ firstName: null, lastName: 'King', disabled: false });
  });

  test('lets in again who comes back under the same id after a deletion, in whatever order that is heard', async () => {
    const at = (seconds: number) => new Date(nowMs + seconds * 1000).toISOString();
    const user = (seconds: number) => ({ object: { user_id: 'google-oauth2|1', updated_at: at(seconds) } });
    const heard = [
      ...(await send('user.created', user(-90))),
      ...(await send('user.deleted', user(-90))),
      ...(await send('user.created', user(0))),
    ].map(({ told, at }) => toFacts(told ?? {}, at));
    const foldAll = (facts: readonly Facts[]) => desired(facts.reduce(fold, {}));
    expect(foldAll(heard.slice(0, 2))).toEqual({ active: false });
    expect(foldAll(heard)).toEqual({ active: true });
    expect(foldAll(heard.toReversed())).toEqual({ active: true });
  });

  test('takes a new user for not blocked, unless it says otherwise', async () => {
    const created = (members: object) => send('user.created', { object: { user_id: 'auth0|1', ...members } });
    expect(await created({})).toMatchObject([{ told: { disabled: false } }]);
    expect(await created({ blocked: true })).toMatchObject([{ told: { disabled: true } }]);
  });

  test('makes no user of the test that the dashboard sends', async () => {
    const data = { object: { user_id: 'auth0|1', updated_at } };
    const event = { id: 'evt_1', type: 'user.created', time, a0purpose: 'test', data };
    expect(await read(repeatCredential(event, 'Bearer next', 'Authorization'), nowMs)).toMatchObject([
      { reference: null, told: null },
    ]);
  });

  test('never takes a member of an organization for a user', async () => {
    const object = { user: { user_id: 'auth0|1' }, user_id: 'auth0|1' };
    expect(await send('organization.member.deleted', { object })).toMatchObject([
      { reference: null, told: null },
    ]);
  });
});
