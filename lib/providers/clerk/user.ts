// A user as Clerk's webhooks send it and its Backend API lists it.
// https://clerk.com/docs/reference/backend/types/backend-user

import * as v from 'valibot';
import type { Told } from '../../user.ts';
import {
  emailAddress,
  isUnread,
  list,
  object,
  reference,
  tell,
  text,
  webAddress,
  yesNo,
} from '../payload.ts';

export const clerkUser = v.object({
  id: reference(),
  first_name: text(),
  last_name: text(),
  image_url: webAddress(),
  locale: text(),
  timezone: text(),
  banned: yesNo(),
  deprovisioned: yesNo(),
  primary_email_address_id: v.nullish(v.string()),
  email_addresses: v.nullish(
    list(
      object({
        id: v.nullish(v.string()),
        email_address: emailAddress(),
        verification: v.nullish(object({ status: v.nullish(v.string()) })),
      }),
    ),
    [],
  ),
  primary_phone_number_id: v.nullish(v.string()),
  phone_numbers: v.nullish(list(object({ id: v.nullish(v.string()), phone_number: text() })), []),
});

export type ClerkUser = v.InferOutput<typeof clerkUser>;

export function toTold(user: ClerkUser): Told {
  const email = user.email_addresses.find(({ id }) => id && id === user.primary_email_address_id);
  const phone = user.phone_numbers.find(({ id }) => id && id === user.primary_phone_number_id);
  return tell({
    email: user.primary_email_address_id === null ? null : email?.email_address,
    emailVerified: email && toVerified(email),
    phone: user.primary_phone_number_id === null ? null : phone?.phone_number,
    firstName: user.first_name,
    lastName: user.last_name,
    avatarUrl: user.image_url,
    locale: user.locale,
    timezone: user.timezone,
    disabled: toDisabled(user),
  });
}

function toVerified(email: ClerkUser['email_addresses'][number]): boolean | undefined {
  const { verification } = email;
  if (isUnread(email, 'verification') || (verification && isUnread(verification, 'status'))) return undefined;
  return verification?.status === 'verified';
}

// `locked` is not read: the lock ends by itself after a while, and no event says so.
function toDisabled(user: ClerkUser): boolean | undefined {
  if (user.banned || user.deprovisioned) return true;
  // Of the two one alone lets nobody in, where the other can't be read.
  if (isUnread(user, 'banned') || isUnread(user, 'deprovisioned')) return undefined;
  return user.banned ?? user.deprovisioned;
}
