// A user as Hanko's events carry it. https://docs.hanko.io/guides/webhooks

import * as v from 'valibot';
import type { Told } from '../../user.ts';
import { emailAddress, list, object, reference, tell, text, webAddress, yesNo } from '../payload.ts';

export const hankoUser = v.object({
  id: reference(),
  emails: v.nullish(list(object({ address: emailAddress(), is_primary: yesNo(), is_verified: yesNo() }))),
  given_name: text(),
  family_name: text(),
  picture: webAddress(),
});

export type HankoUser = v.InferOutput<typeof hankoUser>;

/** Hanko leaves out a member that is empty, and older versions leave out those that they don't have: not told. */
export function toTold(user: HankoUser): Told {
  const email = user.emails?.find(({ is_primary }) => is_primary);
  return tell({
    email: email?.address,
    emailVerified: email?.address ? email.is_verified : undefined,
    firstName: user.given_name,
    lastName: user.family_name,
    avatarUrl: user.picture,
  });
}
