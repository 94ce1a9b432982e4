// A user as Clerk's webhooks send it and its Backend API lists it.
// https://clerk.com/docs/reference/backend/types/backend-user

import * as v from 'valibot';
import type { Told } from '../../user.ts';
import { reference, tell, text, yesNo } from '../payload.ts';

export const clerkUser = v.object({
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

export type ClerkUser = v.InferOutput<typeof clerkUser>;

export function toTold(user: ClerkUser): Told {
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

// `locked` is not read: the lock ends by itself after a while, and no event says so.
function toDisabled({ banned, deprovisioned }: ClerkUser): boolean | undefined {
  return banned === undefined && deprovisioned === undefined
    ? undefined
    : banned === true || deprovisioned === true;
}
