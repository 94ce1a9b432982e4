// Kinde: the users that its Management API lists, which have no time of change.
// https://docs.kinde.com/kinde-apis/management/

import type { ExportShape } from '../../exports/shape.ts';
import { kindeUser, toTold } from './user.ts';

export const kindeExport: ExportShape<typeof kindeUser> = {
  name: 'kinde',
  title: 'Kinde',
  source: 'https://docs.kinde.com/kinde-apis/management/',
  formats: ['ndjson', 'json'],
  member: 'users',
  id: 'id',
  row: kindeUser,
  decisive: ['is_suspended'],
  toUser: (user) => ({ told: toTold(user), at: null }),
};
