// Stytch, both its consumer users and its B2B members: Standard Webhooks, sent by Svix under svix-* headers.
// https://stytch.com/docs/workspace-management/webhooks
//
// An event's time is its own `timestamp`, for users and members have none. Names of events are given here without
// their source (direct, dashboard or scim). A full name is not taken apart.

import * as v from 'valibot';
import { secrets } from '../../config/settings.ts';
import { verifyStandardWebhooks, webhookSecret } from '../../signatures/standard-webhooks.ts';
import type { Told } from '../../user.ts';
import { instant, name, parseJson, parsePayload, reference, tell, text, yesNo } from '../payload.ts';
import { findKind, ignoredEvent, type Kinds, listKinds, type Provider } from '../provider.ts';

const settings = {
  STYTCH_SECRETS: secrets(
    "The endpoint's signing secret, whsec_…; several, separated by spaces, while you replace one.",
    webhookSecret,
  ),
};

const envelope = v.object({
  event_id: name(),
  object_type: name(),
  action: name(),
  timestamp: instant(),
  user: v.optional(v.unknown()),
  member: v.optional(v.unknown()),
});

const user = v.object({
  name: v.nullish(v.object({ first_name: text(), last_name: text() })),
  emails: v.nullish(v.array(v.object({ email: text(), verified: yesNo() }))),
  phone_numbers: v.nullish(v.array(v.object({ phone_number: text(), verified: yesNo() }))),
});

const member = v.object({
  email_address: text(),
  email_address_verified: yesNo(),
  status: v.nullish(v.string()),
});

type Objects = { readonly user: unknown; readonly member: unknown };

const kinds: Kinds<Objects> = {
  'user.create': { means: 'signed up', tells: toUserTold },
  'user.update': { means: 'profile changed, or e-mail address verified', tells: toUserTold },
  'user.delete': { means: 'deleted', tells: () => ({ deleted: true }) },
  'member.create': { means: 'joined an organization', tells: toMemberTold },
  'member.update': {
    means: 'profile changed, e-mail address verified, or let back in',
    tells: toMemberTold,
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
      const { event_id: id, timestamp: at, ...event } = parsePayload(envelope, payload);
      const type = `${event.object_type}.${event.action.toLowerCase()}`;
      const kind = findKind(kinds, type);
      if (!kind) return [ignoredEvent({ id, kind: type, at })];
      const subject = parsePayload(v.object({ id: reference() }), payload);
      const told = kind.tells({ user: event.user, member: event.member });
      return [{ id, kind: type, reference: subject.id, at, told }];
    };
  },
};

// `is_locked` is left alone: it lifts itself after a while, and no event says so.
function toUserTold(objects: Objects): Told {
  const { name, emails, phone_numbers: phones } = parsePayload(v.object({ user }), objects).user;
  // None of them is marked as the first one.
  const email = emails?.find(({ verified }) => verified) ?? emails?.[0];
  const phone = phones?.find(({ verified }) => verified) ?? phones?.[0];
  return tell({
    email: emails?.length === 0 ? null : email?.email,
    emailVerified: email?.verified,
    phone: phones?.length === 0 ? null : phone?.phone_number,
    firstName: name?.first_name,
    lastName: name?.last_name,
  });
}

function toMemberTold(objects: Objects): Told {
  const { email_address, email_address_verified, status } = parsePayload(
    v.object({ member }),
    objects,
  ).member;
  return tell({
    email: email_address,
    emailVerified: email_address_verified,
    disabled: typeof status === 'string' ? status === 'deleted' : undefined,
  });
}
