// Okta: the users that its Users API lists.
// https://developer.okta.com/docs/api/openapi/okta-management/management/tag/User/

import * as v from 'valibot';
import { name, reference, tell, text } from '../providers/payload.ts';
import { type ExportedUser, type ExportShape, fit, moment } from './shape.ts';

const row = v.object({
  id: reference(),
  status: v.nullish(name()),
  lastUpdated: moment(),
  profile: v.object({
    email: text(),
    mobilePhone: text(),
    firstName: text(),
    lastName: text(),
    locale: text(),
    timezone: text(),
  }),
});

export const oktaExport: ExportShape = {
  name: 'okta',
  title: 'Okta',
  source: 'https://developer.okta.com/docs/api/openapi/okta-management/management/tag/User/',
  formats: ['ndjson', 'json'],
  member: null,
  id: 'id',
  toUser,
};

function toUser(value: unknown): ExportedUser {
  const { id, status, lastUpdated: at, profile } = fit(row, value);
  const told = tell({
    email: profile.email,
    phone: profile.mobilePhone,
    firstName: profile.firstName,
    lastName: profile.lastName,
    locale: profile.locale,
    timezone: profile.timezone,
    disabled: toDisabled(status),
  });
  return { reference: id, told, at };
}

// A user who is locked out gets back in by himself, and no event says so.
function toDisabled(status: string | null | undefined): boolean | undefined {
  if (!status || status === 'LOCKED_OUT') return undefined;
  return status === 'SUSPENDED' || status === 'DEPROVISIONED';
}
