// A user as Logto writes it in webhooks and in its Management API. https://docs.logto.io/user-management/user-data

import * as v from 'valibot';
import type { Told } from '../../user.ts';
import { emailAddress, object, tell, text, webAddress, yesNo } from '../payload.ts';

/** The part of a user that some calls answer alone. */
export const logtoProfile = v.object({
  givenName: text(),
  familyName: text(),
  locale: text(),
  zoneinfo: text(),
});

/** Without the id, which some answers leave out. */
export const logtoUser = v.object({
  primaryEmail: emailAddress(),
  primaryPhone: text(),
  avatar: webAddress(),
  isSuspended: yesNo(),
  profile: v.nullish(object(logtoProfile.entries)),
});

/** `name` is not read: it holds the first and the last name in one, or something else. */
export function toTold(user: v.InferOutput<typeof logtoUser>): Told {
  return tell({
    email: user.primaryEmail,
    phone: user.primaryPhone,
    avatarUrl: user.avatar,
    disabled: user.isSuspended,
    ...toProfileTold(user.profile ?? {}),
  });
}

export function toProfileTold(profile: Partial<v.InferOutput<typeof logtoProfile>>): Told {
  return tell({
    firstName: profile.givenName,
    lastName: profile.familyName,
    locale: profile.locale,
    timezone: profile.zoneinfo,
  });
}
