// Clerk as it sends. https://clerk.com/docs/guides/development/webhooks/overview

import type { Told } from '../../../lib/user.ts';
import type { Example, SampleUser, Sender } from '../sender.ts';
import { firstSecret, newWebhookSecret, signWebhook } from '../signing.ts';

export const clerk: Sender = {
  name: 'clerk',
  setUp:
    'Webhooks → Add endpoint; subscribe to `user.created`, `user.updated`, `user.deleted`; its signing secret is `CLERK_SECRETS`.',
  retries: 'Waits 15 s; 8 attempts over 28 hours. An outage of a day loses nothing.',
  environment: () => ({ CLERK_SECRETS: newWebhookSecret() }),
  sign: async (payload, { environment, nowMs }) =>
    signWebhook(payload, firstSecret(environment.CLERK_SECRETS), nowMs, 'svix'),
  examples: {
    'user.created': user(
      'user.created',
      { email_verified: false },
      { emailVerified: false, disabled: false },
    ),
    'user.updated-verified': user('user.updated', {}, { emailVerified: true, disabled: false }),
    'user.updated-banned': user(
      'user.updated',
      { banned: true, primary_phone_number_id: null },
      { emailVerified: true, disabled: true, phone: null },
    ),
    'user.updated-deprovisioned': user(
      'user.updated',
      { deprovisioned: true },
      { emailVerified: true, disabled: true },
    ),
    'user.deleted': {
      payload: ({ id }, atMs) => envelope('user.deleted', atMs, { id, object: 'user', deleted: true }),
      wanted: ({ id }, at) => [{ kind: 'user.deleted', reference: id, at, told: { deleted: true } }],
    },
    'session.created': {
      payload: ({ id }, atMs) => envelope('session.created', atMs, { id: 'sess_1', user_id: id }),
      wanted: (_, at) => [{ kind: 'session.created', reference: null, at, told: null }],
    },
  },
};

type Changes = {
  readonly email_verified?: boolean;
  readonly banned?: boolean;
  readonly deprovisioned?: boolean;
  readonly primary_phone_number_id?: null;
};

function user(type: string, changes: Changes, told: Told): Example {
  return {
    payload: (sample, atMs) => envelope(type, atMs, toUser(sample, atMs, changes)),
    wanted: ({ id, email, phone, firstName }, at) => [
      {
        kind: type,
        reference: id,
        at,
        told: {
          email,
          phone,
          firstName,
          lastName: null,
          locale: 'en-GB',
          timezone: 'Europe/London',
          avatarUrl: 'https://img.example.com/ada.png',
          ...told,
        },
      },
    ],
  };
}

function envelope(type: string, atMs: number, data: object): object {
  return { type, object: 'event', timestamp: atMs, instance_id: 'ins_1', data };
}

function toUser(
  { id, email, phone, firstName }: SampleUser,
  atMs: number,
  { email_verified = true, ...changes }: Changes,
): object {
  return {
    id,
    object: 'user',
    primary_email_address_id: 'idn_2',
    primary_phone_number_id: 'idn_3',
    email_addresses: [
      { id: 'idn_1', email_address: 'old@example.com', verification: { status: 'verified' } },
      { id: 'idn_2', email_address: email, verification: email_verified ? { status: 'verified' } : null },
    ],
    phone_numbers: [{ id: 'idn_3', phone_number: phone }],
    first_name: firstName,
    last_name: null,
    image_url: 'https://img.example.com/ada.png',
    locale: 'en-GB',
    timezone: 'Europe/London',
    banned: false,
    locked: true,
    deprovisioned: false,
    created_at: atMs - 60_000,
    updated_at: atMs,
    ...changes,
  };
}
