// Frontegg as it sends. https://developers.frontegg.com/ciam/guides/integrations/webhooks

import type { Told } from '../../../lib/user.ts';
import { type Example, inWholeSeconds, type SampleUser, type Sender } from '../sender.ts';
import { firstSecret, newSecret, signHs256, toBody } from '../signing.ts';

const tenantId = '5b1f3a52-5b0c-4b0e-9c55-2f3f8c1f6a11';

// Payloads have no time of their own: this is when their tokens are made.
const times = new WeakMap<object, number>();

export const frontegg: Sender = {
  name: 'frontegg',
  setUp:
    'Configurations → Integrations → Webhooks → Create, with the events below; its secret key is `FRONTEGG_SECRETS`. Frontegg does not sign what it sends: decide whether you accept that, and say so by `FRONTEGG_ACCEPT_UNSIGNED_BODY`.',
  retries:
    'Not documented: run a backfill after an outage. Its events have no time but that of sending, in whole seconds.',
  cannotTell: 'When something happened: only when it was sent.',
  environment: () => ({ FRONTEGG_SECRETS: newSecret(), FRONTEGG_ACCEPT_UNSIGNED_BODY: 'true' }),
  sign: async (payload, { environment, nowMs }) => {
    const iat = Math.floor((times.get(payload) ?? nowMs) / 1000);
    const token = signHs256({ iat }, firstSecret(environment.FRONTEGG_SECRETS));
    return {
      headers: { 'Content-Type': 'application/json', 'X-Webhook-Secret': token },
      body: toBody(payload),
    };
  },
  covers: 'nothing',
  maxAgeMs: 300_000,
  givesNoIds: true,
  examples: {
    'frontegg.user.created': user('frontegg.user.created', { verified: null }, {}),
    'frontegg.user.signedUp': user('frontegg.user.signedUp', { verified: false }, { emailVerified: false }),
    'frontegg.user.activated': user('frontegg.user.activated', { verified: true }, { emailVerified: true }),
    'frontegg.user.updated': user('frontegg.user.updated', { verified: true }, { emailVerified: true }),
    'frontegg.user.updated-locked': user('frontegg.user.updated', { isLocked: true }, { disabled: true }),
    'frontegg.user.deleted': {
      payload: (sample, atMs) => hook('frontegg.user.deleted', sample, atMs, {}),
      wanted: ({ id }, at) => [
        { kind: 'frontegg.user.deleted', reference: id, at: inWholeSeconds(at), told: { deleted: true } },
      ],
    },
    'frontegg.user.removedFromTenant': {
      payload: (sample, atMs) => hook('frontegg.user.removedFromTenant', sample, atMs, {}),
      wanted: (_, at) => [
        { kind: 'frontegg.user.removedFromTenant', reference: null, at: inWholeSeconds(at), told: null },
      ],
    },
    'frontegg.tenant.created': {
      payload: (_, atMs) => timed({ tenant: { id: tenantId }, eventKey: 'frontegg.tenant.created' }, atMs),
      wanted: (_, at) => [
        { kind: 'frontegg.tenant.created', reference: null, at: inWholeSeconds(at), told: null },
      ],
    },
  },
};

function user(key: string, changes: object, told: Told): Example {
  return {
    payload: (sample, atMs) => hook(key, sample, atMs, changes),
    wanted: ({ id, email, phone }, at) => [
      {
        kind: key,
        reference: id,
        at: inWholeSeconds(at),
        told: { email, phone, avatarUrl: 'https://img.example.com/ada.png', disabled: false, ...told },
      },
    ],
  };
}

/** By an admin, whose id is another one. */
function hook(eventKey: string, sample: SampleUser, atMs: number, changes: object): object {
  const { id, email, phone, firstName, lastName } = sample;
  const user = {
    id,
    email,
    name: `${firstName} ${lastName}`,
    phoneNumber: phone,
    provider: 'local',
    mfaEnrolled: false,
    profilePictureUrl: 'https://img.example.com/ada.png',
    metadata: '{}',
    tenantIds: [tenantId],
    tenantId,
    roles: [],
    permissions: [],
    createdAt: '2026-05-02T11:25:22.000Z',
    lastLogin: null,
    isLocked: false,
    activatedForTenant: true,
    ...changes,
  };
  const eventContext = { tenantId, userId: '6b0e4a7c-0000-4000-8000-00000000000a' };
  return timed({ user, eventContext, eventKey }, atMs);
}

function timed(payload: object, atMs: number): object {
  times.set(payload, atMs);
  return payload;
}
