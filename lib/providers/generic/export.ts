// A file that you make yourself, with the members that `user` has in the events of generic.ts, and `updated_at`: ISO 8601
// with its time zone, or milliseconds. In CSV, the columns have the same names, and custom_data holds JSON.

import * as v from 'valibot';
import { convert, type ExportedUser, type ExportShape, fit, toFlag, toMoment } from '../../exports/shape.ts';
import { optionalInstant } from '../payload.ts';
import { genericUser, toTold } from './user.ts';

const row = v.object({ ...genericUser.entries, updated_at: optionalInstant() });

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
  return { reference: user.id, told: toTold(user), at: user.updated_at };
}

// A cell that is not JSON stays text, which the schema refuses.
function toJson(cell: string): unknown {
  if (cell === '') return null;
  try {
    return JSON.parse(cell);
  } catch {
    return cell;
  }
}
