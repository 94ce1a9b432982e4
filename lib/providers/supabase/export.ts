// Supabase: the table auth.users as CSV, and the users that the auth server's admin API lists.
// https://github.com/clerk/migration-tool/blob/main/samples/supabase.csv
// https://github.com/supabase/auth/blob/master/internal/models/user.go

import * as v from 'valibot';
import { type Cells, convert, type ExportedUser, type ExportShape, fit } from '../../exports/shape.ts';
import { optionalInstant } from '../payload.ts';
import { supabaseMetadata, supabaseUser, toTold } from './user.ts';

const row = v.object({
  ...supabaseUser.entries,
  user_metadata: supabaseMetadata,
  updated_at: optionalInstant(),
});

export const supabaseExport: ExportShape = {
  name: 'supabase',
  title: 'Supabase',
  source: 'https://supabase.com/docs/guides/auth/managing-user-data',
  formats: ['ndjson', 'json', 'csv'],
  member: 'users',
  id: 'id',
  toUser,
  fromCells,
};

function toUser(value: unknown, exportedAtMs: number | null): ExportedUser {
  const { user_metadata, updated_at: at, ...user } = fit(row, value);
  // A ban ends by itself, so the file's time decides whether it still holds, not the row's.
  const told = toTold(user, user_metadata, Math.max(at ?? 0, exportedAtMs ?? 0));
  return { reference: user.id, told, at };
}

function fromCells(cells: Cells, exportedAtMs: number | null): ExportedUser {
  const { raw_user_meta_data: user_metadata, ...values } = convert(cells, {
    raw_user_meta_data: toMetadata,
    updated_at: toInstantText,
    banned_until: toInstantText,
  });
  const user = toUser({ ...values, user_metadata }, exportedAtMs);
  const { emailVerified, disabled, ...told } = user.told;
  return {
    ...user,
    told: {
      ...told,
      // A column that was not selected tells nothing.
      ...('email_confirmed_at' in cells && emailVerified !== undefined && { emailVerified }),
      ...('banned_until' in cells && disabled !== undefined && { disabled }),
    },
  };
}

/** PostgreSQL's `2026-05-04 12:00:00.123456+00` as ISO 8601. */
function toInstantText(cell: string): string | null {
  return cell === '' ? null : cell.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00');
}

// Users write their metadata themselves: metadata that is not JSON tells nothing, and the rest still counts.
function toMetadata(cell: string): unknown {
  try {
    return JSON.parse(cell);
  } catch {
    return undefined;
  }
}
