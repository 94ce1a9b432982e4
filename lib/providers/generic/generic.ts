// Events of a sender of your own, such as an authentication service that you wrote yourself:
//
//   { "id": "…", "type": "user.signed_up", "time": "2026-05-04T12:00:00.000Z" (or milliseconds),
//     "user": { "id": "…", "email": "…", "phone": "…", "first_name": "…", "last_name": "…", "locale": "…",
//               "timezone": "…", "avatar_url": "…", "custom_data": {…}, "tenant_id": "…",
//               "email_verified": false, "disabled": false } }
//
// An event's time is its `time`. Only type, time and user.id are required; without an id, that of the message is used. A
// member that is left out is not told, and null empties it.
//
// A verification belongs to an address. user.email_verified must name the address that it verifies, as `email`, and is
// refused without; in any other event `email_verified: true` counts only beside the `email` that it is about.
//
// The event is signed by Standard Webhooks, or it is the claim `event` of a JWT that is the body, with the header
// `typ: user-event+jwt` and the claims `iss`, `aud`, `iat` and `jti`.

import * as v from 'valibot';
import { optionalSecrets, optionalText, optionalUrl } from '../../config/settings.ts';
import { ConfigError, RejectedError } from '../../errors.ts';
import type { WebhookRequest } from '../../event.ts';
import { issuedAtMs } from '../../signatures/claims.ts';
import { verifyJwsBody } from '../../signatures/jws-body.ts';
import { remoteKeys } from '../../signatures/keys.ts';
import { verifyStandardWebhooks, webhookSecret } from '../../signatures/standard-webhooks.ts';
import type { Told } from '../../user.ts';
import { eventId, instant, isUnread, name, parseJson, parsePayload } from '../payload.ts';
import { findKind, ignoredEvent, type Kinds, listKinds, type Provider, withUnread } from '../provider.ts';
import { type GenericUser, genericUser, toTold } from './user.ts';

const settings = {
  GENERIC_SECRETS: optionalSecrets(
    'Standard Webhooks: whsec_… secrets or whpk_… public keys, separated by spaces. Either these or the other three.',
    webhookSecret,
  ),
  GENERIC_JWKS_URL: optionalUrl("JWT: address of your sender's public keys."),
  GENERIC_ISSUER: optionalText("JWT: your sender's `iss`."),
  GENERIC_AUDIENCE: optionalText('JWT: the `aud` by which your sender means this system.'),
};

// After an outage, what waits in the sender's outbox must still be accepted.
const maxTokenAgeMs = 31 * 86_400_000;

const envelope = v.object({
  id: eventId(),
  type: name(),
  time: instant(),
  user: v.optional(v.unknown()),
});

const token = v.object({ jti: name(), event: v.unknown() });

const kinds: Kinds<GenericUser> = {
  'user.signed_up': { means: 'signed up', tells: toTold },
  'user.updated': { means: 'profile changed', tells: toTold },
  'user.email_verified': { means: 'e-mail address verified', tells: toVerifiedTold },
  'user.disabled': { means: 'disabled', tells: (user) => ({ ...toTold(user), disabled: true }) },
  'user.enabled': { means: 'enabled', tells: (user) => ({ ...toTold(user), disabled: false }) },
  'user.deleted': { means: 'deleted', tells: () => ({ deleted: true }) },
};

export const generic: Provider<typeof settings> = {
  name: 'generic',
  title: 'Your own sender',
  family: 'JWS body or Standard Webhooks',
  settings,
  mirrored: listKinds(kinds),
  ignored: ['any other type'],
  answers: 'plain',
  connect(configured) {
    const verify = toVerifier(configured);
    return async (request, nowMs) => {
      const { id: messageId, event } = await verify(request, nowMs);
      const unread = new Set<string>();
      const { type, time: at, ...members } = parsePayload(envelope, event, unread);
      const id = members.id ?? messageId;
      const kind = findKind(kinds, type);
      if (!kind) return [ignoredEvent({ id, kind: type, at })];
      const { user } = parsePayload(v.object({ user: genericUser }), members, unread);
      return [
        withUnread(
          { id, kind: type, reference: user.id, at, told: kind.tells(user) },
          unread,
          members.user,
          false,
        ),
      ];
    };
  },
};

function toVerifiedTold(user: GenericUser): Told {
  // One that is there but can't be read keeps the rest from nobody.
  if (!user.email && !isUnread(user, 'email'))
    throw new RejectedError('email_missing', 'the event names no address that it verifies, as user.email');
  return { ...toTold(user), emailVerified: true };
}

type Verifier = (request: WebhookRequest, nowMs: number) => Promise<{ id: string; event: unknown }>;

/** Verifies a request by the configured family, and returns the event in it. */
function toVerifier(configured: v.InferOutput<v.ObjectSchema<typeof settings, undefined>>): Verifier {
  const forTokens = [configured.GENERIC_JWKS_URL, configured.GENERIC_ISSUER, configured.GENERIC_AUDIENCE];
  const hasSecrets = configured.GENERIC_SECRETS.length > 0;
  if (hasSecrets ? forTokens.some(Boolean) : !forTokens.every(Boolean)) {
    throw new ConfigError([
      'either GENERIC_SECRETS must be set, or all of GENERIC_JWKS_URL, GENERIC_ISSUER and GENERIC_AUDIENCE',
    ]);
  }
  return hasSecrets ? verifyMessage(configured.GENERIC_SECRETS) : verifyToken(configured);
}

function verifyMessage(secrets: readonly string[]): Verifier {
  const verify = verifyStandardWebhooks({ secrets });
  return async (request, nowMs) => {
    const id = await verify(request, nowMs);
    return { id, event: parseJson(request.body) };
  };
}

type TokenSettings = { GENERIC_JWKS_URL: string; GENERIC_ISSUER: string; GENERIC_AUDIENCE: string };

function verifyToken({ GENERIC_JWKS_URL, GENERIC_ISSUER, GENERIC_AUDIENCE }: TokenSettings): Verifier {
  const verify = verifyJwsBody({
    keys: remoteKeys(GENERIC_JWKS_URL),
    typ: 'user-event+jwt',
    issuer: GENERIC_ISSUER,
    audience: [GENERIC_AUDIENCE],
    required: ['jti', 'iat', 'event'],
    age: { of: issuedAtMs, maxAgeMs: maxTokenAgeMs },
  });
  return async (request, nowMs) => {
    const { jti, event } = parsePayload(token, await verify(request, nowMs));
    return { id: jti, event };
  };
}
