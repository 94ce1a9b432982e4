// A user as Keycloak represents it: in admin events, in a realm's export, and in the Admin API.
// https://github.com/keycloak/keycloak/blob/main/core/src/main/java/org/keycloak/representations/idm/AbstractUserRepresentation.java

import * as v from 'valibot';
import { type Told, toLowerAscii } from '../../user.ts';
import { emailAddress, list, object, tell, text, webAddress, yesNo } from '../payload.ts';

// Named as Keycloak maps attributes to the claims of OpenID Connect. Each is a list.
const attributes = object({
  phoneNumber: v.nullish(list(text())),
  locale: v.nullish(list(text())),
  zoneinfo: v.nullish(list(text())),
  picture: v.nullish(list(webAddress())),
});

/** An address as Keycloak keeps it: in lower case, whatever its forms, its API or an event had; as far as A to Z go. */
export function keptAddress() {
  return v.pipe(
    emailAddress(),
    v.transform((address) => (typeof address === 'string' ? toLowerAscii(address) : address)),
  );
}

/** Without the id, which admin events have elsewhere. */
export const keycloakUser = v.object({
  email: keptAddress(),
  emailVerified: yesNo(),
  enabled: yesNo(),
  firstName: text(),
  lastName: text(),
  attributes: v.nullish(attributes),
});

export type KeycloakUser = v.InferOutput<typeof keycloakUser>;

export function toTold({ attributes, ...user }: KeycloakUser): Told {
  return tell({
    email: user.email,
    emailVerified: user.emailVerified,
    disabled: user.enabled === undefined ? undefined : !user.enabled,
    firstName: user.firstName,
    lastName: user.lastName,
    phone: firstOf(attributes?.phoneNumber),
    locale: firstOf(attributes?.locale),
    timezone: firstOf(attributes?.zoneinfo),
    avatarUrl: firstOf(attributes?.picture),
  });
}

/**
 * What an admin's update tells. Where it has attributes it is the whole user, and what it leaves out is emptied.
 * https://github.com/keycloak/keycloak/blob/main/services/src/main/java/org/keycloak/services/resources/admin/UserResource.java
 */
export function toUpdateTold(user: KeycloakUser): Told {
  return { ...toEmptied(user), ...toTold(user) };
}

function toEmptied({ attributes, ...user }: KeycloakUser): Told {
  if (!attributes) return {};
  const unlessIn = (members: object, name: string) => (name in members ? undefined : null);
  return tell({
    email: unlessIn(user, 'email'),
    firstName: unlessIn(user, 'firstName'),
    lastName: unlessIn(user, 'lastName'),
    phone: unlessIn(attributes, 'phoneNumber'),
    locale: unlessIn(attributes, 'locale'),
    timezone: unlessIn(attributes, 'zoneinfo'),
    avatarUrl: unlessIn(attributes, 'picture'),
  });
}

/** The first value of an attribute that is not blank; null where there is none, which empties it. */
function firstOf(values: readonly (string | null | undefined)[] | null | undefined) {
  if (!values) return values;
  const first = values.findIndex((value) => value !== null);
  // Without a value, it could not be read.
  return first < 0 ? null : values[first];
}
