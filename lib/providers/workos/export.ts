// WorkOS: the AuthKit users that its API lists.
// https://workos.com/docs/reference/authkit/user/list

import * as v from 'valibot';
import type { ExportShape } from '../../exports/shape.ts';
import { optionalInstant, reference } from '../payload.ts';
import { toTold, workosUser } from './user.ts';

const row = v.object({ id: reference(), ...workosUser.entries, updated_at: optionalInstant() });

export const workosExport: ExportShape<typeof row> = {
  name: 'workos',
  title: 'WorkOS',
  source: 'https://workos.com/docs/reference/authkit/user/list',
  formats: ['ndjson', 'json'],
  member: 'data',
  id: 'id',
  row,
  decisive: ['updated_at'],
  toUser: (user) => ({ told: toTold(user), at: user.updated_at }),
};
