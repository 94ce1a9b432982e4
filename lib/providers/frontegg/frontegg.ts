// Frontegg's webhooks: a JWT of the webhook's secret in x-webhook-secret, which says nothing of the body.
// https://developers.frontegg.com/ciam/guides/integrations/webhooks
//
// An event's time is the token's iat, in seconds: Frontegg's own clock when it sent. Payloads have no time but the
// user's createdAt, so that what is sent again late, under a token made anew, counts as new. A token without an iat is
// refused, for our clock is no event's time. The user is `user`; eventContext.userId is whoever did it.

import * as v from 'valibot';
import { flag, secrets } from '../../config/settings.ts';
import { ConfigError } from '../../errors.ts';
import { verifyBareJws } from '../../signatures/bare-jws.ts';
import { issuedAtMs } from '../../signatures/claims.ts';
import { secretKeys } from '../../signatures/keys.ts';
import type { Told } from '../../user.ts';
import { instant, name, parseJson, parsePayload, reference, tell, text, yesNo } from '../payload.ts';
import { findKind, ignoredEvent, type Kinds, listKinds, type Provider } from '../provider.ts';

const settings = {
  FRONTEGG_SECRETS: secrets(
    "The webhook's secret key: long and random, no spaces in it; several, separated by spaces, while you replace one.",
  ),
  FRONTEGG_ACCEPT_UNSIGNED_BODY: flag(
    false,
    'Must be true: Frontegg signs a token and not the body, so that whoever sees one request can send any other for the next 5 minutes. Only TLS keeps them from seeing one.',
  ),
};

const maxAgeMs = 300_000;

const envelope = v.object({ eventKey: name(), user: v.optional(v.unknown()) });

const user = v.object({
  id: reference(),
  email: text(),
  verified: yesNo(),
  phoneNumber: text(),
  profilePictureUrl: text(),
  isLocked: yesNo(),
});

type User = v.InferOutput<typeof user>;

const kinds: Kinds<User> = {
  'frontegg.user.created': { means: 'created by an administrator, or signed up', tells: toTold },
  'frontegg.user.signedUp': { means: 'signed up', tells: toTold },
  'frontegg.user.activated': { means: 'activated, which verifies the e-mail address', tells: toTold },
  'frontegg.user.updated': { means: 'profile changed, locked, or let back in', tells: toTold },
  'frontegg.user.deleted': { means: 'deleted', tells: () => ({ deleted: true }) },
};

export const frontegg: Provider<typeof settings> = {
  name: 'frontegg',
  title: 'Frontegg',
  family: 'JWS header, the body unsigned',
  settings,
  mirrored: listKinds(kinds),
  ignored: [
    ...['frontegg.user.authenticated', 'frontegg.user.invitedToTenant', 'frontegg.user.removedFromTenant'],
    ...['frontegg.user.enrolledMFA', 'frontegg.tenant.*', 'any other key'],
  ],
  answers: 'plain',
  connect({ FRONTEGG_SECRETS, FRONTEGG_ACCEPT_UNSIGNED_BODY }) {
    if (!FRONTEGG_ACCEPT_UNSIGNED_BODY) throw new ConfigError([notAccepted]);
    const verify = verifyBareJws({
      keys: secretKeys(FRONTEGG_SECRETS),
      header: 'x-webhook-secret',
      required: ['iat'],
      age: { of: issuedAtMs, maxAgeMs },
    });
    return async (request, nowMs) => {
      const claims = await verify(request, nowMs);
      const { at } = parsePayload(v.object({ at: instant() }), { at: issuedAtMs(claims) });
      const { eventKey, user: subject } = parsePayload(envelope, parseJson(request.body));
      const kind = findKind(kinds, eventKey);
      if (!kind) return [ignoredEvent({ id: null, kind: eventKey, at })];
      const known = parsePayload(user, subject);
      return [{ id: null, kind: eventKey, reference: known.id, at, told: kind.tells(known) }];
    };
  },
};

const notAccepted =
  'FRONTEGG_ACCEPT_UNSIGNED_BODY must be true, for Frontegg does not sign the body: whoever sees one request can send any other';

/** `name` is left alone: it is first and last name in one, or neither. */
function toTold({ email, verified, phoneNumber, profilePictureUrl, isLocked }: User): Told {
  return tell({
    email,
    emailVerified: verified,
    phone: phoneNumber,
    avatarUrl: profilePictureUrl,
    disabled: isLocked,
  });
}
