// Whom a query of the ROQ stand-in finds, and in which order.

import { refusedError } from './roq-errors.ts';
import type { RoqUser } from './roq-user.ts';

export type Primitive = string | boolean | Date | null;
export type Condition = {
  readonly [Operator in keyof typeof operators]?: Primitive | readonly string[];
};
export type UserFilter = {
  readonly [Name in keyof typeof columns | 'withDeactivated']?: Condition | null;
} & { readonly search?: string | null };

export const searchKeys = ['email', 'firstName', 'lastName', 'locale', 'phone', 'timezone'] as const;
export const sortKeys = [...searchKeys, 'active', 'createdAt', 'updatedAt'] as const;
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** @throws ROQ's refusal of what is no UUID */
export function checkId(property: string, value: unknown): void {
  if (typeof value !== 'string' || !uuid.test(value)) throw refusedError(property, 'must be a UUID', value);
}

// A role's key is all that is kept of it, so it stands for its id as well.
const columns = {
  active: (user: RoqUser) => [user.active],
  email: (user: RoqUser) => [user.email],
  firstName: (user: RoqUser) => [user.firstName],
  id: (user: RoqUser) => [user.id],
  lastName: (user: RoqUser) => [user.lastName],
  locale: (user: RoqUser) => [user.locale],
  optedInAt: (user: RoqUser) => [user.optedInAt],
  phone: (user: RoqUser) => [user.phone],
  reference: (user: RoqUser) => [user.reference],
  roleId: (user: RoqUser) => user.roles,
  roleKey: (user: RoqUser) => user.roles,
  tenantId: (user: RoqUser) => [user.tenantId],
  timezone: (user: RoqUser) => [user.timezone],
} as const satisfies Record<string, (user: RoqUser) => readonly Primitive[]>;

const operators = {
  equalTo: (value: Primitive, told: unknown) => compare(value, told) === 0,
  notEqualTo: (value: Primitive, told: unknown) => compare(value, told) !== 0,
  valueIn: (value: Primitive, told: unknown) => Array.isArray(told) && told.includes(value),
  valueNotIn: (value: Primitive, told: unknown) => Array.isArray(told) && !told.includes(value),
  like: (value: Primitive, told: unknown) => matchesLike(value, told, ''),
  iLike: (value: Primitive, told: unknown) => matchesLike(value, told, 'i'),
  lessThan: (value: Primitive, told: unknown) => value !== null && compare(value, told) < 0,
  lessThanEqual: (value: Primitive, told: unknown) => value !== null && compare(value, told) <= 0,
  moreThan: (value: Primitive, told: unknown) => value !== null && compare(value, told) > 0,
  moreThanEqual: (value: Primitive, told: unknown) => value !== null && compare(value, told) >= 0,
};

/** Whether a query with this filter finds the user. */
export function passes(user: RoqUser, { search, withDeactivated, ...conditions }: UserFilter): boolean {
  if (user.active === false && !meets(true, withDeactivated ?? { equalTo: false })) return false;
  if (search && !searchKeys.some((key) => contains(user[key], search))) return false;
  return (Object.keys(conditions) as (keyof typeof columns)[]).every((name) => {
    const condition = conditions[name];
    if (!condition) return true;
    if (name === 'id' || name === 'tenantId') checkIds(name, condition);
    return columns[name](user).some((value) => meets(value, condition));
  });
}

// An operator that is null counts as not given, so `equalTo: null` finds everybody.
function meets(value: Primitive, condition: Condition): boolean {
  return (Object.keys(condition) as (keyof typeof operators)[])
    .filter((name) => condition[name] !== null && condition[name] !== undefined)
    .every((name) => operators[name](value, condition[name]));
}

function checkIds(name: string, condition: Condition): void {
  for (const id of Object.values(condition).flat()) {
    if (id !== null) checkId(name, id);
  }
}

/** As `LIKE %part%`. */
export function contains(value: string | null, part: string): boolean {
  return matchesLike(value, `%${part}%`, '');
}

/** A backslash takes the meaning of what follows, as PostgreSQL has it. */
function matchesLike(value: Primitive, pattern: unknown, flags: string): boolean {
  if (typeof value !== 'string' || typeof pattern !== 'string') return false;
  const source = pattern.replace(/\\(.)|[\s\S]/g, (part, escaped?: string) => {
    if (escaped === undefined && part === '%') return '.*';
    if (escaped === undefined && part === '_') return '.';
    return (escaped ?? part).replace(/[\\^$.*+?()[\]{}|]/, '\\$&');
  });
  return new RegExp(`^${source}$`, `s${flags}`).test(value);
}

/** As PostgreSQL sorts: null above everything. */
export function compare(a: Primitive, b: unknown): number {
  const [left, right] = [a, b].map((value) => (value instanceof Date ? value.getTime() : value));
  if (left === right) return 0;
  if (left === null || left === undefined) return 1;
  if (right === null || right === undefined) return -1;
  return left < right ? -1 : 1;
}
