// A sender of your own, in both of the ways that lib/providers/generic/generic.ts reads.

import { randomUUID } from 'node:crypto';
import type { Told } from '../../../lib/user.ts';
import type { Example, SampleUser, Sender } from '../sender.ts';
import { firstSecret, newWebhookSecret, signWebhook } from '../signing.ts';

export const generic: Sender = {
  name: 'generic',
  setUp:
    'Send the events below in the form that stands in lib/providers/generic/generic.ts, signed by Standard Webhooks (`GENERIC_SECRETS`) or as a JWT that is the body (the other three settings). `user.email_verified` must name the address that it verifies, as `email`; in any other event `email_verified` counts only beside an `email`.',
  retries:
    'As you write it. Send again after anything but 2xx and 4xx, with the same id; a message by Standard Webhooks must be signed anew once it is 5 minutes old, a JWT may be 31 days old.',
  environment: () => ({ GENERIC_SECRETS: newWebhookSecret() }),
  variants: {
    'a JWT': ({ jwksUrl, url }) => ({
      GENERIC_JWKS_URL: jwksUrl,
      GENERIC_ISSUER: url,
      GENERIC_AUDIENCE: 'roq-sync',
    }),
  },
  sign: async (payload, { environment, keys, nowMs }) => {
    const { GENERIC_SECRETS: secrets, GENERIC_ISSUER: iss, GENERIC_AUDIENCE: aud } = environment;
    if (secrets) return signWebhook(payload, firstSecret(secrets), nowMs, 'webhook');
    const claims = { iss, aud, iat: Math.floor(nowMs / 1000), jti: randomUUID(), event: payload };
    const token = await keys.sign(claims, { typ: 'user-event+jwt' });
    return { headers: { 'Content-Type': 'application/jwt' }, body: Buffer.from(token) };
  },
  maxAgeMs: ({ GENERIC_SECRETS: secrets }) => (secrets ? 300_000 : 31 * 86_400_000),
  examples: {
    'user.signed_up': {
      payload: (sample, atMs) => ({
        id: randomUUID(),
        type: 'user.signed_up',
        time: new Date(atMs).toISOString(),
        user: toUser(sample),
      }),
      wanted: ({ id, email, phone, firstName, lastName }, at) => [
        {
          kind: 'user.signed_up',
          reference: id,
          at,
          told: {
            email,
            phone,
            firstName,
            lastName,
            locale: 'en-GB',
            timezone: 'Europe/London',
            avatarUrl: 'https://example.com/ada.png',
            customData: '{"beta":true,"plan":"pro"}',
          },
        },
      ],
    },
    'user.email_verified': {
      payload: ({ id, email }, atMs) => ({
        id: randomUUID(),
        type: 'user.email_verified',
        time: atMs,
        user: { id, email },
      }),
      wanted: ({ id, email }, at) => [
        { kind: 'user.email_verified', reference: id, at, told: { email, emailVerified: true } },
      ],
    },
    'user.updated': {
      payload: ({ id, email }, atMs) => ({
        id: randomUUID(),
        type: 'user.updated',
        time: inParis(atMs),
        user: { id, email, email_verified: false, phone: null, last_name: '', tenant_id: tenantId },
      }),
      wanted: ({ id, email }, at) => [
        {
          kind: 'user.updated',
          reference: id,
          at,
          told: { email, emailVerified: false, phone: null, lastName: null, tenantId },
        },
      ],
    },
    'user.disabled': event(
      'user.disabled',
      { first_name: 'Augusta' },
      { disabled: true, firstName: 'Augusta' },
    ),
    'user.enabled': event('user.enabled', {}, { disabled: false }),
    'user.deleted': event('user.deleted', { email: 'ada@example.com' }, { deleted: true }),
    'user.logged_in': {
      payload: (_, atMs) => ({ id: randomUUID(), type: 'user.logged_in', time: atMs }),
      wanted: (_, at) => [{ kind: 'user.logged_in', reference: null, at, told: null }],
    },
  },
};

const tenantId = '5b1f3a52-5b0c-4b0e-9c55-2f3f8c1f6a11';

function event(type: string, members: object, told: Told): Example {
  return {
    payload: ({ id }, atMs) => ({ id: randomUUID(), type, time: atMs, user: { id, ...members } }),
    wanted: ({ id }, at) => [{ kind: type, reference: id, at, told }],
  };
}

function toUser({ id, email, phone, firstName, lastName }: SampleUser): object {
  return {
    id,
    email,
    phone,
    first_name: firstName,
    last_name: lastName,
    locale: 'en-GB',
    timezone: 'Europe/London',
    avatar_url: 'https://example.com/ada.png',
    custom_data: { plan: 'pro', beta: true },
  };
}

/** The moment in another time zone. */
function inParis(atMs: number): string {
  return new Date(atMs + 2 * 3_600_000).toISOString().replace('Z', '+02:00');
}
