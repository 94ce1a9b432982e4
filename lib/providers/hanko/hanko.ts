// Hanko: a JWT in JSON, `{"event":"…","token":"…"}`, signed with the tenant's keys; the event's name inside it counts.
// https://docs.hanko.io/guides/webhooks, https://github.com/teamhanko/hanko/blob/main/backend/webhooks/manager.go
//
// An event's time is `iat`, in whole seconds, because a change of e-mail address leaves the user's own updated_at alone.
// Every event carries the whole user, a sign-in and a deletion too, and names the primary address beside its verification.
// Hanko sends before it commits, and can't disable users.

import * as v from 'valibot';
import { names, url } from '../../config/settings.ts';
import { RejectedError } from '../../errors.ts';
import { issuedAtMs } from '../../signatures/claims.ts';
import { verifyJwsInJson } from '../../signatures/jws-in-json.ts';
import { remoteKeys } from '../../signatures/keys.ts';
import { name, parsePayload } from '../payload.ts';
import { findKind, ignoredEvent, type Kinds, listKinds, type Provider, withUnread } from '../provider.ts';
import { type HankoUser, hankoUser, toTold } from './user.ts';

const settings = {
  HANKO_JWKS_URL: url("Address of your tenant's keys: https://<tenant>.hanko.io/.well-known/jwks.json"),
  HANKO_AUDIENCES: names(
    "The audience of your tenant's tokens: the domain of your app, unless you set another one; several, separated by commas.",
  ),
};

// Stands in `sub`, where a user's session token has the user's id.
const webhookSubject = 'hanko webhooks';

// A token ends after 5 minutes; the clocks may differ.
const maxAgeMs = 10 * 60_000;

const event = v.object({
  sub: v.unknown(),
  evt: name(),
  iat: v.pipe(v.number(), v.integer(), v.minValue(1)),
});

const changed = { means: 'e-mail address added, verified, changed or removed', tells: toTold };
const renamed = { means: 'user name changed', tells: toTold };

const kinds: Kinds<HankoUser> = {
  'user.create': { means: 'signed up', tells: toTold },
  'user.update': { means: 'profile changed', tells: toTold },
  'user.update.email': changed,
  'user.update.email.create': changed,
  'user.update.email.primary': changed,
  'user.update.email.delete': changed,
  'user.update.username': renamed,
  'user.update.username.create': renamed,
  'user.update.username.update': renamed,
  'user.update.username.delete': renamed,
  'user.update.password.update': {
    means: 'password set, with whatever has changed since',
    tells: toTold,
  },
  'user.login': { means: 'signed in, with whatever has changed since', tells: toTold },
  'user.delete': { means: 'deleted', tells: () => ({ deleted: true }) },
};

export const hanko: Provider<typeof settings> = {
  name: 'hanko',
  title: 'Hanko',
  family: 'JWS in JSON',
  settings,
  mirrored: listKinds(kinds),
  ignored: ['email.send', 'session.*', 'any other event'],
  answers: 'plain',
  connect({ HANKO_JWKS_URL, HANKO_AUDIENCES }) {
    const verify = verifyJwsInJson({
      member: 'token',
      keys: remoteKeys(HANKO_JWKS_URL, ['RS256']),
      audience: HANKO_AUDIENCES,
      required: ['evt', 'data', 'iat', 'exp'],
      age: { of: issuedAtMs, maxAgeMs },
    });
    return async (request, nowMs) => {
      const claims = await verify(request, nowMs);
      const { sub, evt: type, iat } = parsePayload(event, claims);
      if (sub !== webhookSubject) throw new RejectedError('user_token', 'the token is not one of a webhook');
      const at = iat * 1000;
      const kind = findKind(kinds, type);
      if (!kind) return [ignoredEvent({ id: null, kind: type, at })];
      const unread = new Set<string>();
      const { data: user } = parsePayload(v.object({ data: hankoUser }), claims, unread);
      return [
        withUnread(
          { id: null, kind: type, reference: user.id, at, told: kind.tells(user) },
          unread,
          claims.data,
        ),
      ];
    };
  },
};
