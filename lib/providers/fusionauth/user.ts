// A user as FusionAuth writes it, in events and in its API. https://fusionauth.io/docs/apis/users

import * as v from 'valibot';
import type { Told } from '../../user.ts';
import { reference, tell, text, yesNo } from '../payload.ts';

/** The members whose emptying shows in an event; `verified` and `active` are never empty. */
export const fusionauthProfile = v.object({
  email: text(),
  mobilePhone: text(),
  firstName: text(),
  lastName: text(),
  timezone: text(),
  imageUrl: text(),
  preferredLanguages: v.nullish(v.array(text())),
});

export const fusionauthUser = v.object({
  id: reference(),
  verified: yesNo(),
  active: yesNo(),
  ...fusionauthProfile.entries,
});

export function toTold(user: Partial<v.InferOutput<typeof fusionauthUser>>): Told {
  return tell({
    email: user.email,
    phone: user.mobilePhone,
    firstName: user.firstName,
    lastName: user.lastName,
    locale: user.preferredLanguages?.[0],
    timezone: user.timezone,
    avatarUrl: user.imageUrl,
    emailVerified: user.verified,
    disabled: user.active === undefined ? undefined : !user.active,
  });
}
