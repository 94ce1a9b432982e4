import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ConfigError } from '../../lib/errors.ts';
import { firebase } from '../../lib/providers/firebase/firebase.ts';
import { hanko } from '../../lib/providers/hanko/hanko.ts';
import { type SigningKeys, startSigningKeys } from '../../local/providers/keys.ts';
import { connect, type Reader } from './reader.ts';

const nowMs = Date.parse('2026-05-04T12:00:00Z');
const iat = nowMs / 1000;

let keys: SigningKeys;
beforeAll(async () => {
  keys = await startSigningKeys();
});
afterAll(() => keys.close());

const toRequest = (body: object) => ({ headers: {}, body: Buffer.from(JSON.stringify(body)) });

describe('Firebase', () => {
  const functionUrl = 'https://europe-west1-demo.cloudfunctions.net/beforeSignIn';
  const claims = {
    iss: 'https://securetoken.google.com/demo',
    aud: functionUrl,
    iat,
    exp: iat + 3_600,
    sub: 'u',
    event_id: 'event-1',
    event_type: 'beforeSignIn',
  };
  let read: Reader;
  beforeAll(() => {
    const project = {
      FIREBASE_PROJECT_ID: 'demo',
      FIREBASE_FUNCTION_URLS: `https://other.example ${functionUrl}`,
    };
    read = connect(firebase, { ...project, FIREBASE_JWKS_URL: keys.jwksUrl });
  });

  async function send(user_record: object, more: object = {}) {
    const jwt = await keys.sign({ ...claims, user_record: { uid: 'u', ...user_record }, ...more });
    return read(toRequest({ data: { jwt } }), nowMs);
  }

  test('tells everything of a user, so that what is not in their record is empty or no', async () => {
    expect(await send({})).toEqual([
      {
        id: 'event-1',
        kind: 'beforeSignIn',
        reference: 'u',
        at: nowMs,
        told: { email: null, phone: null, avatarUrl: null, emailVerified: false, disabled: false },
      },
    ]);
  });

  test('neither lets in nor empties by what can not be read of a record', async () => {
    const [event] = await send({ disabled: 'hush', email_verified: 7, email: 7, photo_url: 'data:,x' });
    expect(event?.told).toEqual({ phone: null });
    expect(event?.unread).toEqual([
      'user_record.email',
      'user_record.email_verified',
      'user_record.photo_url',
      'user_record.disabled',
    ]);
  });

  test("refuses a user's own ID token, though it bears the names of an event", async () => {
    const idToken = { auth_time: iat, user_id: 'u', firebase: {} };
    await expect(send({}, idToken)).rejects.toMatchObject({ code: 'user_token' });
    await expect(send({}, { aud: 'demo' })).rejects.toMatchObject({ code: 'audience_mismatch' });
  });

  test('refuses to take the project for a function, which all ID tokens are for', () => {
    const settings = { FIREBASE_PROJECT_ID: 'demo', FIREBASE_FUNCTION_URLS: 'demo' };
    expect(() => connect(firebase, settings)).toThrow(ConfigError);
  });
});

describe('Hanko', () => {
  const data = { id: 'u', emails: [{ address: 'ada@example.com', is_primary: true, is_verified: true }] };
  const claims = {
    sub: 'hanko webhooks',
    aud: ['app.example.com'],
    iat,
    exp: iat + 300,
    evt: 'user.create',
    data,
  };
  let read: Reader;
  beforeAll(() => {
    read = connect(hanko, { HANKO_JWKS_URL: keys.jwksUrl, HANKO_AUDIENCES: 'app.example.com' });
  });

  const send = async (more: object, event = 'user.create') =>
    read(toRequest({ event, token: await keys.sign({ ...claims, ...more }) }), nowMs);

  test('goes by the name of the event inside the token', async () => {
    expect(await send({}, 'user.delete')).toMatchObject([
      { kind: 'user.create', told: { emailVerified: true } },
    ]);
  });

  test("refuses a user's own session token, though its template may hold the names of an event", async () => {
    await expect(send({ sub: 'u' })).rejects.toMatchObject({ code: 'user_token' });
  });

  test('says nothing of the address of a user who has none that is primary', async () => {
    const emails = [{ address: 'ada@example.com', is_primary: false, is_verified: true }];
    expect(await send({ data: { id: 'u', emails } })).toMatchObject([{ reference: 'u', told: {} }]);
  });
});
