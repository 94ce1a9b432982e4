// WorkOS: AuthKit users (user.*) and Directory Sync users (dsync.user.*), by a timestamped HMAC in milliseconds.
// https://workos.com/docs/webhooks, https://workos.com/docs/directory-sync/understanding-events
//
// An event's time is the user's own updated_at, because WorkOS sends out of order; a deletion's is the envelope's
// created_at.
//
// A directory's events name no AuthKit user, so the reference is the id of the one or the other: `user_…` or
// `directory_user_…`. One person has both where a directory feeds AuthKit: subscribe to one of the two.
// `dsync.deleted` removes a whole directory without naming its users or sending an event for any of them.

import * as v from 'valibot';
import { secrets, vouchedEmails } from '../../config/settings.ts';
import { verifyTimestampedHmac } from '../../signatures/timestamped-hmac.ts';
import type { Told } from '../../user.ts';
import { instant, name, parseJson, parsePayload, reference, vouchFor } from '../payload.ts';
import { findKind, ignoredEvent, type Kinds, listKinds, type Provider } from '../provider.ts';
import { toDirectoryUserTold, toTold, workosDirectoryUser, workosUser } from './user.ts';

const settings = {
  WORKOS_SECRETS: secrets(
    "The endpoint's signing secret; several, separated by spaces, while you replace one.",
  ),
  WORKOS_DIRECTORY_EMAILS_ARE_VERIFIED: vouchedEmails('A directory'),
};

const envelope = v.object({ id: name(), event: name(), created_at: instant(), data: v.unknown() });

const updated = v.object({ updated_at: instant() });

const kinds: Kinds<unknown> = {
  'user.created': { means: 'signed up', tells: readUser },
  'user.updated': { means: 'profile changed, or e-mail address verified', tells: readUser },
  'user.deleted': { means: 'deleted', tells: () => ({ deleted: true }) },
  'dsync.user.created': { means: 'added to a directory', tells: readDirectoryUser },
  'dsync.user.updated': {
    means: 'profile changed, disabled, or let back in, by the directory',
    tells: readDirectoryUser,
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
      const { id, event, created_at, data } = parsePayload(envelope, parseJson(request.body));
      const kind = findKind(kinds, event);
      if (!kind) return [ignoredEvent({ id, kind: event, at: created_at })];
      const isVouched = WORKOS_DIRECTORY_EMAILS_ARE_VERIFIED && event.startsWith('dsync.');
      const told = vouchFor(kind.tells(data), isVouched);
      const at = told.deleted ? created_at : parsePayload(updated, data).updated_at;
      const user = parsePayload(v.object({ id: reference() }), data);
      return [{ id, kind: event, reference: user.id, at, told }];
    };
  },
};

function readUser(data: unknown): Told {
  return toTold(parsePayload(workosUser, data));
}

function readDirectoryUser(data: unknown): Told {
  return toDirectoryUserTold(parsePayload(workosDirectoryUser, data));
}
