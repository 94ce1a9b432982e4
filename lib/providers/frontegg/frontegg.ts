// Frontegg's webhooks: a JWT by the webhook's secret in x-webhook-secret, which does not cover the body.
// https://developers.frontegg.com/ciam/guides/integrations/webhooks
//
// An event's time is the token's iat, in seconds: when Frontegg sent it. The only time in a payload is the user's
// createdAt, so an event that is sent again, under a new token, counts as newer than it is. A token without an iat is
// refused, because our clock is no event's time. The user is `user`; eventContext.userId is the one who acted. It is the
// whole user, so that `verified` stands beside the address that it is about.

import * as v from 'valibot';
import { flag, secrets } from '../../config/settings.ts';
import { ConfigError } from '../../errors.ts';
import { verifyBareJws } from '../../signatures/bare-jws.ts';
import { issuedAtMs } from '../../signatures/claims.ts';
import { secretKeys, tokenSecret } from '../../signatures/keys.ts';
import { instant, name, parseJson, parsePayload } from '../payload.ts';
import { findKind, ignoredEvent, type Kinds, listKinds, type Provider, withUnread } from '../provider.ts';
import { type FronteggUser, fronteggUser, toTold } from './user.ts';

const settings = {
  FRONTEGG_SECRETS: secrets(
    "The webhook's secret key: long and random, no spaces in it; several, separated by spaces, while you replace one.",
    tokenSecret,
  ),
  FRONTEGG_ACCEPT_UNSIGNED_BODY: flag(
    false,
    'Must be true: Frontegg signs a token and not the body, so that whoever sees one request can send any other for the next 5 minutes. Only TLS keeps them from seeing one.',
  ),
};

const maxAgeMs = 300_000;

const envelope = v.object({ eventKey: name(), user: v.optional(v.unknown()) });

const kinds: Kinds<FronteggUser> = {
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
    'frontegg.user.authenticated',
    'frontegg.user.invitedToTenant',
    'frontegg.user.removedFromTenant',
    'frontegg.user.enrolledMFA',
    'frontegg.tenant.*',
    'any other key',
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
      const unread = new Set<string>();
      const { eventKey, ...event } = parsePayload(envelope, parseJson(request.body), unread);
      const kind = findKind(kinds, eventKey);
      if (!kind) return [ignoredEvent({ id: null, kind: eventKey, at })];
      const { user } = parsePayload(v.object({ user: fronteggUser }), event, unread);
      const told = kind.tells(user);
      return [withUnread({ id: null, kind: eventKey, reference: user.id, at, told }, unread, event.user)];
    };
  },
};

const notAccepted =
  'FRONTEGG_ACCEPT_UNSIGNED_BODY must be true, for Frontegg does not sign the body: whoever sees one request can send any other';
