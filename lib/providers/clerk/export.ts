// Clerk: the users that the Backend API lists, and the CSV that its dashboard exports, which has no time of change and
// says nothing about bans.
// https://clerk.com/docs/guides/development/migrating/export-from-clerk
// https://github.com/clerk/migration-tool/blob/main/samples/clerk.csv

import * as v from 'valibot';
import { type Cells, type ExportedUser, type ExportShape, fit } from '../../exports/shape.ts';
import { optionalInstant, reference, tell, text } from '../payload.ts';
import { clerkUser, toTold } from './user.ts';

const listed = v.object({ ...clerkUser.entries, updated_at: optionalInstant() });

const row = v.object({
  id: reference(),
  first_name: text(),
  last_name: text(),
  primary_email_address: text(),
  primary_phone_number: text(),
  verified_email_addresses: v.optional(v.string()),
});

export const clerkExport: ExportShape = {
  name: 'clerk',
  title: 'Clerk',
  source: 'https://clerk.com/docs/guides/development/migrating/export-from-clerk',
  formats: ['ndjson', 'json', 'csv'],
  member: 'data',
  id: 'id',
  toUser,
  fromCells,
};

function toUser(value: unknown): ExportedUser {
  const user = fit(listed, value);
  return { reference: user.id, told: toTold(user), at: user.updated_at };
}

function fromCells(cells: Cells): ExportedUser {
  const user = fit(row, cells);
  const { primary_email_address: email, verified_email_addresses: verified } = user;
  const told = tell({
    email,
    emailVerified: email && verified !== undefined ? verified.split(/[|,;\s]+/).includes(email) : undefined,
    phone: user.primary_phone_number,
    firstName: user.first_name,
    lastName: user.last_name,
  });
  return { reference: user.id, told, at: null };
}
