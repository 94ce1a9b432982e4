// Kinde: the body is a JWT signed with the tenant's keys.
// https://docs.kinde.com/integrate/webhooks/about-webhooks/
//
// An event's time is its `timestamp`, or `event_timestamp` where there is no other: users have none. It is signed, and the
// same on every attempt.

import * as v from 'valibot';
import { url, vouchedEmails } from '../../config/settings.ts';
import { verifyJwsBody } from '../../signatures/jws-body.ts';
import { remoteKeys } from '../../signatures/keys.ts';
import type { Told } from '../../user.ts';
import {
  instant,
  name,
  parsePayload,
  reference,
  tell,
  text,
  toInstant,
  vouchFor,
  yesNo,
} from '../payload.ts';
import { findKind, ignoredEvent, type Kinds, listKinds, type Provider } from '../provider.ts';

const settings = {
  KINDE_JWKS_URL: url("Address of your tenant's keys: https://<name>.kinde.com/.well-known/jwks"),
  KINDE_EMAILS_ARE_VERIFIED: vouchedEmails('Kinde'),
};

// It retries for 36 hours.
const maxAgeMs = 48 * 3_600_000;

// The tenant's keys sign its user and machine tokens as well: a user's own must not pass for an event.
const userTokenClaims = ['sub', 'azp', 'scp', 'scope', 'gty'];

const user = v.object({
  id: reference(),
  email: text(),
  phone: text(),
  first_name: text(),
  last_name: text(),
  is_suspended: yesNo(),
});

const envelope = v.object({
  event_id: name(),
  type: name(),
  timestamp: v.optional(v.unknown()),
  event_timestamp: v.optional(v.unknown()),
  data: v.unknown(),
});

type User = v.InferOutput<typeof user>;

const kinds: Kinds<User> = {
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
      age: { of: ({ timestamp, event_timestamp }) => toInstant(timestamp ?? event_timestamp), maxAgeMs },
    });
    return async (request, nowMs) => {
      const { event_id: id, type, data, ...stamps } = parsePayload(envelope, await verify(request, nowMs));
      const at = parsePayload(instant(), stamps.timestamp ?? stamps.event_timestamp);
      const kind = findKind(kinds, type);
      if (!kind) return [ignoredEvent({ id, kind: type, at })];
      const { user: subject } = parsePayload(v.object({ user }), data);
      const told = vouchFor(kind.tells(subject), KINDE_EMAILS_ARE_VERIFIED);
      return [{ id, kind: type, reference: subject.id, at, told }];
    };
  },
};

function toTold({ email, phone, first_name, last_name, is_suspended }: User): Told {
  return tell({ email, phone, firstName: first_name, lastName: last_name, disabled: is_suspended });
}
