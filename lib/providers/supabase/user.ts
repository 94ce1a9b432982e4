// A user as a row of auth.users, and as the auth server writes it; they differ in the name of the metadata.
// https://github.com/supabase/auth/blob/master/internal/models/user.go

import * as v from 'valibot';
import type { Told } from '../../user.ts';
import { reference, tell, text } from '../payload.ts';

/** Users write their metadata themselves: a value that is not text is not told, and the rest still is. */
function unsafeText() {
  return v.fallback(text(), undefined);
}

export const supabaseMetadata = v.fallback(
  v.object({
    first_name: unsafeText(),
    given_name: unsafeText(),
    last_name: unsafeText(),
    family_name: unsafeText(),
    avatar_url: unsafeText(),
    picture: unsafeText(),
    locale: unsafeText(),
    zoneinfo: unsafeText(),
  }),
  {},
);

export const supabaseUser = v.object({
  id: reference(),
  email: text(),
  phone: text(),
  email_confirmed_at: text(),
  deleted_at: text(),
  banned_until: text(),
});

type User = v.InferOutput<typeof supabaseUser>;
type Metadata = v.InferOutput<typeof supabaseMetadata>;

/** What a user tells, as of `at`, in milliseconds. */
export function toTold(user: User, metadata: Metadata, at: number): Told {
  // A soft deletion makes the rest of the user unrecognizable.
  if (user.deleted_at) return { deleted: true };
  return tell({
    email: user.email,
    phone: toPhone(user.phone),
    emailVerified: Boolean(user.email_confirmed_at),
    ...toMetadataTold(metadata),
    disabled: isBanned(user.banned_until, at),
  });
}

/** The part of a profile that is in the metadata, by the app's own names or those of OpenID Connect. */
export function toMetadataTold(metadata: Metadata): Told {
  return tell({
    firstName: metadata.first_name ?? metadata.given_name,
    lastName: metadata.last_name ?? metadata.family_name,
    avatarUrl: metadata.avatar_url ?? metadata.picture,
    locale: metadata.locale,
    timezone: metadata.zoneinfo,
  });
}

// Supabase stores it without the plus sign that E.164 begins with.
function toPhone(phone: string | null | undefined): string | null | undefined {
  return phone && /^[1-9]\d+$/.test(phone) ? `+${phone}` : phone;
}

// A ban ends by itself, and no event says so; but the next sign-in rewrites the row, and its event shows it.
function isBanned(until: string | null | undefined, at: number): boolean {
  if (!until) return false;
  const untilMs = Date.parse(until);
  return Number.isNaN(untilMs) ? until !== '-infinity' : untilMs > at;
}
