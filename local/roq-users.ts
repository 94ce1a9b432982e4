// The table of users behind the ROQ stand-in: its rules, filters, order and pages.

import { randomUUID } from 'node:crypto';
import { databaseError, notFoundError, refusedError } from './roq-errors.ts';
import {
  type Condition,
  checkId,
  compare,
  contains,
  passes,
  type searchKeys,
  type sortKeys,
  type UserFilter,
} from './roq-filter.ts';
import type { RoqUser } from './roq-user.ts';

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

export type UsersQuery = {
  readonly filter?: UserFilter | null;
  readonly limit?: number | null;
  readonly offset?: number | null;
  readonly order?: { readonly order: 'ASC' | 'DESC'; readonly sort: (typeof sortKeys)[number] } | null;
  readonly search?: { readonly key: (typeof searchKeys)[number]; readonly value: string } | null;
};

const maxTextLength = 255;

/** How this ROQ behaves where the facts leave room; each is the harsher way unless told otherwise. */
export type Ways = {
  /** The most users that one answer holds, whatever limit was asked for. */
  readonly pageCap: number;
  /** Of a list in a filter, no more values are looked at than a page holds. */
  readonly cutsLists: boolean;
  /** Users made at one instant bear one time; what the order asked for leaves equal comes in any order, anew each time. */
  readonly hasTies: boolean;
  /** No two users may have one address. */
  readonly hasUniqueEmails: boolean;
  /** Addresses are kept in lower case. */
  readonly lowersEmails: boolean;
  readonly now: () => number;
  /** Chance, in [0, 1). */
  readonly random: () => number;
};

const harsh: Ways = {
  pageCap: 25,
  cutsLists: true,
  hasTies: true,
  // Neither is known of the real one, and each excludes what the other way would let happen.
  hasUniqueEmails: false,
  lowersEmails: false,
  now: Date.now,
  random: Math.random,
};

export class RoqUsers {
  readonly rows: RoqUser[] = [];
  readonly defaultTenantId = randomUUID();
  readonly #ways: Ways;

  constructor(ways: Partial<Ways> = {}) {
    this.#ways = { ...harsh, ...ways };
  }

  /** Makes a user, also where the reference is taken: ROQ does not keep references unique. */
  create(user: UserCreate): RoqUser {
    check(user);
    const email = this.#store(user, null) ?? user.email;
    const { now, hasTies } = this.#ways;
    const lastMs = this.rows.at(-1)?.createdAt.getTime() ?? 0;
    const createdAt = new Date(hasTies ? now() : Math.max(now(), lastMs + 1));
    const row: RoqUser = {
      id: randomUUID(),
      reference: user.reference,
      email,
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
    const email = this.#store(changes, row);
    const updatedAt = new Date(Math.max(this.#ways.now(), row.updatedAt.getTime() + 1));
    const optedInAt = changes.isOptedIn && !row.isOptedIn ? updatedAt : row.optedInAt;
    return Object.assign(row, changes, email && { email }, { updatedAt, optedInAt });
  }

  /** Takes a user away, as somebody may by hand: the API can't. */
  remove(id: string): void {
    this.rows.splice(this.rows.indexOf(this.get(id)), 1);
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
    if (hasNul([filter, search])) throw databaseError('22021');
    const { sort, order: direction } = order ?? { sort: 'createdAt', order: 'DESC' };
    const sign = direction === 'ASC' ? 1 : -1;
    const cut = this.#cutLists(filter ?? {});
    const found = this.#inAnyOrder(this.#rowsFor(cut).filter((user) => passes(user, cut)))
      .filter((user) => !search || contains(user[search.key], search.value))
      .sort((a, b) => compare(a[sort], b[sort]) * sign);
    const start = offset ?? 0;
    const { pageCap } = this.#ways;
    const data = found.slice(start, start + Math.min(limit ?? pageCap, pageCap));
    return { data, totalCount: found.length };
  }

  // What a database has an index for: most questions are about one reference.
  #rowsFor({ reference }: UserFilter): readonly RoqUser[] {
    const wanted = reference?.equalTo;
    return typeof wanted === 'string' ? this.rows.filter((user) => user.reference === wanted) : this.rows;
  }

  /** The address as it is kept; throws what the database refuses of these values. */
  #store(user: UserUpdate, row: RoqUser | null): string | undefined {
    checkTexts(user);
    const email = this.#ways.lowersEmails ? user.email?.toLowerCase() : user.email;
    const isTaken = () => this.rows.some((other) => other !== row && other.email === email);
    if (this.#ways.hasUniqueEmails && isTaken()) throw databaseError('23505');
    return email ?? undefined;
  }

  #cutLists({ search, ...filter }: UserFilter): UserFilter {
    const { cutsLists, pageCap } = this.#ways;
    if (!cutsLists) return { ...filter, search: search ?? null };
    const cut = (condition: Condition | null | undefined) =>
      Array.isArray(condition?.valueIn)
        ? { ...condition, valueIn: condition.valueIn.slice(0, pageCap) }
        : condition;
    const conditions = Object.entries(filter).map(([name, condition]) => [name, cut(condition)]);
    return { ...Object.fromEntries(conditions), search: search ?? null };
  }

  #inAnyOrder(rows: readonly RoqUser[]): RoqUser[] {
    if (!this.#ways.hasTies) return [...rows];
    return rows
      .map((row) => ({ row, place: this.#ways.random() }))
      .sort((a, b) => a.place - b.place)
      .map(({ row }) => row);
  }
}

// PostgreSQL's text holds no NUL, and its jsonb no escape of one.
// https://www.postgresql.org/docs/current/datatype-json.html
function checkTexts({ customData, ...others }: UserUpdate): void {
  if (hasNul(others)) throw databaseError('22021');
  if (hasNul(customData)) throw databaseError('22P05');
}

const escapedNul = /(?<!\\)(\\\\)*\\u0000/;

function hasNul(value: unknown): boolean {
  return escapedNul.test(JSON.stringify(value ?? null));
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
