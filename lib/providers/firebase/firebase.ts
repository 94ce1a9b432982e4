// Firebase and Identity Platform, by their blocking functions: a JWT in JSON, `{"data":{"jwt":"…"}}`.
// https://firebase.google.com/docs/functions/auth-blocking-events
//
// Firebase calls only functions in Google's own cloud, so a function there must pass the request's body on unchanged, and
// answer Firebase 200 with {}. No blocking function hears what happens without a sign-in, such as a disabling or a
// deletion; the generic provider takes what an admin's code sends.
//
// An event's time is `iat`, in whole seconds: the user record shows that moment, and has no time of its own. Every event has
// the whole user, so that `email_verified` stands beside the address that it is about.

import * as v from 'valibot';
import { isSecureUrl, text as textSetting, words } from '../../config/settings.ts';
import { ConfigError } from '../../errors.ts';
import { issuedAtMs } from '../../signatures/claims.ts';
import { verifyJwsInJson } from '../../signatures/jws-in-json.ts';
import { remoteKeys } from '../../signatures/keys.ts';
import { eventId, name, parsePayload } from '../payload.ts';
import { findKind, ignoredEvent, type Kinds, listKinds, type Provider, withUnread } from '../provider.ts';
import { type FirebaseRecord, firebaseRecord, toRecordTold } from './user.ts';

// https://firebase.google.com/docs/auth/admin/verify-id-tokens names the same keys as X.509 certificates.
const googleKeys =
  'https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com';

const settings = {
  FIREBASE_PROJECT_ID: textSetting('Id of your Firebase project.'),
  FIREBASE_FUNCTION_URLS: words(
    'Addresses of the blocking functions that pass events on, separated by spaces, as Firebase has them.',
  ),
  FIREBASE_JWKS_URL: v.pipe(
    v.optional(v.string(), googleKeys),
    v.check(isSecureUrl, 'must be an address that begins with https://'),
    v.description(`Address of Firebase's keys, where it is not ${googleKeys}`),
  ),
};

// The same keys and issuer sign the ID tokens of users, which must not pass for events.
const userTokenClaims = ['auth_time', 'user_id', 'firebase'];

// A token ends after an hour; the clocks may differ.
const maxAgeMs = 65 * 60_000;

const event = v.object({
  event_id: eventId(),
  event_type: name(),
  iat: v.pipe(v.number(), v.integer(), v.minValue(1)),
});

const kinds: Kinds<FirebaseRecord> = {
  beforeSignIn: { means: 'signed up, or signed in with whatever has changed', tells: toRecordTold },
};

export const firebase: Provider<typeof settings> = {
  name: 'firebase',
  title: 'Firebase, Identity Platform',
  family: 'JWS in JSON',
  settings,
  mirrored: listKinds(kinds),
  // beforeCreate comes before the user exists, and the sign-up may still fail; beforeSignIn follows every sign-up.
  ignored: ['beforeCreate', 'beforeSendEmail', 'beforeSendSms'],
  answers: 'plain',
  connect({ FIREBASE_PROJECT_ID, FIREBASE_FUNCTION_URLS, FIREBASE_JWKS_URL }) {
    if (FIREBASE_FUNCTION_URLS.includes(FIREBASE_PROJECT_ID))
      throw new ConfigError([
        'FIREBASE_FUNCTION_URLS must hold addresses: the project is what ID tokens are for',
      ]);
    const verify = verifyJwsInJson({
      member: 'jwt',
      keys: remoteKeys(FIREBASE_JWKS_URL, ['RS256']),
      issuer: `https://securetoken.google.com/${FIREBASE_PROJECT_ID}`,
      audience: FIREBASE_FUNCTION_URLS,
      required: ['event_id', 'event_type', 'iat', 'exp'],
      forbidden: userTokenClaims,
      age: { of: issuedAtMs, maxAgeMs },
    });
    return async (request, nowMs) => {
      const claims = await verify(request, nowMs);
      const unread = new Set<string>();
      const { event_id: id, event_type: type, iat } = parsePayload(event, claims, unread);
      const at = iat * 1000;
      const kind = findKind(kinds, type);
      if (!kind) return [ignoredEvent({ id, kind: type, at })];
      const { user_record: user } = parsePayload(v.object({ user_record: firebaseRecord }), claims, unread);
      return [
        withUnread(
          { id, kind: type, reference: user.uid, at, told: kind.tells(user) },
          unread,
          claims.user_record,
        ),
      ];
    };
  },
};
