// A user as Keycloak represents it: in admin events, in a realm's export, and in the Admin API.
// https://github.com/keycloak/keycloak/blob/main/core/src/main/java/org/keycloak/representations/idm/AbstractUserRepresentation.java

import * as v from 'valibot';
import type { Told } from '../../user.ts';
import { tell, text, yesNo } from '../payload.ts';

// Each attribute is a list. What a realm puts there in another form is not told, and keeps nothing else from us.
const attribute = v.fallback(v.nullish(v.array(text())), undefined);

// Named as Keycloak maps attributes to the claims of OpenID Connect.
const attributes = v.object({
  phoneNumber: attribute,
  locale: attribute,
  zoneinfo: attribute,
  picture: attribute,
});

/** Without the id, which admin events have elsewhere. */
export const keycloakUser = v.object({
  email: text(),
  emailVerified: yesNo(),
  enabled: yesNo(),
  firstName: text(),
  lastName: text(),
  attributes: v.nullish(attributes),
});

export function toTold(user: v.InferOutput<typeof keycloakUser>): Told {
  return tell({
    email: user.email,
    emailVerified: user.emailVerified,
    disabled: user.enabled === undefined ? undefined : !user.enabled,
    firstName: user.firstName,
    lastName: user.lastName,
    phone: user.attributes?.phoneNumber?.[0],
    locale: user.attributes?.locale?.[0],
    timezone: user.attributes?.zoneinfo?.[0],
    avatarUrl: user.attributes?.picture?.[0],
  });
}
