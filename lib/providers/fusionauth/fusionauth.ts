// FusionAuth: a JWT in a header with the hash of the body; "Sign events" must be switched on for the webhook.
// https://fusionauth.io/docs/extend/events-and-webhooks/signing
//
// An event's time is its createInstant, in milliseconds: when FusionAuth made it, the same on every attempt.

import * as v from 'valibot';
import { optionalSecrets, optionalUrl } from '../../config/settings.ts';
import { ConfigError } from '../../errors.ts';
import { checkAge } from '../../signatures/age.ts';
import { verifyJwsHeader } from '../../signatures/jws-header.ts';
import { type Keys, remoteKeys, secretKeys } from '../../signatures/keys.ts';
import type { Told } from '../../user.ts';
import { instant, name, parseJson, parsePayload, reference, tell, text, yesNo } from '../payload.ts';
import { findKind, ignoredEvent, type Kinds, listKinds, type Provider } from '../provider.ts';

const settings = {
  FUSIONAUTH_SECRETS: optionalSecrets(
    'The HMAC key that signs events; several, separated by spaces, while you replace one. Either this or the address.',
  ),
  FUSIONAUTH_JWKS_URL: optionalUrl(
    'Address of the public keys, where an RSA, EC or EdDSA key signs events: https://<host>/.well-known/jwks.json',
  ),
};

// The token has no time of its own, but the event in the body, which it covers, does.
const maxAgeMs = 31 * 86_400_000;

const profile = {
  email: text(),
  mobilePhone: text(),
  firstName: text(),
  lastName: text(),
  timezone: text(),
  imageUrl: text(),
  preferredLanguages: v.nullish(v.array(text())),
};

const user = v.object({ id: reference(), verified: yesNo(), active: yesNo(), ...profile });

const envelope = v.object({ event: v.looseObject({ id: name(), type: name(), createInstant: instant() }) });

const subjects = v.object({ user, original: v.nullish(v.object(profile)) });

type Subjects = v.InferOutput<typeof subjects>;
type Profile = Omit<v.InferOutput<typeof user>, 'id'>;

const kinds: Kinds<Subjects> = {
  'user.create.complete': { means: 'signed up', tells: toTold },
  'user.update.complete': { means: 'profile changed', tells: toTold },
  'user.delete.complete': { means: 'deleted', tells: () => ({ deleted: true }) },
  // These three are sent before they are committed and have no `.complete` twin. They tell nothing beyond their name;
  // one that was rolled back is put right by the user's next update.
  'user.deactivate': { means: 'disabled', tells: () => ({ disabled: true }) },
  'user.reactivate': { means: 'enabled', tells: () => ({ disabled: false }) },
  'user.email.verified': { means: 'e-mail address verified', tells: () => ({ emailVerified: true }) },
};

export const fusionauth: Provider<typeof settings> = {
  name: 'fusionauth',
  title: 'FusionAuth',
  family: 'JWS header',
  settings,
  mirrored: listKinds(kinds),
  // The first three are sent before the user is there, and may come to nothing; so may an import: use backfill.
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
      const { event } = parsePayload(envelope, parseJson(request.body));
      const { id, type, createInstant: at } = event;
      checkAge(at, nowMs, maxAgeMs);
      const kind = findKind(kinds, type);
      if (!kind) return [ignoredEvent({ id, kind: type, at })];
      const subject = parsePayload(subjects, event);
      return [{ id, kind: type, reference: subject.user.id, at, told: kind.tells(subject) }];
    };
  },
};

function toKeys(secrets: readonly string[], jwksUrl: string): Keys {
  if (secrets.length > 0 === (jwksUrl !== '')) {
    throw new ConfigError(['exactly one of FUSIONAUTH_SECRETS and FUSIONAUTH_JWKS_URL must be set']);
  }
  return jwksUrl === '' ? secretKeys(secrets) : remoteKeys(jwksUrl);
}

function toTold({ user, original }: Subjects): Told {
  const now = toProfile(user);
  if (!original) return now;
  // A member that has been emptied is left out, so that only the user as it was before shows that it was there.
  const emptied = Object.keys(toProfile(original)).filter((name) => !(name in now));
  return { ...now, ...Object.fromEntries(emptied.map((name) => [name, null])) };
}

function toProfile(
  user: Omit<Profile, 'verified' | 'active'> & Partial<Pick<Profile, 'verified' | 'active'>>,
): Told {
  return tell({
    email: user.email,
    phone: user.mobilePhone,
    firstName: user.firstName,
    lastName: user.lastName,
    locale: user.preferredLanguages?.[0],
    timezone: user.timezone,
    avatarUrl: user.imageUrl,
    emailVerified: user.verified,
    disabled: user.active === undefined ? undefined : !user.active,
  });
}
