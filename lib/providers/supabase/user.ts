// A user as a row of auth.users, and as the auth server writes it; they differ in the name of the metadata.
// https://github.com/supabase/auth/blob/master/internal/models/user.go
//
// Both have the address beside its verification. The metadata are the user's to write. Names come from first_name and
// last_name, or given_name and family_name: what a provider such as Google gives is a full_name alone, which is not told,
// for nothing says where it is to be parted.

import * as v from 'valibot';
import type { Told } from '../../user.ts';
import { emailAddress, isUnread, object, reference, tell, text, toInstant, webAddress } from '../payload.ts';

export const supabaseMetadata = v.nullish(
  object({
    first_name: text(),
    given_name: text(),
    last_name: text(),
    family_name: text(),
    avatar_url: webAddress(),
    picture: webAddress(),
    locale: text(),
    zoneinfo: text(),
  }),
);

export const supabaseUser = v.object({
  id: reference(),
  email: emailAddress(),
  phone: text(),
  email_confirmed_at: moment(toInstant),
  deleted_at: moment(toInstant),
  banned_until: moment(toEnd),
});

type User = Omit<v.InferOutput<typeof supabaseUser>, 'id'>;
type Metadata = v.InferOutput<typeof supabaseMetadata>;

/** What a user tells, as of `at`, in milliseconds. A column that is not there tells nothing. */
export function toTold(user: User, metadata: Metadata, at: number): Told {
  // A soft deletion makes the rest of the user unrecognizable. It is one though its time can't be read.
  if (user.deleted_at || isUnread(user, 'deleted_at')) return { deleted: true };
  return tell({
    email: user.email,
    phone: toPhone(user.phone),
    emailVerified: user.email_confirmed_at === undefined ? undefined : Boolean(user.email_confirmed_at),
    ...toMetadataTold(metadata),
    // A ban ends by itself, and no event says so; but the next sign-in rewrites the row, and its event shows it.
    disabled: user.banned_until === undefined ? undefined : (toEnd(user.banned_until) ?? 0) > at,
  });
}

/** The part of a profile that is in the metadata, by the app's own names or those of OpenID Connect. */
function toMetadataTold(metadata: Metadata): Told {
  return tell({
    firstName: metadata?.first_name ?? metadata?.given_name,
    lastName: metadata?.last_name ?? metadata?.family_name,
    avatarUrl: metadata?.avatar_url ?? metadata?.picture,
    locale: metadata?.locale,
    timezone: metadata?.zoneinfo,
  });
}

/** What the metadata had before and have no more: an emptied member is missing. */
export function toEmptiedTold(before: Metadata, now: Metadata): Told {
  if (now === undefined) return {};
  const had = toMetadataTold(before);
  const isGone = (name: keyof Told, ...members: string[]) =>
    name in had && members.every((member) => !(member in (now ?? {}))) ? null : undefined;
  return tell({
    firstName: isGone('firstName', 'first_name', 'given_name'),
    lastName: isGone('lastName', 'last_name', 'family_name'),
    avatarUrl: isGone('avatarUrl', 'avatar_url', 'picture'),
    locale: isGone('locale', 'locale'),
    timezone: isGone('timezone', 'zoneinfo'),
  });
}

/** A text that stands for a moment; empty where there is none. */
function moment(toMs: (text: string) => number | undefined) {
  return v.nullish(
    v.pipe(
      v.string(),
      v.check((text) => text === '' || toMs(text) !== undefined),
    ),
  );
}

/** When something ends, in milliseconds. PostgreSQL has ends that never come, and years of more than four digits. */
function toEnd(text: string | null | undefined): number | undefined {
  if (text === 'infinity' || /^\d{5,6}-\d\d-\d\dT/.test(text ?? '')) return Number.POSITIVE_INFINITY;
  return text === '-infinity' ? Number.NEGATIVE_INFINITY : toInstant(text);
}

// Supabase stores it without the plus sign that E.164 begins with.
function toPhone(phone: string | null | undefined): string | null | undefined {
  return phone && /^[1-9]\d+$/.test(phone) ? `+${phone}` : phone;
}
