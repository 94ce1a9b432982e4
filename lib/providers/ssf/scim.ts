// What SCIM events tell of a user: RFC 9967 for the events, RFC 7643 for the user, RFC 7644 for patches.

import * as v from 'valibot';
import { isObject } from '../../json.ts';
import type { Told } from '../../user.ts';
import { parsePayload, tell, text } from '../payload.ts';

/** A SCIM event's payload, as found under its URN. */
export type ScimPayload = Readonly<Record<string, unknown>>;

/** What a user's attributes tell; those that are left out are not told. */
export function userTold({ data }: ScimPayload): Told {
  return toTold(parsePayload(v.object({ data: v.record(v.string(), v.unknown()) }), { data }).data);
}

/** What the operations of a patch tell together, each later one over the earlier. */
export function patchTold({ data }: ScimPayload): Told {
  const { Operations } = parsePayload(v.object({ data: patch }), { data }).data;
  const told: Told = {};
  for (const operation of Operations) Object.assign(told, toTold(toAttributes(operation)));
  return told;
}

const patch = v.object({
  Operations: v.array(
    v.object({
      op: v.pipe(v.string(), v.toLowerCase()),
      path: v.nullish(v.string()),
      value: v.optional(v.unknown()),
    }),
  ),
});

type Operation = v.InferOutput<typeof patch>['Operations'][number];
type Attributes = Readonly<Record<string, unknown>>;

// Attribute names are compared without regard to case: RFC 7643, section 2.1.
const multiValued = v.nullish(v.array(v.object({ value: text(), primary: v.nullish(v.unknown()) })));

const user = v.object({
  emails: multiValued,
  phonenumbers: multiValued,
  photos: multiValued,
  name: v.nullish(v.object({ givenname: text(), familyname: text() })),
  locale: text(),
  preferredlanguage: text(),
  timezone: text(),
  // Microsoft Entra is known to send "True" and "False" as text.
  active: v.nullish(
    v.union([v.boolean(), v.pipe(v.string(), v.toLowerCase(), v.picklist(['true', 'false']))]),
  ),
});

function toTold(attributes: Attributes): Told {
  const { name, active, ...rest } = parsePayload(user, inLowerCase(attributes));
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

function isTrue(value: unknown): boolean {
  return value === true || (typeof value === 'string' && value.toLowerCase() === 'true');
}

/** The attributes that an operation sets, as a user of just those. */
function toAttributes({ op, path, value }: Operation): Attributes {
  if (!path) return isObject(value) ? value : {};
  const [, attribute = '', filter, part] = pathPattern.exec(path.toLowerCase()) ?? [];
  const set = op === 'remove' ? null : value;
  if (!multiValuedNames.includes(attribute)) return { [attribute]: part ? { [part]: set } : set };
  if (filter)
    return /^primary eq "?true"?$/.test(filter) && part === 'value' ? { [attribute]: toPrimary(set) } : {};
  const values = set === null ? null : [set].flat();
  // What is added beside others is the user's address only where it says so itself.
  const isKept = (entry: unknown) => op !== 'add' || (isObject(entry) && isTrue(entry.primary));
  const kept = values?.filter(isKept);
  return part || kept?.length === 0 ? {} : { [attribute]: kept ?? null };
}

const multiValuedNames = ['emails', 'phonenumbers', 'photos'];

// attribute[filter].part, with the schema's URN before it or not.
const pathPattern =
  /^(?:urn:ietf:params:scim:schemas:core:2\.0:user:)?([a-z$_-]+)(?:\[(.*)\])?(?:\.([a-z$_-]+))?$/;

function toPrimary(value: unknown): unknown {
  return value === null ? null : [{ value, primary: true }];
}

// As deep as what is read here: a user, its e-mail addresses, one of them.
function inLowerCase(attributes: Attributes, levels = 1): Attributes {
  const lower = (value: unknown) => (isObject(value) && levels > 0 ? inLowerCase(value, levels - 1) : value);
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [
      name.toLowerCase(),
      Array.isArray(value) ? value.map(lower) : lower(value),
    ]),
  );
}
