// Kinde: the body is a JWT signed with the tenant's keys.
// https://docs.kinde.com/integrate/webhooks/about-webhooks/
//
// An event's time is its `timestamp`, or else its `event_timestamp`; users have no time. It is signed, and the same at every
// attempt.
//
// No event says that an e-mail address is verified: that is the operator's to say.

import * as v from 'valibot';
import { url, vouchedEmails } from '../../config/settings.ts';
import { memberOf } from '../../json.ts';
import { verifyJwsBody } from '../../signatures/jws-body.ts';
import { remoteKeys } from '../../signatures/keys.ts';
import {
  eventId,
  firstInstant,
  name,
  optionalInstant,
  parsePayload,
  toInstant,
  vouchFor,
} from '../payload.ts';
import { findKind, ignoredEvent, type Kinds, listKinds, type Provider, withUnread } from '../provider.ts';
import { type KindeUser, kindeUser, toTold } from './user.ts';

const settings = {
  KINDE_JWKS_URL: url("Address of your tenant's keys: https://<name>.kinde.com/.well-known/jwks"),
  KINDE_EMAILS_ARE_VERIFIED: vouchedEmails('Kinde'),
};

// Kinde retries for 36 hours.
const maxAgeMs = 48 * 3_600_000;

// The tenant's keys sign its user and machine tokens as well: a user's own must not pass for an event.
const userTokenClaims = ['sub', 'azp', 'scp', 'scope', 'gty'];

const envelope = v.object({
  event_id: eventId(),
  type: name(),
  timestamp: optionalInstant(),
  event_timestamp: optionalInstant(),
  data: v.unknown(),
});

const kinds: Kinds<KindeUser> = {
  'user.created': { means: 'signed up', tells: toTold },
  'user.updated': { means: 'profile changed, suspended, or let back in', tells: toTold },
  'user.deleted': { means: 'deleted', tells: () => ({ deleted: true }) },
};

export const kinde: Provider<typeof settings> = {
  name: 'kinde',
  title: 'Kinde',
  family: 'JWS body',
  settings,
  mirrored: listKinds(kinds),
  ignored: ['user.authenticated', 'user.authentication_failed', 'organization.*', 'role.*', 'permission.*'],
  answers: 'plain',
  connect({ KINDE_JWKS_URL, KINDE_EMAILS_ARE_VERIFIED }) {
    const verify = verifyJwsBody({
      keys: remoteKeys(KINDE_JWKS_URL, ['RS256']),
      required: ['event_id', 'type', 'data'],
      forbidden: userTokenClaims,
      age: {
        of: ({ timestamp, event_timestamp }) => toInstant(timestamp) ?? toInstant(event_timestamp),
        maxAgeMs,
      },
    });
    return async (request, nowMs) => {
      const claims = await verify(request, nowMs);
      const unread = new Set<string>();
      const { event_id: id, type, data, ...stamps } = parsePayload(envelope, claims, unread);
      const at = firstInstant(stamps.timestamp, stamps.event_timestamp);
      const kind = findKind(kinds, type);
      if (!kind) return [ignoredEvent({ id, kind: type, at })];
      const { user } = parsePayload(v.object({ data: v.object({ user: kindeUser }) }), { data }, unread).data;
      const told = vouchFor(kind.tells(user), KINDE_EMAILS_ARE_VERIFIED);
      return [withUnread({ id, kind: type, reference: user.id, at, told }, unread, memberOf(data, 'user'))];
    };
  },
};
