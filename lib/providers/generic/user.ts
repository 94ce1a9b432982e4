// A user as your own sender sends it, and as your own file lists it.

import * as v from 'valibot';
import type { Told } from '../../user.ts';
import { customData, emailAddress, reference, tell, text, webAddress, yesNo } from '../payload.ts';

export const genericUser = v.object({
  id: reference(),
  email: emailAddress(),
  phone: text(),
  first_name: text(),
  last_name: text(),
  locale: text(),
  timezone: text(),
  avatar_url: webAddress(),
  custom_data: customData(),
  tenant_id: text(),
  email_verified: yesNo(),
  disabled: yesNo(),
});

export type GenericUser = v.InferOutput<typeof genericUser>;

export function toTold(user: GenericUser): Told {
  return tell({
    email: user.email,
    phone: user.phone,
    firstName: user.first_name,
    lastName: user.last_name,
    locale: user.locale,
    timezone: user.timezone,
    avatarUrl: user.avatar_url,
    customData: user.custom_data,
    tenantId: user.tenant_id,
    emailVerified: user.email_verified,
    disabled: user.disabled,
  });
}
