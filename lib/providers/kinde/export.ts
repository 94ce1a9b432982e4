// Kinde: the users that its Management API lists, which have no time of change.
// https://docs.kinde.com/kinde-apis/management/

import { type ExportedUser, type ExportShape, fit } from '../../exports/shape.ts';
import { kindeUser, toTold } from './user.ts';

export const kindeExport: ExportShape = {
  name: 'kinde',
  title: 'Kinde',
  source: 'https://docs.kinde.com/kinde-apis/management/',
  formats: ['ndjson', 'json'],
  member: 'users',
  id: 'id',
  toUser,
};

function toUser(value: unknown): ExportedUser {
  const user = fit(kindeUser, value);
  return { reference: user.id, told: toTold(user), at: null };
}
