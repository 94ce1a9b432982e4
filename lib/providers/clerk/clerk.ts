// Clerk: Standard Webhooks, sent by Svix under svix-* headers.
// https://clerk.com/docs/guides/development/webhooks/overview
//
// An event's time is the user's own updated_at, in milliseconds, because Clerk sends out of order. A ban raises it too:
// https://clerk.com/docs/pr/1725/references/backend/user/unban-user shows a later one than that of the ban before it.
// A deletion carries no user any more, so its time is the `timestamp` of the envelope. Older envelopes have none: then our
// clock is used, which does no harm, for a deletion is final.
//
// Every event but a deletion has the whole user, so that a verification stands beside the address that it is about.

import * as v from 'valibot';
import { secrets } from '../../config/settings.ts';
import { verifyStandardWebhooks, webhookSecret } from '../../signatures/standard-webhooks.ts';
import { firstInstant, name, optionalInstant, parseJson, parsePayload } from '../payload.ts';
import { findKind, ignoredEvent, type Kinds, listKinds, type Provider, withUnread } from '../provider.ts';
import { type ClerkUser, clerkUser, toTold } from './user.ts';

const settings = {
  CLERK_SECRETS: secrets(
    "The endpoint's signing secret, whsec_…; several, separated by spaces, while you replace one.",
    webhookSecret,
  ),
};

const envelope = v.object({ type: name(), timestamp: optionalInstant(), data: v.unknown() });

const datedUser = v.object({ ...clerkUser.entries, updated_at: optionalInstant() });

const kinds: Kinds<ClerkUser> = {
  'user.created': { means: 'signed up', tells: toTold },
  'user.updated': {
    means: 'profile changed, e-mail address verified, banned, or let back in',
    tells: toTold,
  },
  'user.deleted': { means: 'deleted', tells: () => ({ deleted: true }) },
};

export const clerk: Provider<typeof settings> = {
  name: 'clerk',
  title: 'Clerk',
  family: 'Standard Webhooks',
  settings,
  mirrored: listKinds(kinds),
  ignored: ['session.*', 'organization.*', 'organizationMembership.*', 'email.created', 'sms.created'],
  answers: 'plain',
  connect({ CLERK_SECRETS }) {
    const verify = verifyStandardWebhooks({ secrets: CLERK_SECRETS });
    return async (request, nowMs) => {
      const id = await verify(request, nowMs);
      const unread = new Set<string>();
      const { type, timestamp, data } = parsePayload(envelope, parseJson(request.body), unread);
      const kind = findKind(kinds, type);
      if (!kind) return [ignoredEvent({ id, kind: type, at: timestamp ?? nowMs })];
      const { data: user } = parsePayload(v.object({ data: datedUser }), { data }, unread);
      const told = kind.tells(user);
      const at = told.deleted ? (timestamp ?? nowMs) : firstInstant(user.updated_at, timestamp);
      return [withUnread({ id, kind: type, reference: user.id, at, told }, unread, data)];
    };
  },
};
