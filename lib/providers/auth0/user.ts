// A user as Auth0's Management API writes it; its events, its exports and the calls in its log have the same members.
// https://auth0.com/docs/manage-users/user-accounts/user-profiles/user-profile-structure

import * as v from 'valibot';
import type { Told } from '../../user.ts';
import { emailAddress, tell, text, webAddress, yesNo } from '../payload.ts';

export const auth0User = v.object({
  email: emailAddress(),
  email_verified: yesNo(),
  phone_number: text(),
  given_name: text(),
  family_name: text(),
  picture: webAddress(),
  blocked: yesNo(),
});

export type Auth0User = Partial<v.InferOutput<typeof auth0User>>;

/** `name` and `nickname` are not read: either holds the first and the last name in one, or something else. */
export function toTold(user: Auth0User): Told {
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
