// Keycloak with the webhooks of Phase Two: HMAC of the body, or a JWT of the realm's with the hash of the body.
// https://github.com/p2-inc/keycloak-events
//
// An event's time is its `time`, set by Keycloak when it happened. Where users act for themselves, the user is in
// authDetails; where an admin acts, or SCIM, that is who acts, and the user is in the path.

import * as v from 'valibot';
import { optionalSecrets, optionalText, optionalUrl } from '../../config/settings.ts';
import { ConfigError } from '../../errors.ts';
import type { UserEvent, WebhookRequest } from '../../event.ts';
import { checkAge } from '../../signatures/age.ts';
import { verifyHmac } from '../../signatures/hmac.ts';
import { verifyJwsHeader } from '../../signatures/jws-header.ts';
import { remoteKeys } from '../../signatures/keys.ts';
import { parseJson, parsePayload, reference } from '../payload.ts';
import { findKind, ignoredEvent, listKinds, type Provider, withUnread } from '../provider.ts';
import {
  accountKinds,
  adminKinds,
  isPartial,
  isScim,
  type KeycloakEvent,
  keycloakEvent,
  userIn,
} from './kinds.ts';

const settings = {
  KEYCLOAK_SECRETS: optionalSecrets(
    'authType hmac: the secret of the webhook; several, separated by spaces, while you replace one. Either this or the other three.',
  ),
  KEYCLOAK_JWKS_URL: optionalUrl(
    "authType bearer: address of the realm's keys, https://<host>/realms/<realm>/protocol/openid-connect/certs",
  ),
  KEYCLOAK_ISSUER: optionalUrl('authType bearer: the realm, https://<host>/realms/<realm>'),
  KEYCLOAK_AUDIENCE: optionalText(
    'authType bearer: the audience of the webhook, which no client of the realm may have as well.',
  ),
  KEYCLOAK_REALM: optionalText(
    'Name of the realm whose users are mirrored, where events of other realms come here as well; left out, all are.',
  ),
};

type Configured = v.InferOutput<v.ObjectSchema<typeof settings, undefined>>;

// A signature has no time, or only that of sending, but the event in the body has one.
const maxAgeMs = 31 * 86_400_000;

// Who comes from an LDAP or an identity provider may have changed there, and no event says so. A sign-in is when it shows.
const pings = ['access.LOGIN'];

// The realm's keys sign its user tokens as well: a user's own must not pass for an event.
const userTokenClaims = ['sub', 'azp', 'scope', 'sid', 'session_state'];

export const keycloak: Provider<typeof settings> = {
  name: 'keycloak',
  title: 'Keycloak (Phase Two)',
  family: 'HMAC or JWS header',
  settings,
  mirrored: [...listKinds(accountKinds), ...listKinds(adminKinds)],
  pings,
  ignored: [
    'access.*_ERROR',
    'access.USER_DISABLED_BY_TEMPORARY_LOCKOUT',
    'admin.USER-ACTION',
    'any other type',
  ],
  answers: 'plain',
  connect(configured) {
    const verify = toVerifier(configured);
    return async (request, nowMs) => {
      await verify(request, nowMs);
      const unread = new Set<string>();
      const event = { ...parsePayload(keycloakEvent, parseJson(request.body), unread), unread };
      checkAge(event.time, nowMs, maxAgeMs);
      return [withUnread(toUserEvent(event, configured.KEYCLOAK_REALM), unread, wholeUser(event))];
    };
  },
};

function toVerifier(configured: Configured): (request: WebhookRequest, nowMs: number) => Promise<unknown> {
  const { KEYCLOAK_SECRETS: secrets, KEYCLOAK_JWKS_URL: jwksUrl, ...claims } = configured;
  const { KEYCLOAK_ISSUER: issuer, KEYCLOAK_AUDIENCE: audience } = claims;
  const forTokens = [jwksUrl, issuer, audience];
  if (secrets.length > 0 ? forTokens.some(Boolean) : !forTokens.every(Boolean)) {
    throw new ConfigError([
      'either KEYCLOAK_SECRETS must be set, or all of KEYCLOAK_JWKS_URL, KEYCLOAK_ISSUER and KEYCLOAK_AUDIENCE',
    ]);
  }
  if (secrets.length > 0) return verifyHmac({ header: 'x-keycloak-signature', secrets, encoding: 'hex' });
  return verifyJwsHeader({
    keys: remoteKeys(jwksUrl),
    header: 'authorization',
    prefix: 'Bearer ',
    hashClaim: 'request_body_sha256',
    hashEncoding: 'hex',
    issuer,
    audience: [audience],
    required: ['jti', 'iat', 'exp'],
    forbidden: userTokenClaims,
  });
}

/** What an admin sent is the whole user where it was created by that, or where attributes are there. */
function wholeUser({ representation, type, resourcePath }: KeycloakEvent): unknown {
  const isWhole = type === 'admin.USER-CREATE' || representation?.attributes !== undefined;
  return isWhole && !isScim(resourcePath) ? representation : undefined;
}

function toUserEvent(event: KeycloakEvent, realm: string): UserEvent {
  const { type, time: at, realmId, realmName } = event;
  const id = event.uid ?? event.id;
  const account = findKind(accountKinds, type);
  const kind = account ?? findKind(adminKinds, type);
  const isPing = pings.includes(type);
  const userId = account || isPing ? event.authDetails?.userId : userIn(event.resourcePath);
  const isForeign = realm !== '' && realm !== realmName && realm !== realmId;
  // Without a user, it is a step before the user exists; with an error, an attempt that failed.
  if (!(kind || isPing) || isForeign || userId === undefined || userId === null || event.error)
    return ignoredEvent({ id, kind: type, at });
  const user = parsePayload(v.object({ id: reference() }), { id: userId });
  if (!kind) return { id, kind: type, reference: user.id, at, told: null, isPing: true };
  const told = kind.tells(event);
  return { id, kind: type, reference: user.id, at, told, ...(isPartial(event, told) && { isPartial: true }) };
}
