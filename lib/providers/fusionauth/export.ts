// FusionAuth: the users that its search API answers.
// https://fusionauth.io/docs/apis/users#search-for-users

import * as v from 'valibot';
import type { ExportShape } from '../../exports/shape.ts';
import { optionalInstant } from '../payload.ts';
import { fusionauthUser, toTold } from './user.ts';

const row = v.object({ ...fusionauthUser.entries, lastUpdateInstant: optionalInstant() });

export const fusionauthExport: ExportShape<typeof row> = {
  name: 'fusionauth',
  title: 'FusionAuth',
  source: 'https://fusionauth.io/docs/apis/users#search-for-users',
  formats: ['ndjson', 'json'],
  member: 'users',
  id: 'id',
  row,
  decisive: ['active', 'lastUpdateInstant'],
  toUser: (user) => ({ told: toTold(user), at: user.lastUpdateInstant }),
};
