// Okta: the users that its Users API lists.
// https://developer.okta.com/docs/api/openapi/okta-management/management/tag/User/

import * as v from 'valibot';
import type { ExportShape } from '../../exports/shape.ts';
import { optionalInstant } from '../payload.ts';
import { oktaUser, toTold } from './user.ts';

const row = v.object({ ...oktaUser.entries, lastUpdated: optionalInstant() });

export const oktaExport: ExportShape<typeof row> = {
  name: 'okta',
  title: 'Okta',
  source: 'https://developer.okta.com/docs/api/openapi/okta-management/management/tag/User/',
  formats: ['ndjson', 'json'],
  member: null,
  id: 'id',
  row,
  decisive: ['status', 'lastUpdated'],
  toUser: (user) => ({ told: toTold(user), at: user.lastUpdated }),
};
