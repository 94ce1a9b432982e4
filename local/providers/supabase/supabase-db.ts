// Supabase as its database webhooks send, with times as Postgres writes them in JSON.
// https://supabase.com/docs/guides/database/webhooks

import type { Told } from '../../../lib/user.ts';
import type { Example, SampleUser, Sender } from '../sender.ts';
import { firstSecret, newSecret, toBody } from '../signing.ts';

export const supabaseDb: Sender = {
  name: 'supabase-db',
  setUp:
    'Run docs/supabase.sql with your address and secret in it: a trigger on `auth.users` that tells of every change with its time, and of no password hash. A webhook made under Database → Webhooks (`supabase_functions.http_request` on `auth.users`, the headers `Content-Type: application/json` and `Authorization: Bearer <SUPABASE_DB_SECRETS>`, a time-out of 5000 ms) does as well, but sends whole rows, and its only time is `updated_at`: SQL that changes users must set it, or two such changes of one value may end as the older of them. Names come from `first_name` or `given_name` and `last_name` or `family_name` in the metadata; `full_name` and `name`, which are all that most identity providers give, are not parted.',
  retries:
    'Never: what is lost stays lost until the user changes again, or a pull finds it. The row is committed whatever is answered.',
  cannotTell: 'Changes whose delivery failed; the end of a ban, before the next sign-in.',
  environment: () => ({ SUPABASE_DB_SECRETS: newSecret() }),
  sign: async (payload, { environment }) => {
    const Authorization = `Bearer ${firstSecret(environment.SUPABASE_DB_SECRETS)}`;
    return { headers: { 'Content-Type': 'application/json', Authorization }, body: toBody(payload) };
  },
  givesNoIds: true,
  examples: {
    'auth.users.INSERT': change('INSERT', () => ({ email_confirmed_at: null }), { emailVerified: false }),
    'auth.users.UPDATE-verified': change('UPDATE', () => ({}), {}),
    'auth.users.UPDATE-banned': change(
      'UPDATE',
      (atMs) => ({ banned_until: toTimestamp(atMs + 876_000 * 3_600_000) }),
      { disabled: true },
    ),
    'auth.users.UPDATE-ban-over': change('UPDATE', (atMs) => ({ banned_until: toTimestamp(atMs - 1_000) }), {
      disabled: false,
    }),
    'auth.users.UPDATE-name-removed': change(
      'UPDATE',
      () => ({ raw_user_meta_data: { last_name: 'King' } }),
      { firstName: null, lastName: 'King', avatarUrl: null },
    ),
    'auth.users.UPDATE-deleted-softly': {
      payload: (sample, atMs) => ({
        ...envelope('UPDATE'),
        record: toRow(sample, atMs, {
          deleted_at: toTimestamp(atMs),
          email: 'vrHCYlCrJbXhEb==',
          phone: 'Xb==',
        }),
        old_record: toRow(sample, atMs - 60_000, {}),
      }),
      wanted: ({ id }, at) => [{ kind: 'auth.users.UPDATE', reference: id, at, told: { deleted: true } }],
    },
    // SQL leaves updated_at alone unless it sets it: what differs from the row before is newer all the same.
    'auth.users.UPDATE-sql': {
      payload: (sample, atMs) => ({
        ...envelope('UPDATE'),
        record: toRow(sample, atMs, {}),
        old_record: toRow(sample, atMs, { banned_until: 'infinity' }),
      }),
      wanted: (sample, at) => {
        const event = { kind: 'auth.users.UPDATE', reference: sample.id };
        return [
          { ...event, at, told: toTold(sample) },
          { ...event, at: at + 0.0005, told: { disabled: false }, isPartial: true },
        ];
      },
    },
    // The row that is gone has only the time of its last change.
    'auth.users.DELETE': {
      payload: (sample, atMs) => ({
        ...envelope('DELETE'),
        record: null,
        old_record: toRow(sample, atMs, {}),
      }),
      wanted: ({ id }, at) => [{ kind: 'auth.users.DELETE', reference: id, at, told: { deleted: true } }],
    },
    // By a trigger function that tells the time itself.
    'auth.users.DELETE-timed': {
      payload: (sample, atMs) => ({
        ...envelope('DELETE'),
        time: toTimestamp(atMs),
        record: null,
        old_record: toRow(sample, atMs - 86_400_000, {}),
      }),
      wanted: ({ id }, at) => [{ kind: 'auth.users.DELETE', reference: id, at, told: { deleted: true } }],
    },
    'public.notes.INSERT': {
      payload: ({ id }, atMs) => ({
        ...envelope('INSERT'),
        schema: 'public',
        table: 'notes',
        old_record: null,
        record: { id: 7, user_id: id, created_at: toTimestamp(atMs) },
      }),
      wanted: (_, at) => [{ kind: 'public.notes.INSERT', reference: null, at, told: null }],
    },
  },
};

function change(type: 'INSERT' | 'UPDATE', columns: (atMs: number) => object, told: Told): Example {
  return {
    payload: (sample, atMs) => ({
      ...envelope(type),
      record: toRow(sample, atMs, columns(atMs)),
      old_record: type === 'INSERT' ? null : toRow(sample, atMs - 60_000, { email_confirmed_at: null }),
    }),
    wanted: (sample, at) => [
      { kind: `auth.users.${type}`, reference: sample.id, at, told: { ...toTold(sample), ...told } },
    ],
  };
}

function toTold({ email, phone, firstName, lastName }: SampleUser): Told {
  return {
    email,
    phone,
    firstName,
    lastName,
    emailVerified: true,
    disabled: false,
    avatarUrl: 'https://img.example.com/ada.png',
  };
}

function envelope(type: string): object {
  return { type, schema: 'auth', table: 'users' };
}

function toRow({ id, email, phone, firstName, lastName }: SampleUser, atMs: number, columns: object): object {
  const time = toTimestamp(atMs);
  return {
    id,
    aud: 'authenticated',
    role: 'authenticated',
    email,
    phone: phone.replace('+', ''),
    email_confirmed_at: time,
    confirmed_at: time,
    encrypted_password: '',
    last_sign_in_at: null,
    email_change: '',
    banned_until: null,
    deleted_at: null,
    is_sso_user: false,
    is_anonymous: false,
    raw_user_meta_data: {
      first_name: firstName,
      last_name: lastName,
      avatar_url: 'https://img.example.com/ada.png',
    },
    raw_app_meta_data: { provider: 'email' },
    created_at: toTimestamp(atMs - 86_400_000),
    updated_at: time,
    ...columns,
  };
}

// Microseconds, without the zeros at their end, and a zone in hours and minutes.
function toTimestamp(atMs: number): string {
  return new Date(atMs).toISOString().replace(/\.?0*Z$/, '+00:00');
}
