// A user as SCIM writes it: RFC 7643. https://www.rfc-editor.org/rfc/rfc7643#section-4.1

import * as v from 'valibot';
import { isObject } from '../../json.ts';
import type { Told } from '../../user.ts';
import { parsePayload, tell, text } from '../payload.ts';

/** Attributes of a user by their names, in any case. */
export type ScimAttributes = Readonly<Record<string, unknown>>;

const multiValued = v.nullish(v.array(v.object({ value: text(), primary: v.nullish(v.unknown()) })));

// In lower case, because attribute names have no case: RFC 7643, section 2.1.
const scimUser = v.object({
  emails: multiValued,
  phonenumbers: multiValued,
  photos: multiValued,
  name: v.nullish(v.object({ givenname: text(), familyname: text() })),
  locale: text(),
  preferredlanguage: text(),
  timezone: text(),
  // Microsoft Entra sends "True" and "False" as text.
  active: v.nullish(
    v.union([v.boolean(), v.pipe(v.string(), v.toLowerCase(), v.picklist(['true', 'false']))]),
  ),
});

/** What attributes tell; those that are left out are not told. */
export function toTold(attributes: ScimAttributes): Told {
  const { name, active, ...rest } = parsePayload(scimUser, inLowerCase(attributes));
  return tell({
    email: primaryOf(rest.emails),
    phone: primaryOf(rest.phonenumbers),
    firstName: name === null ? null : name?.givenname,
    lastName: name === null ? null : name?.familyname,
    locale: rest.locale === undefined ? rest.preferredlanguage : rest.locale,
    timezone: rest.timezone,
    avatarUrl: primaryOf(rest.photos),
    disabled: active === undefined || active === null ? undefined : String(active) === 'false',
  });
}

type MultiValued = v.InferOutput<typeof multiValued>;

function primaryOf(values: MultiValued): string | null | undefined {
  if (!values) return values;
  const chosen = values.find(({ primary }) => isTrue(primary)) ?? values[0];
  return chosen ? chosen.value : null;
}

/** Some senders write yes and no as text. */
export function isTrue(value: unknown): boolean {
  return value === true || (typeof value === 'string' && value.toLowerCase() === 'true');
}

// As deep as what is read here: a user, and each of its e-mail addresses.
function inLowerCase(attributes: ScimAttributes, levels = 1): ScimAttributes {
  const lower = (value: unknown) => (isObject(value) && levels > 0 ? inLowerCase(value, levels - 1) : value);
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [
      name.toLowerCase(),
      Array.isArray(value) ? value.map(lower) : lower(value),
    ]),
  );
}
