// A user as WorkOS writes it: one of AuthKit, in events and in its API, and one of a directory.
// https://workos.com/docs/reference/authkit/user, https://workos.com/docs/reference/directory-sync/directory-user

import * as v from 'valibot';
import type { Told } from '../../user.ts';
import { emailAddress, isUnread, list, object, tell, text, webAddress, yesNo } from '../payload.ts';

export const workosUser = v.object({
  email: emailAddress(),
  email_verified: yesNo(),
  first_name: text(),
  last_name: text(),
  profile_picture_url: webAddress(),
  locale: text(),
});

export function toTold(user: v.InferOutput<typeof workosUser>): Told {
  return tell({
    email: user.email,
    emailVerified: user.email_verified,
    firstName: user.first_name,
    lastName: user.last_name,
    avatarUrl: user.profile_picture_url,
    locale: user.locale,
  });
}

export const workosDirectoryUser = v.object({
  email: emailAddress(),
  // Older events have no `email`, or null, but the primary one of these.
  emails: v.nullish(list(object({ primary: yesNo(), value: emailAddress() }))),
  first_name: text(),
  last_name: text(),
  // `inactive`, and the older `suspended`: https://workos.com/changelog/directory-sync-user-state-consolidation
  state: v.nullish(v.picklist(['active', 'inactive', 'suspended'])),
});

export function toDirectoryUserTold(user: v.InferOutput<typeof workosDirectoryUser>): Told {
  return tell({
    email: user.email || findPrimary(user),
    firstName: user.first_name,
    lastName: user.last_name,
    disabled: user.state ? user.state !== 'active' : undefined,
  });
}

/** Emptied only where neither member has an address, and both can be read. */
function findPrimary(user: v.InferOutput<typeof workosDirectoryUser>): string | null | undefined {
  const primary = user.emails?.find(({ primary }) => primary);
  return primary || isUnread(user, 'emails') ? primary?.value : user.email;
}
