// Clerk: Standard Webhooks, sent by Svix under svix-* headers.
// https://clerk.com/docs/guides/development/webhooks/overview
//
// An event's time is the user's own updated_at, in milliseconds, for Clerk sends out of order. A ban raises it as well:
// https://clerk.com/docs/pr/1725/references/backend/user/unban-user shows a later one than that of the ban before it.
// A deletion, which has no user any more, has only the `timestamp` of its envelope.

import * as v from 'valibot';
import { secrets } from '../../config/settings.ts';
import { verifyStandardWebhooks, webhookSecret } from '../../signatures/standard-webhooks.ts';
import type { Told } from '../../user.ts';
import { instant, name, parseJson, parsePayload, reference, tell, text, yesNo } from '../payload.ts';
import { findKind, ignoredEvent, type Kinds, listKinds, type Provider } from '../provider.ts';

const settings = {
  CLERK_SECRETS: secrets(
    "The endpoint's signing secret, whsec_…; several, separated by spaces, while you replace one.",
    webhookSecret,
  ),
};

const envelope = v.object({ type: name(), timestamp: instant(), data: v.unknown() });

export const user = v.object({
  id: reference(),
  first_name: text(),
  last_name: text(),
  image_url: text(),
  locale: text(),
  timezone: text(),
  banned: yesNo(),
  deprovisioned: yesNo(),
  primary_email_address_id: v.nullish(v.string()),
  email_addresses: v.nullish(
    v.array(
      v.object({
        id: v.nullish(v.string()),
        email_address: text(),
        verification: v.nullish(v.object({ status: v.nullish(v.string()) })),
      }),
    ),
    [],
  ),
  primary_phone_number_id: v.nullish(v.string()),
  phone_numbers: v.nullish(v.array(v.object({ id: v.nullish(v.string()), phone_number: text() })), []),
});

type User = v.InferOutput<typeof user>;

const kinds: Kinds<User> = {
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
      const subject = parsePayload(user, data);
      const told = kind.tells(subject);
      const at = told.deleted
        ? timestamp
        : parsePayload(v.object({ updated_at: instant() }), data).updated_at;
      return [{ id, kind: type, reference: subject.id, at, told }];
    };
  },
};

export function toTold(user: User): Told {
  const email = user.email_addresses.find(({ id }) => id === user.primary_email_address_id);
  const phone = user.phone_numbers.find(({ id }) => id === user.primary_phone_number_id);
  return tell({
    email: user.primary_email_address_id === null ? null : email?.email_address,
    emailVerified: email && email.verification?.status === 'verified',
    phone: user.primary_phone_number_id === null ? null : phone?.phone_number,
    firstName: user.first_name,
    lastName: user.last_name,
    avatarUrl: user.image_url,
    locale: user.locale,
    timezone: user.timezone,
    disabled: toDisabled(user),
  });
}

// `locked` is left alone: it lifts itself after a while, and no event says so.
function toDisabled({ banned, deprovisioned }: User): boolean | undefined {
  return banned === undefined && deprovisioned === undefined
    ? undefined
    : banned === true || deprovisioned === true;
}
