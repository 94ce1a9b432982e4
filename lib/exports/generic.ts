// A file of your own making, with the members that `user` has in the events of lib/providers/generic.ts, and
// `updated_at`: ISO 8601 with its time zone, or milliseconds. In CSV, the columns have the same names, and custom_data
// holds JSON.

import * as v from 'valibot';
import { customData, reference, tell, text, yesNo } from '../providers/payload.ts';
import { convert, type ExportedUser, type ExportShape, fit, moment, toFlag, toMoment } from './shape.ts';

const row = v.object({
  id: reference(),
  email: text(),
  phone: text(),
  first_name: text(),
  last_name: text(),
  locale: text(),
  timezone: text(),
  avatar_url: text(),
  custom_data: customData(),
  tenant_id: text(),
  email_verified: yesNo(),
  disabled: yesNo(),
  updated_at: moment(),
});

export const genericExport: ExportShape = {
  name: 'generic',
  title: 'A file of your own',
  source: null,
  formats: ['ndjson', 'json', 'csv'],
  member: 'users',
  id: 'id',
  toUser,
  fromCells: (cells) =>
    toUser(
      convert(cells, {
        email_verified: toFlag,
        disabled: toFlag,
        custom_data: toJson,
        updated_at: toMoment,
      }),
    ),
};

function toUser(value: unknown): ExportedUser {
  const user = fit(row, value);
  const told = tell({
    email: user.email,
    phone: user.phone,
    firstName: user.first_name,
    lastName: user.last_name,
    locale: user.locale,
    timezone: user.timezone,
    avatarUrl: user.avatar_url,
    customData: user.custom_data,
    tenantId: user.tenant_id,
    emailVerified: user.email_verified,
    disabled: user.disabled,
  });
  return { reference: user.id, told, at: user.updated_at };
}

// What is not JSON stays text, which the schema refuses.
function toJson(cell: string): unknown {
  if (cell === '') return null;
  try {
    return JSON.parse(cell);
  } catch {
    return cell;
  }
}
