// What Keycloak's events tell about a user: events of users themselves in `details`, those of admins in `representation`.
// https://github.com/keycloak/keycloak/blob/main/server-spi-private/src/main/java/org/keycloak/events/EventType.java

import * as v from 'valibot';
import type { Told } from '../../user.ts';
import { instant, name, parseJson, parsePayload, tell, text } from '../payload.ts';
import type { Kinds } from '../provider.ts';
import { keycloakUser, toTold } from './user.ts';

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
  // A temporary lockout is not mirrored: it ends by itself, and no event says so.
  'access.USER_DISABLED_BY_PERMANENT_LOCKOUT': {
    means: 'disabled after too many failed sign-ins',
    tells: () => ({ disabled: true }),
  },
  'access.DELETE_ACCOUNT': { means: 'deleted', tells: () => ({ deleted: true }) },
};

/** Events of admins. The representation is what the admin sent, so it may hold only what changes. */
export const adminKinds: Kinds<KeycloakEvent> = {
  'admin.USER-CREATE': {
    means: 'created by an admin',
    // Without `enabled`, Keycloak creates the user disabled.
    tells: ({ representation }) =>
      representation ? { disabled: true, ...toRepresentationTold(representation) } : {},
  },
  'admin.USER-UPDATE': {
    means: 'profile changed, e-mail address verified, disabled or enabled by an admin',
    tells: ({ representation }) => (representation ? toRepresentationTold(representation) : {}),
  },
  'admin.USER-DELETE': { means: 'deleted by an admin', tells: () => ({ deleted: true }) },
};

function toChangesTold({ details }: KeycloakEvent): Told {
  const email = details.updated_email;
  return tell({
    email,
    emailVerified: email ? toVerified(email, details) : undefined,
    // An emptied name is left out, and shows only in the name before.
    firstName: details.updated_first_name ?? (details.previous_first_name ? null : undefined),
    lastName: details.updated_last_name ?? (details.previous_last_name ? null : undefined),
  });
}

// A changed address is not verified any more, unless its link was followed before the change; the same address entered
// again stays what it was.
function toVerified(email: string, { action, previous_email: before }: Details): boolean | undefined {
  if (action === 'update-email') return true;
  return before?.toLowerCase() === email.toLowerCase() ? undefined : false;
}

function toRepresentationTold(json: string): Told {
  return toTold(parsePayload(keycloakUser, parseJson(Buffer.from(json))));
}
