// Auth0: the files of a users export job, NDJSON or CSV, with the members of a user profile; in JSON also the answers of
// the Management API. The id and the members must be exported under their own names, and `updated_at` with them.
// https://auth0.com/docs/manage-users/user-migration/bulk-user-exports
// https://auth0.com/docs/manage-users/user-accounts/user-profiles/user-profile-structure

import * as v from 'valibot';
import {
  type Cells,
  convert,
  type ExportedUser,
  type ExportShape,
  fit,
  toFlag,
  toMoment,
} from '../../exports/shape.ts';
import { optionalInstant, reference, tell, text, yesNo } from '../payload.ts';

const row = v.object({
  user_id: reference(),
  email: text(),
  email_verified: yesNo(),
  phone_number: text(),
  given_name: text(),
  family_name: text(),
  picture: text(),
  blocked: yesNo(),
  updated_at: optionalInstant(),
});

export const auth0Export: ExportShape = {
  name: 'auth0',
  title: 'Auth0',
  source: 'https://auth0.com/docs/manage-users/user-migration/bulk-user-exports',
  formats: ['ndjson', 'json', 'csv'],
  member: 'users',
  id: 'user_id',
  toUser,
  fromCells: (cells) =>
    toUser(convert(unescaped(cells), { email_verified: toFlag, blocked: toFlag, updated_at: toMoment })),
};

function toUser(value: unknown): ExportedUser {
  const user = fit(row, value);
  const told = tell({
    email: user.email,
    emailVerified: user.email_verified,
    phone: user.phone_number,
    firstName: user.given_name,
    lastName: user.family_name,
    avatarUrl: user.picture,
    disabled: user.blocked,
  });
  return { reference: user.user_id, told, at: user.updated_at };
}

// Lest a spreadsheet takes it for a formula, every text begins with a single quote; in older files none does.
function unescaped(cells: Cells): Cells {
  if (!cells.user_id?.startsWith("'")) return cells;
  return Object.fromEntries(Object.entries(cells).map(([name, cell]) => [name, cell.replace(/^'/, '')]));
}
