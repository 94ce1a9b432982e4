// Supabase as its auth hooks send. https://supabase.com/docs/guides/auth/auth-hooks

import { randomUUID } from 'node:crypto';
import type { Example, SampleUser, Sender } from '../sender.ts';
import { firstSecret, newWebhookSecret, signWebhook } from '../signing.ts';

export const supabase: Sender = {
  name: 'supabase',
  setUp:
    'Authentication → Hooks → After User Created → HTTPS; its secret is `SUPABASE_SECRETS`. All that happens to a user later comes from the database: configure `supabase-db` as well.',
  retries:
    'Never later. Who signs up waits for the answer, and exists by then: after 400, 401 or 500 they see an error at once, after 503 it is tried thrice within milliseconds and then they see one, and a connection that fails is tried again after 2 s, within 5 s in all. Signing up again finds the address taken. So keep `INLINE_BUDGET_MS` at 2 s or less, and let `supabase-db` or a pull tell of who was lost.',
  cannotTell: 'Anything after the sign-up: `supabase-db` tells that.',
  environment: () => ({ SUPABASE_SECRETS: `v1,${newWebhookSecret()}` }),
  sign: async (payload, { environment, nowMs }) =>
    signWebhook(payload, firstSecret(environment.SUPABASE_SECRETS), nowMs, 'webhook'),
  examples: {
    'after-user-created': {
      payload: (sample, atMs) => ({
        ...hook('after-user-created', atMs),
        user: toUser(sample, new Date(atMs).toISOString()),
      }),
      wanted: ({ id, email, phone, firstName, lastName }, at) => [
        {
          kind: 'after-user-created',
          reference: id,
          at,
          told: {
            email,
            phone,
            emailVerified: true,
            firstName,
            lastName,
            disabled: false,
            avatarUrl: 'https://img.example.com/ada.png',
            locale: 'en',
          },
        },
      ],
    },
    // The row is not there yet: its times are those of Go's empty time.
    'before-user-created': ignored('before-user-created', (sample) => ({
      user: toUser(sample, '0001-01-01T00:00:00Z'),
    })),
    'mfa-verification': ignored('mfa-verification', ({ id }) => ({
      user_id: id,
      factor_id: randomUUID(),
      factor_type: 'totp',
      valid: true,
    })),
  },
};

function ignored(name: string, members: (sample: SampleUser) => object): Example {
  return {
    payload: (sample, atMs) => ({ ...hook(name, atMs), ...members(sample) }),
    wanted: (_, at) => [{ kind: name, reference: null, at, told: null }],
  };
}

function hook(name: string, atMs: number): object {
  // The hook runs once the row is written.
  const time = new Date(name.startsWith('after') ? atMs + 40 : atMs).toISOString();
  return { metadata: { uuid: randomUUID(), time, name, ip_address: '192.0.2.1' } };
}

function toUser({ id, email, phone, firstName, lastName }: SampleUser, time: string): object {
  return {
    id,
    aud: 'authenticated',
    role: 'authenticated',
    email,
    phone: phone.replace('+', ''),
    ...(time.startsWith('0001') ? {} : { email_confirmed_at: time, confirmed_at: time }),
    app_metadata: { provider: 'google', providers: ['google'] },
    user_metadata: {
      first_name: firstName,
      family_name: lastName,
      full_name: `${firstName} ${lastName}`,
      picture: 'https://img.example.com/ada.png',
      locale: 'en',
      email_verified: true,
    },
    identities: [],
    created_at: time,
    updated_at: time,
    is_anonymous: false,
  };
}
