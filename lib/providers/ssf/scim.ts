// What SCIM events tell about a user: RFC 9967 for the events, RFC 7644 for patches.
//
// An event with a whole user is read as the patch that replaces every attribute. What a patch does to a user can depend on
// what the user has, which is not known here: such as which address is the primary one, where a patch changes that of their
// work. That is not told, and its attribute's name says that the event leaves something out.

import * as v from 'valibot';
import { isObject } from '../../json.ts';
import type { Told } from '../../user.ts';
import {
  attributeNames,
  inLowerCase,
  isOfHome,
  isTrue,
  lowerNames,
  multiValuedNames,
  toTold,
} from './user.ts';

/** A SCIM event's payload, which stands under its URN, and where the names go of what it leaves out. */
export type ScimEvent = {
  readonly payload: Readonly<Record<string, unknown>>;
  readonly unread: Set<string>;
};

/** What an event with a user's attributes tells. */
export function toUserTold({ payload: { data }, unread }: ScimEvent): Told {
  if (isObject(data)) return toOperationsTold([{ op: 'replace', value: data }], unread);
  unread.add('data');
  return {};
}

/** What the operations of a patch tell together: each overrides those before it. */
export function toPatchTold({ payload: { data }, unread }: ScimEvent): Told {
  const operations = isObject(data) ? lowerNames(data).operations : undefined;
  return toOperationsTold(Array.isArray(operations) ? operations : [operations], unread);
}

function toOperationsTold(operations: readonly unknown[], unread: Set<string>): Told {
  const attributes: Attributes = {};
  for (const item of operations) {
    for (const change of listChanges(item)) {
      const unreadable = apply(change, attributes);
      if (unreadable) unread.add(`data.${unreadable}`);
    }
  }
  return toTold(attributes, unread);
}

type Attributes = Record<string, unknown>;

const operation = v.object({
  op: v.pipe(v.string(), v.toLowerCase(), v.picklist(['add', 'replace', 'remove'])),
  path: v.nullish(v.string()),
  value: v.optional(v.unknown()),
});

/** One attribute and what becomes of it; `path` null: nothing that can be read. */
type Change = {
  readonly op: 'add' | 'replace' | 'remove';
  readonly path: string | null;
  readonly value?: unknown;
};

const coreUser = 'urn:ietf:params:scim:schemas:core:2.0:user';

function listChanges(item: unknown): readonly Change[] {
  const { success, output } = v.safeParse(operation, isObject(item) ? lowerNames(item) : item);
  if (!success) return [{ op: 'replace', path: null }];
  const { op, value } = output;
  const path = output.path?.toLowerCase();
  if (path && path !== coreUser) return [{ op, path, value }];
  // Without a path, the value's members have the paths as their names, and may stand within a member for their schema.
  if (!isObject(value)) return [{ op, path: null }];
  const { [coreUser]: ofSchema, ...members } = lowerNames(value);
  const all = { ...members, ...(isObject(ofSchema) && lowerNames(ofSchema)) };
  return Object.entries(all).map(([path, member]) => ({ op, path, value: member }));
}

const namePattern = /^[a-z][\w$-]*/;
// attribute[filter].part
const pathPattern = /^([a-z][\w$-]*)(?:\[(.*)\])?(?:\.([a-z][\w$-]*))?$/;

/** Changes the attributes; answers the name of what can't be read. */
function apply({ op, path, value }: Change, attributes: Attributes): string | null {
  const own = path?.startsWith(`${coreUser}:`) ? path.slice(coreUser.length + 1) : path;
  if (own === null) return 'Operations';
  // Any other attribute, such as one of an extension, is not mirrored.
  const [name = ''] = namePattern.exec(own) ?? [];
  if (!attributeNames.has(name)) return null;
  const [isPath, , filter, part] = pathPattern.exec(own) ?? [];
  if (isPath === undefined) return name;
  const set = op === 'remove' ? null : inLowerCase(value);
  const changed = multiValuedNames.some((several) => several === name)
    ? toValues({ op, filter, part, value: inLowerCase(value) })
    : toValue({ op, filter, part, value: set }, name, attributes[name]);
  if (changed === 'unreadable') return name;
  if (changed !== 'as it was') attributes[name] = changed.value;
  return null;
}

type Step = {
  readonly op: Change['op'];
  readonly filter: string | undefined;
  readonly part: string | undefined;
  readonly value: unknown;
};

type Changed = { readonly value: unknown } | 'as it was' | 'unreadable';

function toValue({ op, filter, part, value }: Step, name: string, before: unknown): Changed {
  if (filter || value === undefined || (part && name !== 'name')) return 'unreadable';
  // Whether a user without the attribute is active, is the provider's to say.
  if (name === 'active' && op === 'remove') return 'unreadable';
  if (name !== 'name') return { value };
  const members = part ? { [part]: value } : value;
  return { value: isObject(members) ? { ...(isObject(before) && before), ...members } : members };
}

function toValues({ op, filter, part, value }: Step): Changed {
  if (part && !['value', 'primary'].includes(part)) return 'as it was';
  if (filter) return isPrimary(filter) ? toPrimary({ op, filter, part, value }) : 'unreadable';
  if (part) return 'unreadable';
  // With a value, it removes some of the values.
  if (op === 'remove') return value === undefined ? { value: null } : 'unreadable';
  const entries = isObject(value) ? [value] : value;
  if (op === 'replace') return Array.isArray(entries) || entries === null ? { value: entries } : 'unreadable';
  return Array.isArray(entries) ? toAdded(entries) : 'unreadable';
}

/** Added beside others, a value is the user's only where it says so itself. */
function toAdded(entries: readonly unknown[]): Changed {
  const primary = entries.filter((entry) => isObject(entry) && isTrue(entry.primary));
  if (primary.length > 0) return { value: primary };
  return entries.every((entry) => isObject(entry) && isOfHome(entry)) ? 'as it was' : 'unreadable';
}

function toPrimary({ op, part, value }: Step): Changed {
  if (part === 'primary') return 'unreadable';
  if (op === 'remove') return { value: null };
  if (part) return { value: [{ value, primary: true }] };
  if (!isObject(value)) return 'unreadable';
  return 'value' in value ? { value: [{ value: value.value, primary: true }] } : 'as it was';
}

/** Whether a filter finds the primary value alone. */
function isPrimary(filter: string): boolean {
  const conditions = filter.split(/\s+and\s+/);
  return (
    !/\b(or|not)\b/.test(filter) &&
    conditions.some((condition) => /^\s*primary\s+eq\s+"?true"?\s*$/.test(condition))
  );
}
