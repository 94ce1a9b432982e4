// Keycloak: a realm's export in one file (`kc.sh export --realm … --file …`), and the users that its Admin API lists.
// Neither has a time of change.
// https://www.keycloak.org/server/importExport
// https://github.com/keycloak/keycloak/blob/main/core/src/main/java/org/keycloak/representations/idm/AbstractUserRepresentation.java

import * as v from 'valibot';
import { type ExportedUser, type ExportShape, fit } from '../../exports/shape.ts';
import { reference, tell, text, yesNo } from '../payload.ts';

const attribute = v.optional(v.array(text()));

const row = v.object({
  id: reference(),
  email: text(),
  emailVerified: yesNo(),
  enabled: yesNo(),
  firstName: text(),
  lastName: text(),
  attributes: v.nullish(
    v.object({ phoneNumber: attribute, locale: attribute, zoneinfo: attribute, picture: attribute }),
  ),
});

export const keycloakExport: ExportShape = {
  name: 'keycloak',
  title: 'Keycloak',
  source: 'https://www.keycloak.org/server/importExport',
  formats: ['ndjson', 'json'],
  member: 'users',
  id: 'id',
  toUser,
};

function toUser(value: unknown): ExportedUser {
  const { attributes, ...user } = fit(row, value);
  const told = tell({
    email: user.email,
    emailVerified: user.emailVerified,
    phone: attributes?.phoneNumber?.[0],
    firstName: user.firstName,
    lastName: user.lastName,
    locale: attributes?.locale?.[0],
    timezone: attributes?.zoneinfo?.[0],
    avatarUrl: attributes?.picture?.[0],
    disabled: user.enabled === undefined ? undefined : !user.enabled,
  });
  return { reference: user.id, told, at: null };
}
