// Clerk: the users that the Backend API lists, and the CSV that its dashboard exports, which has no time of change and
// says nothing about bans.
// https://clerk.com/docs/guides/development/migrating/export-from-clerk
// https://github.com/clerk/migration-tool/blob/main/samples/clerk.csv

import * as v from 'valibot';
import type { ExportShape } from '../../exports/shape.ts';
import type { Told } from '../../user.ts';
import { optionalInstant, tell, text } from '../payload.ts';
import { clerkUser, toTold } from './user.ts';

const columns = v.object({
  primary_email_address: text(),
  primary_phone_number: text(),
  verified_email_addresses: v.optional(v.string()),
});

const row = v.object({ ...clerkUser.entries, ...columns.entries, updated_at: optionalInstant() });

export const clerkExport: ExportShape<typeof row> = {
  name: 'clerk',
  title: 'Clerk',
  source: 'https://clerk.com/docs/guides/development/migrating/export-from-clerk',
  formats: ['ndjson', 'json', 'csv'],
  member: 'data',
  id: 'id',
  row,
  decisive: ['banned', 'deprovisioned', 'updated_at'],
  toUser: (user) => ({ told: { ...toTold(user), ...toColumnsTold(user) }, at: user.updated_at }),
};

function toColumnsTold(user: v.InferOutput<typeof columns>): Told {
  const { primary_email_address: email, verified_email_addresses: verified } = user;
  return tell({
    email,
    emailVerified: email && verified !== undefined ? verified.split(/[|,;\s]+/).includes(email) : undefined,
    phone: user.primary_phone_number,
  });
}
