// A user as FusionAuth writes it, in events and in its API. https://fusionauth.io/docs/apis/users

import * as v from 'valibot';
import { isSameAddress, type Told } from '../../user.ts';
import { emailAddress, list, object, reference, tell, text, webAddress, yesNo } from '../payload.ts';

/** The members whose emptying shows in an event; `verified` and `active` are never empty. */
export const fusionauthProfile = v.object({
  email: emailAddress(),
  mobilePhone: text(),
  firstName: text(),
  lastName: text(),
  timezone: text(),
  imageUrl: webAddress(),
  preferredLanguages: v.nullish(list(text())),
});

export const fusionauthUser = v.object({
  id: reference(),
  verified: yesNo(),
  active: yesNo(),
  identities: v.nullish(
    list(object({ type: v.nullish(v.string()), value: emailAddress(), verified: yesNo() })),
  ),
  ...fusionauthProfile.entries,
});

type FusionauthUser = Partial<v.InferOutput<typeof fusionauthUser>>;

export function toTold(user: FusionauthUser): Told {
  const { preferredLanguages: languages } = user;
  return tell({
    email: user.email,
    phone: user.mobilePhone,
    firstName: user.firstName,
    lastName: user.lastName,
    // A first language that can't be read is not the lack of one.
    locale: languages?.length ? languages[0] : languages && null,
    timezone: user.timezone,
    avatarUrl: user.imageUrl,
    emailVerified: toVerified(user),
    disabled: user.active === undefined ? undefined : !user.active,
  });
}

// Since 1.59 each identity says whether it is verified, and `verified` is deprecated.
// https://fusionauth.io/docs/apis/identities
function toVerified({ email, identities, verified }: FusionauthUser): boolean | undefined {
  const addresses = identities?.filter(({ type }) => type === 'email') ?? [];
  if (addresses.length === 0) return verified;
  return addresses.find(({ value }) => value && email && isSameAddress(value, email))?.verified;
}
