// ROQ in memory, by its contract: the stand-in's own users, behind a reader of just the documents that our client sends.

import { GraphQLError } from 'graphql';
import { internalError, unauthorizedError } from '../../local/roq-errors.ts';
import {
  type RoqUser,
  RoqUsers,
  type UserCreate,
  type UsersQuery,
  type UserUpdate,
} from '../../local/roq-users.ts';

export type RoqRequest = {
  readonly path: string;
  readonly headers: Headers;
  readonly body: string;
};

export type RoqAnswer = { readonly status: number; readonly body: object };

export type SimulatedRoqOptions = {
  readonly now: () => number;
  readonly pageCap: number;
  readonly environmentId: string;
  readonly apiKey: string;
  readonly tokenLifetimeMs: number;
  /** Told of every change that a request makes; `before` null: it was created. */
  readonly onChange?: (before: RoqUser | null, after: RoqUser) => void;
};

export type SimulatedRoq = ReturnType<typeof createSimulatedRoq>;

type Asked = { readonly query: string; readonly variables: Record<string, unknown> };
type Field = {
  readonly alias: string;
  readonly name: string;
  readonly id: string;
  readonly user: string;
  readonly isBrief: boolean;
};

const tokenSecret = 'c4n4ry-token';

export function createSimulatedRoq(options: SimulatedRoqOptions) {
  const { now, pageCap, environmentId, apiKey, tokenLifetimeMs, onChange = () => {} } = options;
  const users = new RoqUsers({ pageCap, now });
  let generation = 0;
  const expireTokens = () => {
    generation += 1;
  };
  return { users, answer, changedBy, expireTokens };

  /** Carries out a request; `failsAt`: the mutation of it, from 0, at which the server breaks down. */
  function answer({ path, headers, body }: RoqRequest, failsAt: number | null = null): RoqAnswer {
    if (path === '/v01/authorize/serviceAccount') return handOutToken(body);
    if (!isAuthorized(headers)) return { status: 200, body: { errors: [unauthorizedError()], data: null } };
    const asked: Asked = JSON.parse(body);
    const data: Record<string, unknown> = {};
    try {
      readFields(asked.query).forEach((field, i) => {
        if (i === failsAt) throw internalError();
        data[field.alias] = resolve(field, asked.variables);
      });
    } catch (error) {
      if (!(error instanceof GraphQLError)) throw error;
      return { status: 200, body: { errors: [error], data: null } };
    }
    return { status: 200, body: { data } };
  }

  /** The references of the users that a request changes. */
  function changedBy({ path, body }: RoqRequest): readonly string[] {
    if (path === '/v01/authorize/serviceAccount' || !body.includes('mutation')) return [];
    const { query, variables }: Asked = JSON.parse(body);
    return readFields(query).flatMap(({ name, id, user }) => {
      if (name === 'createUser') return (variables[user] as UserCreate).reference;
      return name === 'updateUser' ? users.get(String(variables[id])).reference : [];
    });
  }

  function handOutToken(body: string): RoqAnswer {
    const told = JSON.parse(body);
    if (told.environmentId !== environmentId || told.apiKey !== apiKey) return { status: 401, body: {} };
    const claims = { exp: Math.floor((now() + tokenLifetimeMs) / 1000), generation };
    const payload = Buffer.from(JSON.stringify(claims)).toString('base64url');
    return { status: 201, body: { accessToken: `${tokenSecret}.${payload}.signature` } };
  }

  function isAuthorized(headers: Headers): boolean {
    const basic = Buffer.from(`${environmentId}:${apiKey}`).toString('base64');
    if (headers.get('roq-platform-server-authorization') !== `Basic ${basic}`) return false;
    const [scheme, token] = (headers.get('roq-platform-authorization') ?? '').split(' ');
    const [secret, payload = ''] = token?.split('.') ?? [];
    if (scheme !== 'Bearer' || secret !== tokenSecret) return false;
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
    return claims.generation === generation && claims.exp * 1000 > now();
  }

  function resolve({ name, id, user, isBrief }: Field, variables: Record<string, unknown>): unknown {
    switch (name) {
      case 'users': {
        const { data, totalCount } = users.page(variables as UsersQuery);
        return { data: data.map(present), totalCount };
      }
      case 'user':
        return present(users.get(String(variables[id])));
      case 'createUser': {
        const row = users.create(variables[user] as UserCreate);
        onChange(null, row);
        return isBrief ? { id: row.id } : present(row);
      }
      default: {
        const before = { ...users.get(String(variables[id])) };
        const row = users.update(before.id, variables[user] as UserUpdate);
        onChange(before, row);
        return isBrief ? { id: row.id } : present(row);
      }
    }
  }
}

// GraphQL's own reader takes longer over a document than the rest of a call.
const fieldPattern =
  /(?:(\w+): )?\b(users|user|createUser|updateUser)\((?:id: \$(\w+))?(?:, )?(?:user: \$(\w+))?[^)]*\) \{( id \})?/g;

const known = new Map<string, readonly Field[]>();

function readFields(query: string): readonly Field[] {
  const selections = query.slice(query.indexOf('{'));
  const fields =
    known.get(query) ??
    [...selections.matchAll(fieldPattern)].map(([, alias, name = '', id = '', user = '', brief]) => ({
      alias: alias ?? name,
      name,
      id,
      user,
      isBrief: brief !== undefined,
    }));
  known.set(query, fields);
  return fields;
}

function present({ optedInAt: _, roles: __, ...user }: RoqUser): object {
  return user;
}
