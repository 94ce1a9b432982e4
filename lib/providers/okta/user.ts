// Okta's user, as its Users API gives one and lists them.
// https://developer.okta.com/docs/api/openapi/okta-management/management/tag/User/

import * as v from 'valibot';
import type { Told } from '../../user.ts';
import { name, reference, tell, text } from '../payload.ts';

export const oktaUser = v.object({
  id: reference(),
  status: v.nullish(name()),
  profile: v.object({
    email: text(),
    mobilePhone: text(),
    firstName: text(),
    lastName: text(),
    locale: text(),
    timezone: text(),
  }),
});

/** What a user says; whether the e-mail address is verified is in no documented member. */
export function toOktaTold({ status, profile }: v.InferOutput<typeof oktaUser>): Told {
  return tell({
    email: profile.email,
    phone: profile.mobilePhone,
    firstName: profile.firstName,
    lastName: profile.lastName,
    locale: profile.locale,
    timezone: profile.timezone,
    disabled: toDisabled(status),
  });
}

// A user who is locked out gets back in by himself, and no event says so; one who is staged or provisioned has yet to
// get in for the first time, and nobody keeps him out.
function toDisabled(status: string | null | undefined): boolean | undefined {
  if (!status || status === 'LOCKED_OUT') return undefined;
  return status === 'SUSPENDED' || status === 'DEPROVISIONED';
}
