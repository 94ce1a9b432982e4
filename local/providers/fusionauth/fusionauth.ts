// FusionAuth as it sends. https://fusionauth.io/docs/extend/events-and-webhooks/signing

import { createHash, createHmac, randomBytes, randomUUID } from 'node:crypto';
import type { Told } from '../../../lib/user.ts';
import type { Example, SampleUser, Sender, Signing } from '../sender.ts';
import { firstSecret, toBody } from '../signing.ts';

export const fusionauth: Sender = {
  name: 'fusionauth',
  setUp:
    'Settings → Key Master → generate a key (its secret is `FUSIONAUTH_SECRETS`, or `FUSIONAUTH_JWKS_URL` is where its public half stands); Settings → Webhooks → Add: switch on the events below, and "Sign events" with that key; switch the same events on in the tenant.',
  retries:
    'Up to 3 more times, and not if a transaction failed. Its time-outs are yours to set: allow 5 s. `user.deactivate`, `user.reactivate`, `user.email.verified` and `user.identity.verified` come before they are committed and have no later twin; if one is rolled back, the next `user.update.complete` puts it right.',
  cannotTell: 'Users who are imported in bulk.',
  environment: () => ({ FUSIONAUTH_SECRETS: randomBytes(32).toString('base64') }),
  variants: { 'a key pair': ({ jwksUrl }) => ({ FUSIONAUTH_JWKS_URL: jwksUrl }) },
  sign: async (payload, signing) => {
    const body = toBody(payload);
    const claims = { request_body_sha256: createHash('sha256').update(body).digest('base64') };
    const token = signing.environment.FUSIONAUTH_JWKS_URL
      ? await signing.keys.sign(claims, { typ: 'JWT' })
      : signBySecret(claims, signing);
    return { headers: { 'Content-Type': 'application/json', 'X-FusionAuth-Signature-JWT': token }, body };
  },
  // The age is that of the event in the body.
  maxAgeMs: 31 * 86_400_000,
  examples: {
    'user.create.complete': mirrored('user.create.complete', toProfile),
    'user.update.complete': {
      payload: (sample, atMs) => envelope('user.update.complete', atMs, update(sample, atMs)),
      wanted: (sample, at) => [
        {
          kind: 'user.update.complete',
          reference: sample.id,
          at,
          told: {
            ...toProfile(sample),
            emailVerified: true,
            disabled: true,
            firstName: 'Augusta',
            phone: null,
            timezone: null,
          },
        },
      ],
    },
    'user.delete.complete': mirrored('user.delete.complete', () => ({ deleted: true })),
    'user.deactivate': mirrored('user.deactivate', () => ({ disabled: true })),
    'user.reactivate': mirrored('user.reactivate', () => ({ disabled: false })),
    'user.email.verified': mirrored('user.email.verified', ({ email }) => ({
      emailVerified: true,
      emailVerifiedOf: email,
    })),
    'user.identity.verified': {
      payload: (sample, atMs) =>
        envelope('user.identity.verified', atMs, {
          user: toUser(sample, atMs),
          loginId: sample.email,
          loginIdType: 'email',
        }),
      wanted: ({ id, email }, at) => [
        {
          kind: 'user.identity.verified',
          reference: id,
          at,
          told: { emailVerified: true, emailVerifiedOf: email },
        },
      ],
    },
    'user.identity.verified-phone': {
      payload: (sample, atMs) =>
        envelope('user.identity.verified', atMs, {
          user: toUser(sample, atMs),
          loginId: sample.phone,
          loginIdType: 'phoneNumber',
        }),
      wanted: ({ id }, at) => [{ kind: 'user.identity.verified', reference: id, at, told: {} }],
    },
    'user.create': ignored('user.create', (sample, atMs) => ({ user: toUser(sample, atMs) })),
    'user.bulk.create': ignored('user.bulk.create', (sample, atMs) => ({ users: [toUser(sample, atMs)] })),
    test: ignored('test', () => ({})),
  },
};

function signBySecret(claims: object, { environment }: Signing): string {
  const parts = [{ alg: 'HS256', typ: 'JWT', kid: 'any' }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  );
  const secret = firstSecret(environment.FUSIONAUTH_SECRETS);
  return [...parts, createHmac('sha256', secret).update(parts.join('.')).digest('base64url')].join('.');
}

function mirrored(type: string, told: (sample: SampleUser) => Told): Example {
  return {
    payload: (sample, atMs) => envelope(type, atMs, { user: toUser(sample, atMs) }),
    wanted: (sample, at) => [{ kind: type, reference: sample.id, at, told: told(sample) }],
  };
}

function ignored(type: string, members: (sample: SampleUser, atMs: number) => object): Example {
  return {
    payload: (sample, atMs) => envelope(type, atMs, members(sample, atMs)),
    wanted: (_, at) => [{ kind: type, reference: null, at, told: null }],
  };
}

function envelope(type: string, atMs: number, members: object): object {
  const info = { ipAddress: '192.0.2.1' };
  const event = { id: randomUUID(), type, createInstant: atMs, tenantId: randomUUID(), info };
  return { event: { ...event, ...members } };
}

// What has been emptied is left out, and shows in the user as it was before.
function update(sample: SampleUser, atMs: number): object {
  const original = toUser(sample, atMs);
  const { mobilePhone: _phone, timezone: _timezone, ...kept } = original;
  return { original, user: { ...kept, verified: true, active: false, firstName: 'Augusta' } };
}

function toUser({ id, email, phone, firstName, lastName }: SampleUser, atMs: number) {
  return {
    id,
    email,
    verified: false,
    active: true,
    firstName,
    lastName,
    mobilePhone: phone,
    preferredLanguages: ['en', 'fr'],
    timezone: 'Europe/London',
    imageUrl: 'https://example.com/ada.png',
    lastUpdateInstant: atMs,
  };
}

function toProfile({ email, phone, firstName, lastName }: SampleUser): Told {
  return {
    email,
    phone,
    firstName,
    lastName,
    locale: 'en',
    timezone: 'Europe/London',
    avatarUrl: 'https://example.com/ada.png',
    emailVerified: false,
    disabled: false,
  };
}
