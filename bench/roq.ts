// The benchmark's ROQ: the schema of the stand-in, its users in maps, so that 100,000 of them slow nothing down.

import { type DocumentNode, type ExecutionResult, execute, parse, validate } from 'graphql';
import { schema } from '../local/roq-schema.ts';
import type { RoqUser } from '../local/roq-user.ts';
import type { UserCreate, UsersQuery, UserUpdate } from '../local/roq-users.ts';
import { emailOf, referenceOf, roqIdOf } from './users.ts';

// As the stand-in has it: the real one is not known.
const pageCap = 25;

export type BenchRoq = ReturnType<typeof createRoq>;

export function createRoq() {
  const users: RoqUser[] = [];
  const byId = new Map<string, RoqUser>();
  const byReference = new Map<string, RoqUser[]>();
  const documents = new Map<string, DocumentNode>();
  const rootValue = { users: find, createUser: create, updateUser: update };
  return { answer, seed, count: () => users.length };

  /** Answers one GraphQL request. */
  async function answer(query: string, variableValues: Record<string, unknown>): Promise<ExecutionResult> {
    return execute({ schema, document: read(query), rootValue, variableValues });
  }

  /** Has `count` users who are as `recorded` in dynamodb-seed.ts says. */
  function seed(count: number): void {
    for (let i = 0; i < count; i++) {
      add({ reference: referenceOf(i), email: emailOf(i), firstName: 'Ada', isOptedIn: true }, roqIdOf(i));
    }
  }

  function read(query: string): DocumentNode {
    const document = documents.get(query) ?? parse(query);
    if (!documents.has(query)) {
      const [fault] = validate(schema, document);
      if (fault) throw fault;
      documents.set(query, document);
    }
    return document;
  }

  function find({ filter, limit, offset }: UsersQuery) {
    const { equalTo, valueIn } = filter?.reference ?? {};
    const wanted = Array.isArray(valueIn) ? valueIn : typeof equalTo === 'string' ? [equalTo] : null;
    const found = wanted ? wanted.flatMap((reference: string) => byReference.get(reference) ?? []) : users;
    const start = offset ?? 0;
    const data = found.slice(start, start + Math.min(limit ?? pageCap, pageCap));
    return { data: data.map(present), totalCount: found.length };
  }

  function create({ user }: { user: UserCreate }) {
    return present(add(user, roqIdOf(1_000_000 + users.length)));
  }

  function update({ id, user }: { id: string; user: UserUpdate }) {
    const known = byId.get(id);
    if (!known) throw new Error(`no user ${id}`);
    return present(Object.assign(known, user, { updatedAt: new Date() }));
  }

  function add(user: UserCreate, id: string): RoqUser {
    const now = new Date();
    const row: RoqUser = {
      id,
      synced: true,
      createdAt: now,
      updatedAt: now,
      active: true,
      avatarUrl: '',
      customData: {},
      firstName: '',
      isOptedIn: false,
      lastName: '',
      locale: 'en-US',
      optedInAt: null,
      phone: null,
      tenantId: roqIdOf(0),
      timezone: null,
      twoFactorEnabled: false,
      ...definedOf(user),
      roles: [],
    };
    users.push(row);
    byId.set(id, row);
    byReference.set(row.reference, [...(byReference.get(row.reference) ?? []), row]);
    return row;
  }
}

function definedOf(user: UserCreate) {
  const entries = Object.entries(user).filter(([, value]) => value !== undefined && value !== null);
  return { email: user.email, reference: user.reference, ...Object.fromEntries(entries) };
}

function present(user: RoqUser) {
  const none = { data: [], totalCount: 0 };
  return { ...user, roles: none, userGroups: none, tenant: null };
}
