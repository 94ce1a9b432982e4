// Amazon Cognito: what `aws cognito-idp list-users` prints. The reference is the attribute `sub`, because users may choose
// their user names.
// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ListUsers.html

import * as v from 'valibot';
import type { ExportShape, Row } from '../../exports/shape.ts';
import { isObject } from '../../json.ts';
import { optionalInstant, tell, yesNo } from '../payload.ts';
import { cognitoAttributes, toTold } from './user.ts';

const row = v.object({
  ...cognitoAttributes.entries,
  Enabled: yesNo(),
  UserLastModifiedDate: optionalInstant(),
});

export const cognitoExport: ExportShape<typeof row> = {
  name: 'cognito',
  title: 'Amazon Cognito',
  source: 'https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ListUsers.html',
  formats: ['ndjson', 'json'],
  member: 'Users',
  id: 'sub',
  row,
  decisive: ['Enabled', 'UserLastModifiedDate'],
  fromJson,
  toUser: ({ Enabled, UserLastModifiedDate: at, ...user }) => ({
    told: tell({ ...toTold(user), disabled: Enabled === undefined ? undefined : !Enabled }),
    at,
  }),
};

/** The attributes as members beside those of the user. */
function fromJson({ Attributes, Enabled, UserLastModifiedDate }: Row): Row {
  const attributes = Array.isArray(Attributes) ? Attributes.filter(isObject) : [];
  return {
    ...Object.fromEntries(attributes.map(({ Name, Value }) => [Name, Value])),
    Enabled,
    UserLastModifiedDate: toMilliseconds(UserLastModifiedDate),
  };
}

// The API writes seconds with a fraction; version 2 of the command line writes ISO 8601.
function toMilliseconds(date: unknown): unknown {
  return typeof date === 'number' ? Math.round(date * 1000) : date;
}
