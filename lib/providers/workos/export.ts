// WorkOS: the AuthKit users that its API lists.
// https://workos.com/docs/reference/authkit/user/list

import * as v from 'valibot';
import { type ExportedUser, type ExportShape, fit } from '../../exports/shape.ts';
import { optionalInstant, reference, tell, text, yesNo } from '../payload.ts';

const row = v.object({
  id: reference(),
  email: text(),
  email_verified: yesNo(),
  first_name: text(),
  last_name: text(),
  profile_picture_url: text(),
  locale: text(),
  updated_at: optionalInstant(),
});

export const workosExport: ExportShape = {
  name: 'workos',
  title: 'WorkOS',
  source: 'https://workos.com/docs/reference/authkit/user/list',
  formats: ['ndjson', 'json'],
  member: 'data',
  id: 'id',
  toUser,
};

function toUser(value: unknown): ExportedUser {
  const user = fit(row, value);
  const told = tell({
    email: user.email,
    emailVerified: user.email_verified,
    firstName: user.first_name,
    lastName: user.last_name,
    avatarUrl: user.profile_picture_url,
    locale: user.locale,
  });
  return { reference: user.id, told, at: user.updated_at };
}
