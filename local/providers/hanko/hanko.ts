// Hanko as it sends. https://docs.hanko.io/guides/webhooks

import { randomUUID } from 'node:crypto';
import type { Told } from '../../../lib/user.ts';
import { type Example, inWholeSeconds, type SampleUser, type Sender } from '../sender.ts';

const changes = [
  'user.update',
  ...['', '.create', '.primary', '.delete'].map((what) => `user.update.email${what}`),
  ...['', '.create', '.update', '.delete'].map((what) => `user.update.username${what}`),
  'user.update.password.update',
  // A first sign-in by a passcode is what verifies an address.
  'user.login',
];

export const hanko: Sender = {
  name: 'hanko',
  setUp:
    'Webhooks → Create: subscribe to `user` alone, which is all of its events (some versions of Hanko look at the first event of a webhook only); `HANKO_JWKS_URL` and `HANKO_AUDIENCES` are those of the tenant. Its events are stamped in whole seconds: of two changes within one second the record keeps the safer, until the next event.',
  retries:
    'Never; after some failures in a row it switches the webhook off, and it runs out after 30 days without success. After an outage look at it in the console, and run a backfill.',
  cannotTell:
    'Names and pictures that administrators change, before the next sign-in; a user who is disabled, which Hanko does not have.',
  environment: ({ jwksUrl }) => ({ HANKO_JWKS_URL: jwksUrl, HANKO_AUDIENCES: 'app.example.com' }),
  sign: async (payload, { environment, keys, nowMs }) => {
    const iat = Math.floor(nowMs / 1000);
    const aud = [environment.HANKO_AUDIENCES];
    const claims: Record<string, unknown> = { sub: 'hanko webhooks', aud, iat, exp: iat + 300, ...payload };
    const token = await keys.sign(claims, { typ: 'JWT' });
    const body = Buffer.from(JSON.stringify({ token, event: claims.evt }));
    return { headers: { 'Content-Type': 'application/json' }, body };
  },
  maxAgeMs: 10 * 60_000,
  givesNoIds: true,
  examples: {
    'user.create': told('user.create', { is_verified: false }, { emailVerified: false }),
    ...Object.fromEntries(changes.map((evt) => [evt, told(evt, {}, {})])),
    'user.delete': {
      payload: (sample, atMs) => claims('user.delete', atMs, toUser(sample, atMs, {})),
      wanted: ({ id }, at) => [
        { kind: 'user.delete', reference: id, at: inWholeSeconds(at), told: { deleted: true } },
      ],
    },
    'email.send': {
      payload: ({ email }, atMs) =>
        claims('email.send', atMs, { subject: 'Hello', to_email_address: email, delivered_by_hanko: false }),
      wanted: (_, at) => [{ kind: 'email.send', reference: null, at: inWholeSeconds(at), told: null }],
    },
  },
};

function told(evt: string, email: object, more: Told): Example {
  return {
    payload: (sample, atMs) => claims(evt, atMs, toUser(sample, atMs, email)),
    wanted: (sample, at) => [
      {
        kind: evt,
        reference: sample.id,
        at: inWholeSeconds(at),
        told: {
          email: sample.email,
          emailVerified: true,
          firstName: sample.firstName,
          lastName: sample.lastName,
          ...more,
        },
      },
    ],
  };
}

function claims(evt: string, atMs: number, data: object): object {
  return { evt, data, iat: Math.floor(atMs / 1000) };
}

function toUser({ id, email, firstName, lastName }: SampleUser, atMs: number, changes: object): object {
  const times = { created_at: new Date(atMs).toISOString(), updated_at: new Date(atMs).toISOString() };
  return {
    id,
    ...times,
    given_name: firstName,
    family_name: lastName,
    username: { id: randomUUID(), username: 'ada', ...times },
    ip_address: '192.0.2.1',
    emails: [
      { id: randomUUID(), address: 'second@example.com', is_verified: false, is_primary: false, ...times },
      { id: randomUUID(), address: email, is_verified: true, is_primary: true, ...times, ...changes },
    ],
  };
}
