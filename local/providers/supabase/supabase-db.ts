// Supabase as its database webhooks send, with times as Postgres writes them in JSON.
// https://supabase.com/docs/guides/database/webhooks

import type { Told } from '../../../lib/user.ts';
import type { Example, SampleUser, Sender } from '../sender.ts';
import { firstSecret, newSecret, toBody } from '../signing.ts';

export const supabaseDb: Sender = {
  name: 'supabase-db',
  setUp:
    'A trigger on `auth.users`, after insert, update or delete, for each row, that executes `supabase_functions.http_request` with the headers `Content-Type: application/json` and `Authorization: Bearer <SUPABASE_DB_SECRETS>` and a time-out of 5000 ms; or a function of your own that keeps password hashes back, as lib/providers/supabase/supabase-db.ts shows.',
  retries:
    'Never: what is lost stays lost until the user changes again, so run a backfill after an outage. The row is committed whatever is answered.',
  cannotTell: 'Changes whose delivery failed.',
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
    wanted: ({ id, email, phone, firstName, lastName }, at) => [
      {
        kind: `auth.users.${type}`,
        reference: id,
        at,
        told: {
          email,
          phone,
          firstName,
          lastName,
          emailVerified: true,
          disabled: false,
          avatarUrl: 'https://img.example.com/ada.png',
          ...told,
        },
      },
    ],
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
    banned_until: null,
    deleted_at: null,
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
