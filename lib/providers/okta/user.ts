// A user as Okta's Users API writes it.
// https://developer.okta.com/docs/api/openapi/okta-management/management/tag/User/

import * as v from 'valibot';
import type { Told } from '../../user.ts';
import { emailAddress, object, reference, tell, text } from '../payload.ts';

// https://developer.okta.com/docs/concepts/user-profiles/#user-status-values
const statuses = [
  'STAGED',
  'PROVISIONED',
  'ACTIVE',
  'RECOVERY',
  'PASSWORD_EXPIRED',
  'LOCKED_OUT',
  'SUSPENDED',
  'DEPROVISIONED',
] as const;

const profile = object({
  email: emailAddress(),
  mobilePhone: text(),
  firstName: text(),
  lastName: text(),
  locale: text(),
  timezone: text(),
});

export const oktaUser = v.object({
  id: reference(),
  status: v.nullish(v.picklist(statuses)),
  profile: v.optional(profile, {}),
});

/** What a user tells; no documented member says whether the e-mail address is verified. */
export function toTold({ status, profile }: v.InferOutput<typeof oktaUser>): Told {
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

// A lockout may end by itself, and no event says so, so it tells nothing. Staged and provisioned users have not signed in
// yet, but are not disabled.
function toDisabled(status: (typeof statuses)[number] | null | undefined): boolean | undefined {
  if (!status || status === 'LOCKED_OUT') return undefined;
  return status === 'SUSPENDED' || status === 'DEPROVISIONED';
}
