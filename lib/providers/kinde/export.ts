// Kinde: the users that its Management API lists, which have no time of change.
// https://github.com/kinde-oss/management-api-js/blob/main/lib/api/models/users_response.ts

import * as v from 'valibot';
import { type ExportedUser, type ExportShape, fit } from '../../exports/shape.ts';
import { reference, tell, text, yesNo } from '../payload.ts';

const row = v.object({
  id: reference(),
  email: text(),
  first_name: text(),
  last_name: text(),
  picture: text(),
  is_suspended: yesNo(),
});

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
  const { id, email, first_name, last_name, picture, is_suspended } = fit(row, value);
  const told = tell({
    email,
    firstName: first_name,
    lastName: last_name,
    avatarUrl: picture,
    disabled: is_suspended,
  });
  return { reference: id, told, at: null };
}
