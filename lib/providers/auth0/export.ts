// Auth0: the files of a users export job, NDJSON or CSV, and in JSON also the answers of the Management API. The id, the
// members and `updated_at` must be exported under their own names.
// https://auth0.com/docs/manage-users/user-migration/bulk-user-exports
// https://auth0.com/docs/manage-users/user-accounts/user-profiles/user-profile-structure

import * as v from 'valibot';
import { type Cells, convert, type ExportShape, toFlag, toTime } from '../../exports/shape.ts';
import { optionalInstant, reference } from '../payload.ts';
import { auth0User, toTold } from './user.ts';

const row = v.object({ user_id: reference(), ...auth0User.entries, updated_at: optionalInstant() });

export const auth0Export: ExportShape<typeof row> = {
  name: 'auth0',
  title: 'Auth0',
  source: 'https://auth0.com/docs/manage-users/user-migration/bulk-user-exports',
  formats: ['ndjson', 'json', 'csv'],
  member: 'users',
  id: 'user_id',
  row,
  decisive: ['blocked', 'updated_at'],
  fromCells: (cells) =>
    convert(unescaped(cells), { email_verified: toFlag, blocked: toFlag, updated_at: toTime }),
  toUser: (user) => ({ told: toTold(user), at: user.updated_at }),
};

// Every text begins with a single quote, so that no spreadsheet takes it for a formula; in older files none does.
function unescaped(cells: Cells): Cells {
  if (!cells.user_id?.startsWith("'")) return cells;
  return Object.fromEntries(Object.entries(cells).map(([name, cell]) => [name, cell.replace(/^'/, '')]));
}
