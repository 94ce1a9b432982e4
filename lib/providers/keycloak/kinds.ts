// What Keycloak's events tell about a user: events of users themselves in `details`, those of admins in `representation`.
// https://github.com/keycloak/keycloak/blob/main/server-spi-private/src/main/java/org/keycloak/events/EventType.java
//
// VERIFY_EMAIL and UPDATE_EMAIL name the address that is verified, or is not any more, and so do admins' representations
// where they hold both. REGISTER, and a representation with an address alone, tell an address and say nothing of its
// verification. A representation that verifies and names no address is about the one that the user has, which the event
// does not tell: then neither do we. Invitations verify without saying so, by a link whose end is another event.

import * as v from 'valibot';
import { isObject, parseJson } from '../../json.ts';
import type { Told } from '../../user.ts';
import { eventId, instant, name, object, parsePayload, tell, text, webAddress } from '../payload.ts';
import type { Kinds } from '../provider.ts';
import { scimUser, toScimTold } from './scim.ts';
import { keptAddress, keycloakUser, toTold, toUpdateTold } from './user.ts';

// Several values of an attribute are joined.
function attribute() {
  return v.pipe(
    text(),
    v.transform((values) => (typeof values === 'string' ? (values.split('::')[0] ?? null) : values)),
  );
}

const details = object({
  register_method: text(),
  action: text(),
  email: keptAddress(),
  first_name: text(),
  last_name: text(),
  previous_email: keptAddress(),
  updated_email: keptAddress(),
  previous_first_name: text(),
  updated_first_name: text(),
  previous_last_name: text(),
  updated_last_name: text(),
  previous_phoneNumber: text(),
  updated_phoneNumber: attribute(),
  previous_locale: text(),
  updated_locale: attribute(),
  previous_zoneinfo: text(),
  updated_zoneinfo: attribute(),
  previous_picture: text(),
  updated_picture: webAddress(),
});

type Details = v.InferOutput<typeof details>;

export const keycloakEvent = v.object({
  uid: eventId(),
  id: eventId(),
  type: name(),
  time: instant(),
  realmId: v.nullish(v.string()),
  realmName: v.nullish(v.string()),
  authDetails: v.nullish(object({ userId: v.optional(v.unknown()) })),
  details: v.nullish(details, {}),
  resourcePath: v.nullish(v.string()),
  representation: v.nullish(
    v.pipe(v.string(), v.transform(parseJson), v.custom<Readonly<Record<string, unknown>>>(isObject)),
  ),
  error: v.optional(v.unknown()),
});

/** `unread` takes the names of what can't be read of a representation. */
export type KeycloakEvent = v.InferOutput<typeof keycloakEvent> & { readonly unread: Set<string> };

const passwordSet = {
  means: 'password set; that an invitation has verified the address is not told',
  tells: () => ({}),
};

/** Events of users who act for themselves: `access.`, and the name of Keycloak's EventType. */
export const accountKinds: Kinds<KeycloakEvent> = {
  'access.REGISTER': {
    means: 'signed up',
    tells: ({ details: { email, first_name, last_name } }) =>
      tell({ email, firstName: first_name, lastName: last_name }),
  },
  'access.VERIFY_EMAIL': {
    means: 'e-mail address verified',
    tells: ({ details: { email } }) => tell({ email, emailVerified: true }),
  },
  'access.UPDATE_EMAIL': { means: 'e-mail address changed', tells: toChangesTold },
  'access.UPDATE_PROFILE': { means: 'profile changed', tells: toChangesTold },
  'access.UPDATE_PASSWORD': passwordSet,
  'access.UPDATE_CREDENTIAL': passwordSet,
  // A temporary lockout is not mirrored: it ends by itself, and no event says so.
  'access.USER_DISABLED_BY_PERMANENT_LOCKOUT': {
    means: 'disabled after too many failed sign-ins',
    tells: () => ({ disabled: true }),
  },
  'access.DELETE_ACCOUNT': { means: 'deleted', tells: () => ({ deleted: true }) },
};

/** Events of admins. The representation of an update is what the admin sent, so it may hold only what changes. */
export const adminKinds: Kinds<KeycloakEvent> = {
  'admin.USER-CREATE': { means: 'created by an admin, or by SCIM', tells: toCreatedTold },
  'admin.USER-UPDATE': {
    means: 'profile changed, e-mail address verified, disabled or enabled by an admin, or by SCIM',
    tells: toUpdatedTold,
  },
  'admin.USER-DELETE': { means: 'deleted by an admin, or by SCIM', tells: () => ({ deleted: true }) },
  'admin.REALM-CREATE': { means: 'created by a partial import', tells: toCreatedTold },
  // Keycloak removes the user who is there, without an event, and creates another with an id of its own.
  'admin.REALM-UPDATE': { means: 'created by a partial import in place of another', tells: toCreatedTold },
};

/** Whether an event leaves out what only Keycloak's Admin API has. */
export function isPartial({ type, details, representation, resourcePath }: KeycloakEvent, told: Told) {
  switch (type) {
    case 'access.UPDATE_PASSWORD':
    case 'access.UPDATE_CREDENTIAL':
      return true;
    case 'access.VERIFY_EMAIL':
      return !told.email;
    // Of who comes from an identity provider the names are left out; and that provider, or the link of an invitation, may
    // have verified the address.
    case 'access.REGISTER':
      return details.register_method !== 'form' || details.action !== undefined;
    // Without "Include representation" there is none.
    case 'admin.USER-CREATE':
    case 'admin.USER-UPDATE':
    case 'admin.REALM-CREATE':
    case 'admin.REALM-UPDATE':
      return !representation || isScim(resourcePath) || (told.emailVerified === true && !told.email);
    default:
      return false;
  }
}

function toChangesTold({ details }: KeycloakEvent): Told {
  const email = changeOf(details, 'email');
  return tell({
    email,
    emailVerified: email ? toVerified(email, details) : undefined,
    firstName: changeOf(details, 'first_name'),
    lastName: changeOf(details, 'last_name'),
    phone: changeOf(details, 'phoneNumber'),
    locale: changeOf(details, 'locale'),
    timezone: changeOf(details, 'zoneinfo'),
    avatarUrl: changeOf(details, 'picture'),
  });
}

type Changeable = 'email' | 'first_name' | 'last_name' | 'phoneNumber' | 'locale' | 'zoneinfo' | 'picture';

// What was emptied shows only in the value before.
function changeOf(details: Details, name: Changeable): string | null | undefined {
  const [updated, previous] = [`updated_${name}`, `previous_${name}`] as const;
  if (updated in details) return details[updated];
  return previous in details ? null : undefined;
}

// A changed address is not verified any more, unless its link was followed before the change; the same address entered
// again stays what it was.
function toVerified(email: string, { action, previous_email: before }: Details): boolean | undefined {
  if (action === 'update-email') return true;
  return before === email ? undefined : false;
}

function toCreatedTold({ representation, resourcePath, unread }: KeycloakEvent): Told {
  if (!representation) return {};
  if (isScim(resourcePath)) return toScimTold(parsePayload(scimUser, representation, unread));
  const told = toTold(parsePayload(keycloakUser, representation, unread));
  // Without `enabled`, Keycloak creates the user disabled.
  return representation.enabled === null || !('enabled' in representation)
    ? { ...told, disabled: true }
    : told;
}

function toUpdatedTold({ representation, resourcePath, unread }: KeycloakEvent): Told {
  if (!representation) return {};
  if (isScim(resourcePath)) return toScimTold(parsePayload(scimUser, representation, unread));
  return toUpdateTold(parsePayload(keycloakUser, representation, unread));
}

const scimPath = 'scim/v2/Users/';

/** Whether what changed is written as SCIM has it, and not as Keycloak's own API. */
export function isScim(resourcePath: string | null | undefined): boolean {
  return resourcePath?.startsWith(scimPath) ?? false;
}

/** The id of the user whom an admin changed, by the Admin API, an import or SCIM; undefined for what is not a user. */
export function userIn(resourcePath: string | null | undefined): string | undefined {
  return /^(?:users|scim\/v2\/Users)\/([^/]*)$/.exec(resourcePath ?? '')?.[1];
}
