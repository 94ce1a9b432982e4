// Amazon Cognito: what `aws cognito-idp list-users` prints. The reference is the attribute `sub`, because users may choose
// their user names.
// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ListUsers.html

import * as v from 'valibot';
import { type ExportedUser, type ExportShape, fit } from '../../exports/shape.ts';
import { instant, tell, yesNo } from '../payload.ts';
import { cognitoAttributes, toTold } from './user.ts';

const row = v.object({
  Attributes: v.array(v.object({ Name: v.string(), Value: v.optional(v.string()) })),
  Enabled: yesNo(),
  UserLastModifiedDate: v.nullish(v.pipe(v.unknown(), v.transform(toMilliseconds), instant()), null),
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
  const named = Object.fromEntries(Attributes.map(({ Name, Value }) => [Name, Value]));
  const user = fit(cognitoAttributes, named);
  const told = tell({ ...toTold(user), disabled: Enabled === undefined ? undefined : !Enabled });
  return { reference: user.sub, told, at };
}

// The API writes seconds with a fraction; version 2 of the command line writes ISO 8601.
function toMilliseconds(date: unknown): unknown {
  return typeof date === 'number' ? Math.round(date * 1000) : date;
}
