// A user as Frontegg's events carry it. https://developers.frontegg.com/ciam/guides/integrations/webhooks

import * as v from 'valibot';
import type { Told } from '../../user.ts';
import { emailAddress, reference, tell, text, webAddress, yesNo } from '../payload.ts';

export const fronteggUser = v.object({
  id: reference(),
  email: emailAddress(),
  verified: yesNo(),
  phoneNumber: text(),
  profilePictureUrl: webAddress(),
  isLocked: yesNo(),
});

export type FronteggUser = v.InferOutput<typeof fronteggUser>;

/** `name` is not read: it holds the first and the last name in one, or something else. */
export function toTold(user: FronteggUser): Told {
  return tell({
    email: user.email,
    emailVerified: user.verified,
    phone: user.phoneNumber,
    avatarUrl: user.profilePictureUrl,
    disabled: user.isLocked,
  });
}
