// A user as Auth0's Management API writes one, which is also how its events hold one.
// https://auth0.com/docs/manage-users/user-accounts/user-profiles/user-profile-structure

import * as v from 'valibot';
import type { Told } from '../../user.ts';
import { tell, text, yesNo } from '../payload.ts';

export const auth0User = v.object({
  email: text(),
  email_verified: yesNo(),
  phone_number: text(),
  given_name: text(),
  family_name: text(),
  picture: text(),
  blocked: yesNo(),
});

/** `name` and `nickname` are left alone: they are first and last name in one, or neither. */
export function toAuth0Told(user: Partial<v.InferOutput<typeof auth0User>>): Told {
  return tell({
    email: user.email,
    emailVerified: user.email_verified,
    phone: user.phone_number,
    firstName: user.given_name,
    lastName: user.family_name,
    avatarUrl: user.picture,
    disabled: user.blocked,
  });
}
