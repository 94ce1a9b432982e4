// The admin API of Supabase's auth server: users by the time at which they were made, in pages by their place. Of several
// who were made at one time, PostgreSQL may give one twice and another not: that one is asked for by itself.
// https://github.com/supabase/auth/blob/master/internal/api/admin.go
//
// Every write moves updated_at, a sign-in and a ban included; that a ban ends, does not. It is read from the database itself.

import * as v from 'valibot';
import { secretText, url } from '../../config/settings.ts';
import { hourMs, type Profile } from '../../directory.ts';
import type { Row } from '../../exports/shape.ts';
import { parseJson } from '../../json.ts';
import { type DirectoryProvider, expectUser, type RowShape, readRows, toProfile } from '../directory.ts';
import { askDirectory, expectAnswer } from '../directory-api.ts';
import { supabaseExport } from './export.ts';

const settings = {
  SUPABASE_URL: url('Address of the project, https://<ref>.supabase.co.'),
  SUPABASE_SERVICE_KEY: secretText(
    'The service_role key, or a secret key sb_secret_…, which can do everything: there is none that may only read.',
  ),
};

const pageSize = 200;

const user = supabaseExport as RowShape;

/** The whole user: the auth server leaves out a time that there is none of. */
function toUser(row: Row, atMs: number): Profile | null {
  return toProfile(user, { email_confirmed_at: null, banned_until: null, ...row }, atMs);
}

export const supabaseDirectory: DirectoryProvider<typeof settings> = {
  name: 'supabase',
  title: 'Supabase',
  settings,
  pageSize,
  requestsPerSecond: 2,
  leastRights: null,
  maxKnown: 0,
  lagMs: 0,
  isGoneEstablished: true,
  secondLookMs: hourMs,
  connect({ SUPABASE_URL, SUPABASE_SERVICE_KEY: key }) {
    const headers = { accept: 'application/json', apikey: key, authorization: `Bearer ${key}` };
    const ask = (path: string, signal: AbortSignal) =>
      askDirectory(new URL(`/auth/v1/admin/users${path}`, SUPABASE_URL), { headers, signal });
    return {
      async list(cursor, signal) {
        const page = Number(cursor ?? 1);
        const query = new URLSearchParams({
          page: String(page),
          per_page: String(pageSize),
          sort: 'created_at asc',
        });
        const answer = await ask(`?${query}`, signal);
        const { users } = expectAnswer(v.looseObject({ users: v.array(v.unknown()) }), answer);
        const total = Number(answer.headers.get('x-total-count') ?? Number.NaN);
        return {
          ...readRows(users, (row) => toUser(row, answer.at)),
          next: users.length < pageSize ? null : String(page + 1),
          total: Number.isInteger(total) ? total : null,
          at: answer.at,
        };
      },
      async get(reference, signal) {
        const answer = await ask(`/${encodeURIComponent(reference)}`, signal);
        if (answer.status === 404 && v.is(notFound, parseJson(answer.body)))
          return { profile: null, at: answer.at };
        const row = expectAnswer(v.looseObject({}), answer);
        return { profile: expectUser(reference, () => toUser(row, answer.at)), at: answer.at };
      },
    };
  },
};

// An id that is no UUID is 404 as well, with another code.
const notFound = v.looseObject({ error_code: v.literal('user_not_found') });
