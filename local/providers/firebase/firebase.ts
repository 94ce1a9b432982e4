// Firebase as it calls a blocking function, whose body a function in Google's cloud passes on as it is.
// https://firebase.google.com/docs/functions/auth-blocking-events

import { randomUUID } from 'node:crypto';
import type { Told } from '../../../lib/user.ts';
import { type Example, inWholeSeconds, type SampleUser, type Sender } from '../sender.ts';

const functionUrl = 'https://before-sign-in-abc123-ew.a.run.app';

export const firebase: Sender = {
  name: 'firebase',
  setUp:
    'Deploy a function that passes the raw body of its request on to the webhook and answers Firebase 200 with `{}`; register it as the blocking function beforeSignIn; its address is `FIREBASE_FUNCTION_URLS`. It tells of sign-ups and sign-ins alone: tell of users who are disabled or deleted by the `generic` provider.',
  retries:
    'Never, and the user who signs in waits: Firebase gives up after 7 s. A sign-up that is lost is told again with the next sign-in, as a whole.',
  cannotTell: 'A user who is disabled or deleted; profile changes before the next sign-in.',
  environment: ({ jwksUrl }) => ({
    FIREBASE_PROJECT_ID: 'demo',
    FIREBASE_FUNCTION_URLS: functionUrl,
    FIREBASE_JWKS_URL: jwksUrl,
  }),
  sign: async (payload, { environment, keys, nowMs }) => {
    const iat = Math.floor(nowMs / 1000);
    const iss = `https://securetoken.google.com/${environment.FIREBASE_PROJECT_ID}`;
    const aud = environment.FIREBASE_FUNCTION_URLS;
    const jwt = await keys.sign({ iss, aud, iat, exp: iat + 3_600, ...payload }, { typ: 'JWT' });
    const body = Buffer.from(JSON.stringify({ data: { jwt } }));
    return { headers: { 'Content-Type': 'application/json' }, body };
  },
  maxAgeMs: 65 * 60_000,
  examples: {
    beforeSignIn: signIn({}, { emailVerified: false, disabled: false }),
    'beforeSignIn-verified': signIn({ email_verified: true }, { emailVerified: true, disabled: false }),
    'beforeSignIn-by-phone': signIn(
      { email: undefined, photo_url: undefined },
      { email: null, avatarUrl: null, emailVerified: false, disabled: false },
    ),
    // The user does not exist yet, and may never; if they do, beforeSignIn follows.
    beforeCreate: {
      payload: (sample, atMs) => claims('beforeCreate', sample, atMs, {}),
      wanted: (_, at) => [{ kind: 'beforeCreate', reference: null, at: inWholeSeconds(at), told: null }],
    },
  },
};

function signIn(changes: object, told: Told): Example {
  return {
    payload: (sample, atMs) => claims('beforeSignIn', sample, atMs, changes),
    wanted: ({ id, email, phone }, at) => [
      {
        kind: 'beforeSignIn',
        reference: id,
        at: inWholeSeconds(at),
        told: { email, phone, avatarUrl: 'https://img.example.com/ada.png', ...told },
      },
    ],
  };
}

function claims(type: string, sample: SampleUser, atMs: number, changes: object): object {
  const { id, email, phone, firstName, lastName } = sample;
  return {
    sub: id,
    event_id: randomUUID(),
    event_type: type,
    iat: Math.floor(atMs / 1000),
    sign_in_method: 'google.com',
    ip_address: '192.0.2.1',
    user_agent: 'curl',
    locale: 'en',
    user_record: {
      uid: id,
      email,
      email_verified: false,
      phone_number: phone,
      display_name: `${firstName} ${lastName}`,
      photo_url: 'https://img.example.com/ada.png',
      metadata: { creation_time: Math.floor(atMs / 1000) },
      ...changes,
    },
  };
}
