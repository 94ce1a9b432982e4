// A user as Keycloak's SCIM API represents it, in the events of what was changed by it. It says nothing of verification,
// and leaves out both what is empty and what the realm's profile does not map to SCIM: so what is left out is not told.
// https://github.com/keycloak/keycloak/blob/main/scim/model/src/main/java/org/keycloak/scim/model/user/UserCoreModelSchema.java

import * as v from 'valibot';
import type { Told } from '../../user.ts';
import { list, object, tell, text, yesNo } from '../payload.ts';
import { keptAddress } from './user.ts';

export const scimUser = v.object({
  active: yesNo(),
  name: v.nullish(object({ givenName: text(), familyName: text() })),
  emails: v.nullish(list(object({ value: keptAddress(), primary: yesNo() }))),
  locale: text(),
  timezone: text(),
});

export function toScimTold({ active, name, emails, locale, timezone }: v.InferOutput<typeof scimUser>): Told {
  const email = emails?.find(({ primary }) => primary) ?? emails?.[0];
  return tell({
    email: email?.value,
    disabled: active === undefined ? undefined : !active,
    firstName: name?.givenName,
    lastName: name?.familyName,
    locale,
    timezone,
  });
}
