// WorkOS: AuthKit users (user.*) and Directory Sync users (dsync.user.*), by a timestamped HMAC in milliseconds.
// https://workos.com/docs/webhooks, https://workos.com/docs/directory-sync/understanding-events
//
// An event's time is the user's own updated_at, for WorkOS sends out of order; a deletion's is the envelope's created_at.
//
// A directory's events name no AuthKit user, so the reference is the id of what each is about: `user_…` or
// `directory_user_…`. One person has both where a directory feeds AuthKit: subscribe to one of the two.
// `dsync.deleted` takes a whole directory away without an event for any of its users, and tells us nothing of them.

import * as v from 'valibot';
import { secrets, vouchedEmails } from '../../config/settings.ts';
import { verifyTimestampedHmac } from '../../signatures/timestamped-hmac.ts';
import type { Told } from '../../user.ts';
import {
  instant,
  name,
  parseJson,
  parsePayload,
  reference,
  tell,
  text,
  vouchFor,
  yesNo,
} from '../payload.ts';
import { findKind, ignoredEvent, type Kinds, listKinds, type Provider } from '../provider.ts';

const settings = {
  WORKOS_SECRETS: secrets(
    "The endpoint's signing secret; several, separated by spaces, while you replace one.",
  ),
  WORKOS_DIRECTORY_EMAILS_ARE_VERIFIED: vouchedEmails('A directory'),
};

const envelope = v.object({ id: name(), event: name(), created_at: instant(), data: v.unknown() });

const subject = v.object({ id: reference() });

const updated = v.object({ updated_at: instant() });

const user = v.object({
  email: text(),
  email_verified: yesNo(),
  first_name: text(),
  last_name: text(),
  profile_picture_url: text(),
  locale: text(),
});

const directoryUser = v.object({
  email: text(),
  // Where `email` is not sent yet, the primary one of these is it.
  emails: v.nullish(v.array(v.object({ primary: yesNo(), value: text() }))),
  first_name: text(),
  last_name: text(),
  state: v.nullish(v.string()),
});

const kinds: Kinds<unknown> = {
  'user.created': { means: 'signed up', tells: toUser },
  'user.updated': { means: 'profile changed, or e-mail address verified', tells: toUser },
  'user.deleted': { means: 'deleted', tells: () => ({ deleted: true }) },
  'dsync.user.created': { means: 'added to a directory', tells: toDirectoryUser },
  'dsync.user.updated': {
    means: 'profile changed, disabled, or let back in, by the directory',
    tells: toDirectoryUser,
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
      return [{ id, kind: event, reference: parsePayload(subject, data).id, at, told }];
    };
  },
};

function toUser(data: unknown): Told {
  const known = parsePayload(user, data);
  return tell({
    email: known.email,
    emailVerified: known.email_verified,
    firstName: known.first_name,
    lastName: known.last_name,
    avatarUrl: known.profile_picture_url,
    locale: known.locale,
  });
}

function toDirectoryUser(data: unknown): Told {
  const known = parsePayload(directoryUser, data);
  const primary = known.emails?.find(({ primary }) => primary)?.value;
  return tell({
    email: known.email === undefined ? primary : known.email,
    firstName: known.first_name,
    lastName: known.last_name,
    // `inactive`, and the older `suspended`: https://workos.com/changelog/directory-sync-user-state-consolidation
    disabled: known.state ? known.state !== 'active' : undefined,
  });
}
