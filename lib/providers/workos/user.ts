// A user as WorkOS writes it: one of AuthKit, in events and in its API, and one of a directory.
// https://workos.com/docs/reference/authkit/user, https://workos.com/docs/reference/directory-sync/directory-user

import * as v from 'valibot';
import type { Told } from '../../user.ts';
import { tell, text, yesNo } from '../payload.ts';

export const workosUser = v.object({
  email: text(),
  email_verified: yesNo(),
  first_name: text(),
  last_name: text(),
  profile_picture_url: text(),
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
  email: text(),
  // Older events have no `email`, but the primary one of these.
  emails: v.nullish(v.array(v.object({ primary: yesNo(), value: text() }))),
  first_name: text(),
  last_name: text(),
  state: v.nullish(v.string()),
});

export function toDirectoryUserTold(user: v.InferOutput<typeof workosDirectoryUser>): Told {
  const primary = user.emails?.find(({ primary }) => primary)?.value;
  return tell({
    email: user.email === undefined ? primary : user.email,
    firstName: user.first_name,
    lastName: user.last_name,
    // `inactive`, and the older `suspended`: https://workos.com/changelog/directory-sync-user-state-consolidation
    disabled: user.state ? user.state !== 'active' : undefined,
  });
}
