// Clerk: the users that the Backend API lists, which are those of the webhooks, and the CSV that its dashboard exports,
// which has no time of change and says nothing of bans.
// https://clerk.com/docs/guides/development/migrating/export-from-clerk
// https://github.com/clerk/migration-tool/blob/main/samples/clerk.csv

import * as v from 'valibot';
import { type Cells, type ExportedUser, type ExportShape, fit } from '../../exports/shape.ts';
import { optionalInstant, reference, tell, text } from '../payload.ts';
import { toTold, user } from './clerk.ts';

const listed = v.object({ ...user.entries, updated_at: optionalInstant() });

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
  const { updated_at: at, ...subject } = fit(listed, value);
  return { reference: subject.id, told: toTold(subject), at };
}

function fromCells(cells: Cells): ExportedUser {
  const subject = fit(row, cells);
  const { primary_email_address: email, verified_email_addresses: verified } = subject;
  const told = tell({
    email,
    emailVerified: email && verified !== undefined ? verified.split(/[|,;\s]+/).includes(email) : undefined,
    phone: subject.primary_phone_number,
    firstName: subject.first_name,
    lastName: subject.last_name,
  });
  return { reference: subject.id, told, at: null };
}
