// Supabase: the table auth.users as CSV or JSON, and the users that the auth server's admin API lists.
// https://github.com/supabase/supabase/blob/master/apps/studio/components/interfaces/SQLEditor/UtilityPanel/Results.utils.ts
// https://github.com/clerk/migration-tool/blob/main/samples/supabase.csv
// https://github.com/supabase/auth/blob/master/internal/models/user.go

import * as v from 'valibot';
import {
  type Cells,
  type ExportedUser,
  type ExportShape,
  isNullWord,
  type Row,
} from '../../exports/shape.ts';
import { optionalInstant } from '../payload.ts';
import { supabaseMetadata, supabaseUser, toTold } from './user.ts';

const row = v.object({
  ...supabaseUser.entries,
  user_metadata: supabaseMetadata,
  updated_at: optionalInstant(),
});

export const supabaseExport: ExportShape<typeof row> = {
  name: 'supabase',
  title: 'Supabase',
  source: 'https://supabase.com/docs/guides/auth/managing-user-data',
  formats: ['ndjson', 'json', 'csv'],
  member: 'users',
  id: 'id',
  row,
  decisive: ['banned_until', 'deleted_at', 'updated_at'],
  fromJson,
  fromCells,
  toUser,
};

function toUser(user: v.InferOutput<typeof row>, exportedAtMs: number | null): ExportedUser {
  const { user_metadata, updated_at: at, ...rest } = user;
  // A ban ends by itself, so the file's time decides whether it still holds, not the row's.
  return { at, told: toTold(rest, user_metadata, Math.max(at ?? 0, exportedAtMs ?? 0)) };
}

// The auth server leaves out what is empty; a row of the table has every column that was selected.
function fromJson(value: Row): Row {
  const isListed = 'user_metadata' in value;
  const { raw_user_meta_data: user_metadata, ...row } = value;
  return withIsoTimes(
    isListed ? { email_confirmed_at: null, banned_until: null, ...value } : { ...row, user_metadata },
  );
}

function fromCells({ raw_user_meta_data = '', ...row }: Cells): Row {
  return withIsoTimes({ ...row, user_metadata: toMetadata(raw_user_meta_data) });
}

const times: readonly string[] = ['email_confirmed_at', 'banned_until', 'deleted_at', 'updated_at'];

function withIsoTimes(row: Row): Row {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, times.includes(name) ? toIsoTime(value) : value]),
  );
}

/** PostgreSQL's `2026-05-04 12:00:00.123456+00` as ISO 8601. */
function toIsoTime(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  if (value === '' || isNullWord(value)) return null;
  return value.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00');
}

// Users write their metadata themselves: metadata that is not JSON tells nothing, and the rest still counts.
function toMetadata(cell: string): unknown {
  try {
    return JSON.parse(cell);
  } catch {
    return undefined;
  }
}
