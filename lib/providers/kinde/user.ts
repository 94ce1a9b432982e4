// A user as Kinde writes it: events leave out the picture, and the list of the Management API the phone number.
// https://docs.kinde.com/integrate/webhooks/about-webhooks/
// https://github.com/kinde-oss/management-api-js/blob/main/lib/api/models/users_response.ts

import * as v from 'valibot';
import type { Told } from '../../user.ts';
import { emailAddress, reference, tell, text, webAddress, yesNo } from '../payload.ts';

export const kindeUser = v.object({
  id: reference(),
  email: emailAddress(),
  phone: text(),
  first_name: text(),
  last_name: text(),
  picture: webAddress(),
  is_suspended: yesNo(),
});

export type KindeUser = v.InferOutput<typeof kindeUser>;

export function toTold(user: KindeUser): Told {
  return tell({
    email: user.email,
    phone: user.phone,
    firstName: user.first_name,
    lastName: user.last_name,
    avatarUrl: user.picture,
    disabled: user.is_suspended,
  });
}
