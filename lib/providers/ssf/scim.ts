// What SCIM events tell about a user: RFC 9967 for the events, RFC 7644 for patches.

import * as v from 'valibot';
import { isObject } from '../../json.ts';
import type { Told } from '../../user.ts';
import { parsePayload } from '../payload.ts';
import { isTrue, type ScimAttributes, toTold } from './user.ts';

/** A SCIM event's payload, which stands under its URN. */
export type ScimPayload = Readonly<Record<string, unknown>>;

/** What an event with a user's attributes tells. */
export function toUserTold({ data }: ScimPayload): Told {
  return toTold(parsePayload(v.object({ data: v.record(v.string(), v.unknown()) }), { data }).data);
}

/** What the operations of a patch tell together: each overrides those before it. */
export function toPatchTold({ data }: ScimPayload): Told {
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

/** The attributes that an operation sets, as a user with nothing else. */
function toAttributes({ op, path, value }: Operation): ScimAttributes {
  if (!path) return isObject(value) ? value : {};
  const [, attribute = '', filter, part] = pathPattern.exec(path.toLowerCase()) ?? [];
  const set = op === 'remove' ? null : value;
  if (!multiValuedNames.includes(attribute)) return { [attribute]: part ? { [part]: set } : set };
  if (filter)
    return /^primary eq "?true"?$/.test(filter) && part === 'value' ? { [attribute]: toPrimary(set) } : {};
  const values = set === null ? null : [set].flat();
  // An address added beside others is the user's only where it says so itself.
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
