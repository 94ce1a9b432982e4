// Amazon Cognito: what `aws cognito-idp list-users` prints. As elsewhere, the reference is the attribute `sub`: a user
// name may be chosen by the user.
// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ListUsers.html

import * as v from 'valibot';
import { type ExportedUser, type ExportShape, fit } from '../../exports/shape.ts';
import { instant, reference, tell, text, yesNo } from '../payload.ts';

const row = v.object({
  Attributes: v.array(v.object({ Name: v.string(), Value: v.optional(v.string()) })),
  Enabled: yesNo(),
  UserLastModifiedDate: v.nullish(v.pipe(v.unknown(), v.transform(toMilliseconds), instant()), null),
});

const attributes = v.object({
  sub: reference(),
  email: text(),
  email_verified: v.optional(v.string()),
  phone_number: text(),
  given_name: text(),
  family_name: text(),
  locale: text(),
  zoneinfo: text(),
  picture: text(),
});

export const cognitoExport: ExportShape = {
  name: 'cognito',
  title: 'Amazon Cognito',
  source: 'https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ListUsers.html',
  formats: ['ndjson', 'json'],
  member: 'Users',
  id: 'sub',
  toUser,
};

function toUser(value: unknown): ExportedUser {
  const { Attributes, Enabled, UserLastModifiedDate: at } = fit(row, value);
  const user = fit(attributes, Object.fromEntries(Attributes.map(({ Name, Value }) => [Name, Value])));
  const told = tell({
    email: user.email,
    emailVerified: user.email_verified ? user.email_verified === 'true' : undefined,
    phone: user.phone_number,
    firstName: user.given_name,
    lastName: user.family_name,
    locale: user.locale,
    timezone: user.zoneinfo,
    avatarUrl: user.picture,
    disabled: Enabled === undefined ? undefined : !Enabled,
  });
  return { reference: user.sub, told, at };
}

// The API has seconds with a fraction, of which version 2 of the command line makes ISO 8601.
function toMilliseconds(date: unknown): unknown {
  return typeof date === 'number' ? Math.round(date * 1000) : date;
}
