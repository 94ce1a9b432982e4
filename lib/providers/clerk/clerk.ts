// Clerk: Standard Webhooks, sent by Svix under svix-* headers.
// https://clerk.com/docs/guides/development/webhooks/overview
//
// An event's time is the user's own updated_at, in milliseconds, because Clerk sends out of order. A ban raises it too:
// https://clerk.com/docs/pr/1725/references/backend/user/unban-user shows a later one than that of the ban before it.
// A deletion carries no user any more, so its time is the `timestamp` of the envelope.

import * as v from 'valibot';
import { secrets } from '../../config/settings.ts';
import { verifyStandardWebhooks, webhookSecret } from '../../signatures/standard-webhooks.ts';
import { instant, name, parseJson, parsePayload } from '../payload.ts';
import { findKind, ignoredEvent, type Kinds, listKinds, type Provider } from '../provider.ts';
import { type ClerkUser, clerkUser, toTold } from './user.ts';

const settings = {
  CLERK_SECRETS: secrets(
    "The endpoint's signing secret, whsec_…; several, separated by spaces, while you replace one.",
    webhookSecret,
  ),
};

const envelope = v.object({ type: name(), timestamp: instant(), data: v.unknown() });

const updated = v.object({ updated_at: instant() });

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
      const { type, timestamp, data } = parsePayload(envelope, parseJson(request.body));
      const kind = findKind(kinds, type);
      if (!kind) return [ignoredEvent({ id, kind: type, at: timestamp })];
      const user = parsePayload(clerkUser, data);
      const told = kind.tells(user);
      const at = told.deleted ? timestamp : parsePayload(updated, data).updated_at;
      return [{ id, kind: type, reference: user.id, at, told }];
    };
  },
};
