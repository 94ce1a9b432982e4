// FusionAuth: a JWT in a header with the hash of the body; "Sign events" must be switched on for the webhook.
// https://fusionauth.io/docs/extend/events-and-webhooks/signing
//
// An event's time is its createInstant, in milliseconds: when FusionAuth made it, the same at every attempt.
//
// user.email.verified and user.identity.verified (since 1.59; both are sent) name the address that they verify, and tell it
// as nothing else; the `.complete` ones have the whole user, with what is verified beside the address.

import * as v from 'valibot';
import { optionalSecrets, optionalUrl } from '../../config/settings.ts';
import { ConfigError } from '../../errors.ts';
import { checkAge } from '../../signatures/age.ts';
import { verifyJwsHeader } from '../../signatures/jws-header.ts';
import { type Keys, remoteKeys, secretKeys, tokenSecret } from '../../signatures/keys.ts';
import type { Told } from '../../user.ts';
import { emailAddress, eventId, instant, name, object, parseJson, parsePayload } from '../payload.ts';
import { findKind, ignoredEvent, type Kinds, listKinds, type Provider, withUnread } from '../provider.ts';
import { fusionauthProfile, fusionauthUser, toTold } from './user.ts';

const settings = {
  FUSIONAUTH_SECRETS: optionalSecrets(
    'The HMAC key that signs events; several, separated by spaces, while you replace one. Either this or the address.',
    tokenSecret,
  ),
  FUSIONAUTH_JWKS_URL: optionalUrl(
    'Address of the public keys, where an RSA, EC or EdDSA key signs events: https://<host>/.well-known/jwks.json',
  ),
};

// The token has no time, but it covers the body, and the event in the body has one.
const maxAgeMs = 31 * 86_400_000;

const envelope = v.object({
  event: v.looseObject({ id: eventId(), type: name(), createInstant: instant() }),
});

const change = v.object({
  user: fusionauthUser,
  original: v.nullish(object(fusionauthProfile.entries)),
  loginId: emailAddress(),
  loginIdType: v.nullish(v.string()),
});

type Change = v.InferOutput<typeof change>;

const kinds: Kinds<Change> = {
  'user.create.complete': { means: 'signed up', tells: toChangeTold },
  'user.update.complete': { means: 'profile changed', tells: toChangeTold },
  'user.delete.complete': { means: 'deleted', tells: () => ({ deleted: true }) },
  // These four are sent before they are committed, and no `.complete` follows. They tell only what their name says;
  // after a rollback, the user's next update corrects it.
  'user.deactivate': { means: 'disabled', tells: () => ({ disabled: true }) },
  'user.reactivate': { means: 'enabled', tells: () => ({ disabled: false }) },
  'user.email.verified': {
    means: 'e-mail address verified',
    tells: ({ user }) => toVerifiedTold(user.email),
  },
  'user.identity.verified': {
    means: 'e-mail address verified, where the identity is one',
    tells: ({ loginId, loginIdType }) => (loginIdType === 'email' ? toVerifiedTold(loginId) : {}),
  },
};

export const fusionauth: Provider<typeof settings> = {
  name: 'fusionauth',
  title: 'FusionAuth',
  family: 'JWS header',
  settings,
  mirrored: listKinds(kinds),
  // The first four are sent before they are committed, and may be rolled back; use backfill after an import.
  ignored: [
    'user.create',
    'user.update',
    'user.delete',
    'user.bulk.create',
    'user.registration.*',
    'user.login.*',
    'test',
  ],
  answers: 'plain',
  connect(configured) {
    const verify = verifyJwsHeader({
      keys: toKeys(configured.FUSIONAUTH_SECRETS, configured.FUSIONAUTH_JWKS_URL),
      header: 'x-fusionauth-signature-jwt',
      hashClaim: 'request_body_sha256',
      hashEncoding: 'base64',
    });
    return async (request, nowMs) => {
      await verify(request, nowMs);
      const unread = new Set<string>();
      const { event } = parsePayload(envelope, parseJson(request.body), unread);
      const { id, type, createInstant: at } = event;
      checkAge(at, nowMs, maxAgeMs);
      const kind = findKind(kinds, type);
      if (!kind) return [ignoredEvent({ id, kind: type, at })];
      const changed = parsePayload(v.object({ event: change }), { event }, unread).event;
      const told = kind.tells(changed);
      return [withUnread({ id, kind: type, reference: changed.user.id, at, told }, unread, event.user)];
    };
  },
};

function toKeys(secrets: readonly string[], jwksUrl: string): Keys {
  if (secrets.length > 0 === (jwksUrl !== '')) {
    throw new ConfigError(['exactly one of FUSIONAUTH_SECRETS and FUSIONAUTH_JWKS_URL must be set']);
  }
  return jwksUrl === '' ? secretKeys(secrets) : remoteKeys(jwksUrl);
}

function toVerifiedTold(address: string | null | undefined): Told {
  return { emailVerified: true, ...(address && { emailVerifiedOf: address }) };
}

function toChangeTold({ user, original }: Change): Told {
  // An emptied member is missing from the user, and shows only in the user as it was before.
  const emptied = Object.keys(original ?? {}).filter((name) => !(name in user));
  return toTold({ ...Object.fromEntries(emptied.map((name) => [name, null])), ...user });
}
