// FusionAuth: the users that its search API answers.
// https://fusionauth.io/docs/apis/users#search-for-users

import * as v from 'valibot';
import { type ExportedUser, type ExportShape, fit } from '../../exports/shape.ts';
import { optionalInstant } from '../payload.ts';
import { fusionauthUser, toTold } from './user.ts';

const row = v.object({ ...fusionauthUser.entries, lastUpdateInstant: optionalInstant() });

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
  return { reference: user.id, told: toTold(user), at: user.lastUpdateInstant };
}
