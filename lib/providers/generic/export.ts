// A file that you make yourself, with the members that `user` has in the events of generic.ts, and `updated_at`: ISO 8601
// with its time zone, or milliseconds. In CSV, the columns have the same names, and custom_data holds JSON.

import * as v from 'valibot';
import { convert, type ExportShape, type Foreign, toFlag, toJson, toTime } from '../../exports/shape.ts';
import { optionalInstant } from '../payload.ts';
import { genericUser, toTold } from './user.ts';

const row = v.object({
  ...genericUser.entries,
  updated_at: optionalInstant(),
});

export const genericExport: ExportShape<typeof row> = {
  name: 'generic',
  title: 'A file of your own',
  source: null,
  formats: ['ndjson', 'json', 'csv'],
  member: 'users',
  id: 'id',
  row,
  decisive: ['disabled', 'custom_data', 'updated_at'],
  findForeign,
  fromCells: (cells) =>
    convert(cells, {
      email_verified: toFlag,
      disabled: toFlag,
      custom_data: toJson,
      updated_at: toTime,
    }),
  toUser: (user) => ({ told: toTold(user), at: user.updated_at }),
};

// Read as a file of your own, those of other providers would lose addresses and bans without a word.
const marks: ReadonlyMap<string, string> = new Map([
  ['email_addresses', 'clerk'],
  ['primary_email_address', 'clerk'],
  ['Attributes', 'cognito'],
  ['localId', 'firebase'],
  ['lastUpdateInstant', 'fusionauth'],
  ['createdTimestamp', 'keycloak'],
  ['is_suspended', 'kinde'],
  ['statusChanged', 'okta'],
  ['banned_until', 'supabase'],
  ['raw_user_meta_data', 'supabase'],
]);

function findForeign(names: readonly string[]): Foreign | null {
  const isAuth0 = names.includes('user_id') && !names.includes('id');
  const mark = names.find((name) => marks.has(name));
  const provider = isAuth0 ? 'auth0' : mark && marks.get(mark);
  return provider ? { reason: 'other_provider', where: provider } : null;
}
