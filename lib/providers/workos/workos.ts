// WorkOS: AuthKit users (user.*) and Directory Sync users (dsync.user.*), by a timestamped HMAC in milliseconds.
// https://workos.com/docs/webhooks, https://workos.com/docs/directory-sync/understanding-events
//
// An event's time is the user's own updated_at, because WorkOS sends out of order; a deletion's is the envelope's
// created_at. Where that one is missing, or has no time zone as in some of WorkOS's samples, the other is used.
//
// Every event of an AuthKit user but a deletion has the whole user, so that `email_verified` stands beside the address that
// it is about. A directory does not say what is verified.
//
// A directory's events name no AuthKit user, so the reference is the id of the one or the other: `user_…` or
// `directory_user_…`. One person has both where a directory feeds AuthKit: subscribe to one of the two.
// `dsync.deleted` removes a whole directory without naming its users or sending an event for any of them.

import * as v from 'valibot';
import { secrets, vouchedEmails } from '../../config/settings.ts';
import { verifyTimestampedHmac } from '../../signatures/timestamped-hmac.ts';
import {
  eventId,
  firstInstant,
  name,
  optionalInstant,
  parseJson,
  parsePayload,
  reference,
  vouchFor,
} from '../payload.ts';
import { findKind, ignoredEvent, type Kinds, listKinds, type Provider, withUnread } from '../provider.ts';
import { toDirectoryUserTold, toTold, workosDirectoryUser, workosUser } from './user.ts';

const settings = {
  WORKOS_SECRETS: secrets(
    "The endpoint's signing secret; several, separated by spaces, while you replace one.",
  ),
  WORKOS_DIRECTORY_EMAILS_ARE_VERIFIED: vouchedEmails('A directory'),
};

const envelope = v.object({
  id: eventId(),
  event: name(),
  created_at: optionalInstant(),
  data: v.unknown(),
});

// The members that both sorts of users have are read alike.
const change = v.object({
  ...workosUser.entries,
  ...workosDirectoryUser.entries,
  id: reference(),
  updated_at: optionalInstant(),
});

const kinds: Kinds<v.InferOutput<typeof change>> = {
  'user.created': { means: 'signed up', tells: toTold },
  'user.updated': { means: 'profile changed, or e-mail address verified', tells: toTold },
  'user.deleted': { means: 'deleted', tells: () => ({ deleted: true }) },
  'dsync.user.created': { means: 'added to a directory', tells: toDirectoryUserTold },
  'dsync.user.updated': {
    means: 'profile changed, disabled, or let back in, by the directory',
    tells: toDirectoryUserTold,
  },
  'dsync.user.deleted': { means: 'removed from a directory', tells: () => ({ deleted: true }) },
};

export const workos: Provider<typeof settings> = {
  name: 'workos',
  title: 'WorkOS',
  family: 'timestamped HMAC',
  settings,
  mirrored: listKinds(kinds),
  ignored: ['session.*', 'authentication.*', 'organization_membership.*', 'dsync.deleted', 'dsync.group.*'],
  answers: 'plain',
  connect({ WORKOS_SECRETS, WORKOS_DIRECTORY_EMAILS_ARE_VERIFIED }) {
    const verify = verifyTimestampedHmac({
      header: 'workos-signature',
      secrets: WORKOS_SECRETS,
      unit: 'ms',
    });
    return async (request, nowMs) => {
      await verify(request, nowMs);
      const unread = new Set<string>();
      const { id, event, created_at, data } = parsePayload(envelope, parseJson(request.body), unread);
      const kind = findKind(kinds, event);
      if (!kind) return [ignoredEvent({ id, kind: event, at: created_at ?? nowMs })];
      const { data: user } = parsePayload(v.object({ data: change }), { data }, unread);
      const isVouched = WORKOS_DIRECTORY_EMAILS_ARE_VERIFIED && event.startsWith('dsync.');
      const told = vouchFor(kind.tells(user), isVouched);
      const times = told.deleted ? [created_at, user.updated_at] : [user.updated_at, created_at];
      return [
        withUnread({ id, kind: event, reference: user.id, at: firstInstant(...times), told }, unread, data),
      ];
    };
  },
};
