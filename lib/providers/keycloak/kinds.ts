// What Keycloak's events tell of a user: those of users themselves in `details`, those of admins in `representation`.
// https://github.com/keycloak/keycloak/blob/main/server-spi-private/src/main/java/org/keycloak/events/EventType.java

import * as v from 'valibot';
import type { Told } from '../../user.ts';
import { instant, name, parseJson, parsePayload, tell, text, yesNo } from '../payload.ts';
import type { Kinds } from '../provider.ts';

const details = v.object({
  email: text(),
  first_name: text(),
  last_name: text(),
  previous_email: text(),
  updated_email: text(),
  updated_first_name: text(),
  updated_last_name: text(),
  previous_first_name: text(),
  previous_last_name: text(),
  action: text(),
});

type Details = v.InferOutput<typeof details>;

export const keycloakEvent = v.object({
  uid: v.nullish(name()),
  id: v.nullish(name()),
  type: name(),
  time: instant(),
  authDetails: v.nullish(v.object({ userId: v.optional(v.unknown()) })),
  details: v.nullish(details, {}),
  resourcePath: v.nullish(v.string()),
  representation: v.nullish(v.string()),
  error: v.nullish(v.string()),
});

export type KeycloakEvent = v.InferOutput<typeof keycloakEvent>;

/** Where users act for themselves; `access.`, and the name of Keycloak's EventType. */
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
  'access.UPDATE_EMAIL': { means: 'e-mail address changed', tells: toChanges },
  'access.UPDATE_PROFILE': { means: 'profile changed', tells: toChanges },
  // The temporary one is left alone: it lifts itself, and no event says so.
  'access.USER_DISABLED_BY_PERMANENT_LOCKOUT': {
    means: 'disabled after too many failed sign-ins',
    tells: () => ({ disabled: true }),
  },
  'access.DELETE_ACCOUNT': { means: 'deleted', tells: () => ({ deleted: true }) },
};

/** Where an admin acts; the representation is the one that he sent, so that it may hold just what changes. */
export const adminKinds: Kinds<KeycloakEvent> = {
  'admin.USER-CREATE': {
    means: 'created by an admin',
    // Who is created without being enabled is not.
    tells: ({ representation }) => (representation ? { disabled: true, ...toProfile(representation) } : {}),
  },
  'admin.USER-UPDATE': {
    means: 'profile changed, e-mail address verified, disabled or enabled by an admin',
    tells: ({ representation }) => (representation ? toProfile(representation) : {}),
  },
  'admin.USER-DELETE': { means: 'deleted by an admin', tells: () => ({ deleted: true }) },
};

function toChanges({ details }: KeycloakEvent): Told {
  const email = details.updated_email;
  return tell({
    email,
    emailVerified: email ? toVerified(email, details) : undefined,
    // What was emptied is left out, and shows only in what was there before.
    firstName: details.updated_first_name ?? (details.previous_first_name ? null : undefined),
    lastName: details.updated_last_name ?? (details.previous_last_name ? null : undefined),
  });
}

// An address that changes is verified no more, but for one that was confirmed by its link before it changed; and one that
// is entered once more is what it was.
function toVerified(email: string, { action, previous_email: before }: Details): boolean | undefined {
  if (action === 'update-email') return true;
  return before?.toLowerCase() === email.toLowerCase() ? undefined : false;
}

// Attributes are named as Keycloak maps them to the claims of OpenID Connect; each is a list.
const attribute = v.fallback(v.nullish(v.array(text())), undefined);

const representation = v.object({
  email: text(),
  emailVerified: yesNo(),
  enabled: yesNo(),
  firstName: text(),
  lastName: text(),
  attributes: v.nullish(
    v.object({ phoneNumber: attribute, locale: attribute, zoneinfo: attribute, picture: attribute }),
  ),
});

function toProfile(json: string): Told {
  const user = parsePayload(representation, parseJson(Buffer.from(json)));
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
