// Stytch, both its consumer users and its B2B members: Standard Webhooks, sent by Svix under svix-* headers.
// https://stytch.com/docs/workspace-management/webhooks
//
// An event's time is its own `timestamp`, because users and members have none. Names of events are given here without
// their source (direct, dashboard or scim).
//
// Every event but a deletion has the whole user or member, so that what is verified stands beside the address.

import * as v from 'valibot';
import { secrets } from '../../config/settings.ts';
import { memberOf } from '../../json.ts';
import { verifyStandardWebhooks, webhookSecret } from '../../signatures/standard-webhooks.ts';
import { eventId, instant, name, object, parseJson, parsePayload, reference } from '../payload.ts';
import { findKind, ignoredEvent, type Kinds, listKinds, type Provider, withUnread } from '../provider.ts';
import { stytchMember, stytchUser, toMemberTold, toUserTold } from './user.ts';

const settings = {
  STYTCH_SECRETS: secrets(
    "The endpoint's signing secret, whsec_…; several, separated by spaces, while you replace one.",
    webhookSecret,
  ),
};

const envelope = v.object({
  event_id: eventId(),
  object_type: name(),
  action: name(),
  timestamp: instant(),
});

const change = v.object({
  id: reference(),
  user: v.optional(object(stytchUser.entries), {}),
  member: v.optional(object(stytchMember.entries), {}),
});

const kinds: Kinds<v.InferOutput<typeof change>> = {
  'user.create': { means: 'signed up', tells: ({ user }) => toUserTold(user) },
  'user.update': {
    means: 'profile changed, or e-mail address verified',
    tells: ({ user }) => toUserTold(user),
  },
  'user.delete': { means: 'deleted', tells: () => ({ deleted: true }) },
  'member.create': { means: 'joined an organization', tells: ({ member }) => toMemberTold(member) },
  'member.update': {
    means: 'profile changed, e-mail address verified, or let back in',
    tells: ({ member }) => toMemberTold(member),
  },
  // A member's record stays, and can be reactivated: https://stytch.com/docs/b2b/api/reactivate-member
  'member.delete': { means: 'disabled', tells: () => ({ disabled: true }) },
};

export const stytch: Provider<typeof settings> = {
  name: 'stytch',
  title: 'Stytch',
  family: 'Standard Webhooks',
  settings,
  mirrored: listKinds(kinds),
  ignored: ['organization.*', 'saml_connection.*', 'oidc_connection.*', 'scim_connection.*'],
  answers: 'plain',
  connect({ STYTCH_SECRETS }) {
    const verify = verifyStandardWebhooks({ secrets: STYTCH_SECRETS });
    return async (request, nowMs) => {
      await verify(request, nowMs);
      const payload = parseJson(request.body);
      const unread = new Set<string>();
      const { event_id: id, timestamp: at, ...event } = parsePayload(envelope, payload, unread);
      const type = `${event.object_type}.${event.action.toLowerCase()}`;
      const kind = findKind(kinds, type);
      if (!kind) return [ignoredEvent({ id, kind: type, at })];
      const changed = parsePayload(change, payload, unread);
      const told = kind.tells(changed);
      return [
        withUnread(
          { id, kind: type, reference: changed.id, at, told },
          unread,
          memberOf(payload, event.object_type.toLowerCase()),
        ),
      ];
    };
  },
};
