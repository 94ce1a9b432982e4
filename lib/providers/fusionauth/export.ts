// FusionAuth: the users that its search API answers.
// https://fusionauth.io/docs/apis/users#search-for-users

import * as v from 'valibot';
import { type ExportedUser, type ExportShape, fit } from '../../exports/shape.ts';
import { optionalInstant, reference, tell, text, yesNo } from '../payload.ts';

const row = v.object({
  id: reference(),
  email: text(),
  verified: yesNo(),
  active: yesNo(),
  mobilePhone: text(),
  firstName: text(),
  lastName: text(),
  timezone: text(),
  imageUrl: text(),
  preferredLanguages: v.nullish(v.array(text())),
  lastUpdateInstant: optionalInstant(),
});

export const fusionauthExport: ExportShape = {
  name: 'fusionauth',
  title: 'FusionAuth',
  source: 'https://fusionauth.io/docs/apis/users#search-for-users',
  formats: ['ndjson', 'json'],
  member: 'users',
  id: 'id',
  toUser,
};

function toUser(value: unknown): ExportedUser {
  const user = fit(row, value);
  const told = tell({
    email: user.email,
    emailVerified: user.verified,
    phone: user.mobilePhone,
    firstName: user.firstName,
    lastName: user.lastName,
    locale: user.preferredLanguages?.[0],
    timezone: user.timezone,
    avatarUrl: user.imageUrl,
    disabled: user.active === undefined ? undefined : !user.active,
  });
  return { reference: user.id, told, at: user.lastUpdateInstant };
}
