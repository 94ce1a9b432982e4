// A user as SCIM writes it: RFC 7643. https://www.rfc-editor.org/rfc/rfc7643#section-4.1

import * as v from 'valibot';
import { isObject } from '../../json.ts';
import type { Told } from '../../user.ts';
import {
  emailAddress,
  isUnread,
  list,
  object,
  parsePayload,
  tell,
  text,
  webAddress,
  yesNo,
} from '../payload.ts';

/** Attributes of a user by their names in lower case, for they have no case: RFC 7643, section 2.1. */
export type ScimAttributes = Readonly<Record<string, unknown>>;

const scimUser = v.object({
  emails: multiValued(emailAddress()),
  phonenumbers: multiValued(text()),
  photos: multiValued(webAddress()),
  name: v.nullish(object({ givenname: text(), familyname: text() })),
  locale: text(),
  preferredlanguage: text(),
  timezone: text(),
  active: yesNo(),
});

/** The attributes that are mirrored. */
export const attributeNames: ReadonlySet<string> = new Set(Object.keys(scimUser.entries));

/** Those of them that have several values. */
export const multiValuedNames = ['emails', 'phonenumbers', 'photos'] as const;

function multiValued<const Value extends v.GenericSchema<unknown, string | null | undefined>>(value: Value) {
  return v.nullish(list(object({ value, primary: yesNo(), type: v.nullish(v.string()) })));
}

/** What attributes tell; those that are left out are not told, and those that can't be read go to `unread`. */
export function toTold(attributes: ScimAttributes, unread: Set<string>): Told {
  const { name, ...user } = parsePayload(v.object({ data: scimUser }), { data: attributes }, unread).data;
  for (const name of multiValuedNames) {
    if (user[name]?.length && primaryOf(user[name]) === undefined) unread.add(`data.${name}`);
  }
  return tell({
    email: primaryOf(user.emails),
    phone: primaryOf(user.phonenumbers),
    firstName: name === null ? null : name?.givenname,
    lastName: name === null ? null : name?.familyname,
    locale: user.locale === undefined ? user.preferredlanguage : user.locale,
    timezone: user.timezone,
    avatarUrl: primaryOf(user.photos),
    disabled: user.active === undefined ? undefined : !user.active,
  });
}

type MultiValued = v.InferOutput<typeof scimUser.entries.emails>;

/** The user's value: the primary one, or the first that is not of their home, where none can be primary unseen. */
function primaryOf(values: MultiValued): string | null | undefined {
  if (!values) return values;
  const primary = values.find(({ primary }) => primary);
  if (primary) return primary.value;
  if (values.some((entry) => isUnread(entry, 'primary'))) return undefined;
  return values.length === 0 ? null : values.find((entry) => !isOfHome(entry))?.value;
}

/** Whether a value is of the user's home, or may be: it never stands for the primary one. */
export function isOfHome(entry: { readonly type?: unknown }): boolean {
  const { type } = entry;
  return isUnread(entry, 'type') || (typeof type === 'string' && type.toLowerCase() === 'home');
}

/** Some senders write yes and no as text. */
export function isTrue(value: unknown): boolean {
  return value === true || (typeof value === 'string' && value.toLowerCase() === 'true');
}

/** The attributes and those within them, such as of each e-mail address, with their names in lower case. */
export function inLowerCase(value: unknown): unknown {
  if (Array.isArray(value))
    return value.map((element) => (isObject(element) ? lowerNames(element) : element));
  return isObject(value) ? lowerNames(value) : value;
}

export function lowerNames(attributes: ScimAttributes): ScimAttributes {
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name.toLowerCase(), value]));
}
