// A consumer user and a B2B member as Stytch writes them. A full name is not taken apart.
// https://stytch.com/docs/api/user-object, https://stytch.com/docs/b2b/api/member-object

import * as v from 'valibot';
import type { Told } from '../../user.ts';
import { emailAddress, isUnread, list, object, tell, text, yesNo } from '../payload.ts';

export const stytchUser = v.object({
  name: v.nullish(object({ first_name: text(), last_name: text() })),
  emails: v.nullish(list(object({ email: emailAddress(), verified: yesNo() }))),
  phone_numbers: v.nullish(list(object({ phone_number: text(), verified: yesNo() }))),
});

/** `is_locked` is not read: the lock ends by itself after a while, and no event says so. */
export function toUserTold(user: v.InferOutput<typeof stytchUser>): Told {
  const { name, emails, phone_numbers: phones } = user;
  const email = choose(emails);
  const phone = choose(phones);
  return tell({
    email: emails?.length === 0 ? null : email?.email,
    emailVerified: email?.verified,
    phone: phones?.length === 0 ? null : phone?.phone_number,
    firstName: name?.first_name,
    lastName: name?.last_name,
  });
}

/** None of them is marked as the first one: the first that is verified, where that can be read of those before it. */
function choose<const Entry extends { readonly verified?: boolean | undefined }>(
  entries: readonly Entry[] | null | undefined,
): Entry | undefined {
  const chosen = entries?.find((entry) => entry.verified || isUnread(entry, 'verified')) ?? entries?.[0];
  return chosen && isUnread(chosen, 'verified') && entries?.length !== 1 ? undefined : chosen;
}

// https://stytch.com/docs/b2b/api/member-object
const statuses = ['pending', 'invited', 'active', 'deleted'] as const;

export const stytchMember = v.object({
  email_address: emailAddress(),
  email_address_verified: yesNo(),
  status: v.nullish(v.picklist(statuses)),
});

export function toMemberTold(member: v.InferOutput<typeof stytchMember>): Told {
  const { email_address, email_address_verified, status } = member;
  return tell({
    email: email_address,
    emailVerified: email_address_verified,
    disabled: status ? status === 'deleted' : undefined,
  });
}
