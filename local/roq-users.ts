// The table of users behind the ROQ stand-in: its rules, filters, order and pages.

import { randomUUID } from 'node:crypto';
import { notFoundError, refusedError } from './roq-errors.ts';

export type RoqUser = {
  readonly id: string;
  readonly reference: string;
  readonly roles: readonly string[];
  readonly synced: boolean;
  readonly createdAt: Date;
  active: boolean | null;
  avatarUrl: string | null;
  customData: object | null;
  email: string;
  firstName: string | null;
  isOptedIn: boolean | null;
  lastName: string | null;
  locale: string | null;
  optedInAt: Date | null;
  phone: string | null;
  tenantId: string | null;
  timezone: string | null;
  twoFactorEnabled: boolean | null;
  updatedAt: Date;
};

type Settable = Omit<
  RoqUser,
  'id' | 'reference' | 'roles' | 'synced' | 'createdAt' | 'updatedAt' | 'optedInAt'
>;
export type UserUpdate = { readonly [Name in keyof Settable]?: Settable[Name] | null };
export type UserCreate = UserUpdate & {
  readonly email: string;
  readonly reference: string;
  readonly roles?: readonly string[] | null;
  readonly password?: string | null;
};

type Primitive = string | boolean | Date | null;
type Condition = {
  readonly [Operator in keyof typeof operators]?: Primitive | readonly string[];
};
type UserFilter = {
  readonly [Name in keyof typeof columns | 'withDeactivated']?: Condition | null;
} & { readonly search?: string | null };

export type UsersQuery = {
  readonly filter?: UserFilter | null;
  readonly limit?: number | null;
  readonly offset?: number | null;
  readonly order?: { readonly order: 'ASC' | 'DESC'; readonly sort: (typeof sortKeys)[number] } | null;
  readonly search?: { readonly key: (typeof searchKeys)[number]; readonly value: string } | null;
};

const searchKeys = ['email', 'firstName', 'lastName', 'locale', 'phone', 'timezone'] as const;
const sortKeys = [...searchKeys, 'active', 'createdAt', 'updatedAt'] as const;
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const maxTextLength = 255;

/** `pageCap`: the most users that one answer holds, whatever limit was asked for. */
export class RoqUsers {
  readonly rows: RoqUser[] = [];
  readonly defaultTenantId = randomUUID();
  readonly #pageCap: number;
  readonly #now: () => number;

  constructor(pageCap: number, now: () => number) {
    this.#pageCap = pageCap;
    this.#now = now;
  }

  /** Makes a user, also where the reference is taken: ROQ does not keep references unique. */
  create(user: UserCreate): RoqUser {
    check(user);
    // Strictly increasing, so that "the oldest" of two is never in doubt.
    const createdAt = new Date(Math.max(this.#now(), (this.rows.at(-1)?.createdAt.getTime() ?? 0) + 1));
    const row: RoqUser = {
      id: randomUUID(),
      reference: user.reference,
      email: user.email,
      active: user.active ?? true,
      avatarUrl: user.avatarUrl ?? '',
      customData: user.customData ?? {},
      firstName: user.firstName ?? '',
      isOptedIn: user.isOptedIn ?? false,
      lastName: user.lastName ?? '',
      locale: user.locale ?? 'en-US',
      optedInAt: user.isOptedIn ? createdAt : null,
      phone: user.phone ?? null,
      roles: user.roles ?? [],
      synced: true,
      tenantId: user.tenantId ?? this.defaultTenantId,
      timezone: user.timezone ?? null,
      twoFactorEnabled: user.twoFactorEnabled ?? false,
      createdAt,
      updatedAt: createdAt,
    };
    this.rows.push(row);
    return row;
  }

  update(id: string, changes: UserUpdate): RoqUser {
    const row = this.get(id);
    check(changes);
    const updatedAt = new Date(Math.max(this.#now(), row.updatedAt.getTime() + 1));
    const optedInAt = changes.isOptedIn && !row.isOptedIn ? updatedAt : row.optedInAt;
    return Object.assign(row, changes, { updatedAt, optedInAt });
  }

  get(id: string): RoqUser {
    checkId('id', id);
    const row = this.rows.find((user) => user.id === id.toLowerCase());
    if (!row) throw notFoundError(id);
    return row;
  }

  page({ filter, limit, offset, order, search }: UsersQuery): { data: RoqUser[]; totalCount: number } {
    for (const [property, value] of Object.entries({ limit, offset })) {
      if (value && value < 0) throw refusedError(property, 'must not be less than 0', value);
    }
    const { sort, order: direction } = order ?? { sort: 'createdAt', order: 'DESC' };
    const found = this.rows
      .filter((user) => passes(user, filter ?? {}))
      .filter((user) => !search || contains(user[search.key], search.value))
      .sort((a, b) => compare(a[sort], b[sort]) * (direction === 'ASC' ? 1 : -1));
    const start = offset ?? 0;
    const data = found.slice(start, start + Math.min(limit ?? this.#pageCap, this.#pageCap));
    return { data, totalCount: found.length };
  }
}

function check(user: UserUpdate & { readonly reference?: string }): void {
  for (const [property, value] of Object.entries(user)) {
    if (typeof value === 'string' && value.length > maxTextLength) {
      throw refusedError(property, `must be shorter than or equal to ${maxTextLength} characters`, value);
    }
  }
  if (user.reference === '') throw refusedError('reference', 'should not be empty', '');
  if (user.email !== undefined && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(user.email ?? '')) {
    throw refusedError('email', 'must be an email', user.email);
  }
  if (user.tenantId) checkId('tenantId', user.tenantId);
}

function checkId(property: string, value: unknown): void {
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

function passes(user: RoqUser, { search, withDeactivated, ...conditions }: UserFilter): boolean {
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

function contains(value: string | null, part: string): boolean {
  return matchesLike(value, `%${part}%`, '');
}

function matchesLike(value: Primitive, pattern: unknown, flags: string): boolean {
  if (typeof value !== 'string' || typeof pattern !== 'string') return false;
  const source = pattern
    .replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
    .replaceAll('%', '.*')
    .replaceAll('_', '.');
  return new RegExp(`^${source}$`, `s${flags}`).test(value);
}

// As PostgreSQL sorts: null above everything.
function compare(a: Primitive, b: unknown): number {
  const [left, right] = [a, b].map((value) => (value instanceof Date ? value.getTime() : value));
  if (left === right) return 0;
  if (left === null || left === undefined) return 1;
  if (right === null || right === undefined) return -1;
  return left < right ? -1 : 1;
}
