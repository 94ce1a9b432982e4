// A user of Kratos, an identity, with the traits that docs/kratos.jsonnet names.
// https://www.ory.sh/docs/kratos/manage-identities/overview

import * as v from 'valibot';
import { isSameAddress, type Told } from '../../user.ts';
import { emailAddress, list, object, reference, tell, text, webAddress, yesNo } from '../payload.ts';

const address = object({
  via: v.nullish(v.string()),
  value: emailAddress(),
  verified: yesNo(),
  verified_at: v.optional(v.unknown()),
});

export const kratosIdentity = v.object({
  id: reference(),
  state: v.nullish(v.string()),
  updated_at: v.optional(v.unknown()),
  verifiable_addresses: v.nullish(list(address), []),
  traits: v.nullish(
    object({
      email: emailAddress(),
      phone: text(),
      first_name: text(),
      last_name: text(),
      locale: text(),
      timezone: text(),
      avatar_url: webAddress(),
    }),
    {},
  ),
});

export type KratosIdentity = v.InferOutput<typeof kratosIdentity>;

export function toTold({ state, verifiable_addresses: addresses, traits }: KratosIdentity): Told {
  const email = traits.email === undefined ? findSole(addresses, 'email') : traits.email;
  return tell({
    email,
    emailVerified: addresses.find(({ via, value }) => via === 'email' && isSame(value, email))?.verified,
    phone: traits.phone === undefined ? findSole(addresses, 'sms') : traits.phone,
    firstName: traits.first_name,
    lastName: traits.last_name,
    locale: traits.locale,
    timezone: traits.timezone,
    avatarUrl: traits.avatar_url,
    disabled: state === 'inactive' || (state === 'active' ? false : undefined),
  });
}

type Address = v.InferOutput<typeof address>;

/** The only address of its sort; of several, nothing says which is the user's. */
function findSole(addresses: readonly Address[], via: string): string | undefined {
  const [sole, ...others] = addresses.filter((address) => address.via === via && address.value);
  return others.length === 0 ? (sole?.value ?? undefined) : undefined;
}

// Kratos keeps addresses in lower case, and traits as they were typed. Of an address that is not the trait nothing is told.
function isSame(value: string | null | undefined, email: string | null | undefined): boolean {
  return Boolean(value && email && isSameAddress(value, email.trim()));
}
