// ROQ in memory, by its contract: the stand-in's own users, behind a reader of just the documents that our client sends.

import { GraphQLError, Kind, parse, type ValueNode, valueFromASTUntyped } from 'graphql';
import { internalError, notFoundError, refusedError, unauthorizedError } from '../../local/roq-errors.ts';
import type { RoqUser } from '../../local/roq-user.ts';
import {
  RoqUsers,
  type UserCreate,
  type UsersQuery,
  type UserUpdate,
  type Ways,
} from '../../local/roq-users.ts';
import type { RoqFault } from './faults.ts';

export type RoqRequest = {
  readonly path: string;
  readonly headers: Headers;
  readonly body: string;
};

export type RoqAnswer = { readonly status: number; readonly body: object };

export type SimulatedRoqOptions = Partial<Ways> & {
  readonly now: () => number;
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
  readonly args: readonly { readonly name: string; readonly value: ValueNode }[];
  /** Whether no more than the id is asked for. */
  readonly isBrief: boolean;
};
type Args = UsersQuery & { readonly id?: string; readonly user?: UserCreate | UserUpdate };

/** What goes wrong with a request that arrives. */
export type Trouble = {
  readonly how: RoqFault | 'well';
  /** The mutation of it, from 0, at which the server breaks down. */
  readonly failsAt: number | null;
};

const deepLevels = 5_000;
const deepMark = '@deep';

/** Custom data so deep that whoever writes them as JSON runs out of stack, as we would ourselves. */
export const deepData = { toJSON: () => deepMark };

const deepJson = '{"deep":'.repeat(deepLevels) + 0 + '}'.repeat(deepLevels);

/** An answer as it is sent. */
export function toText(body: object): string {
  return JSON.stringify(body).replaceAll(`"${deepMark}"`, deepJson);
}

const tokenSecret = 'c4n4ry-token';

export function createSimulatedRoq(options: SimulatedRoqOptions) {
  const { now, environmentId, apiKey, tokenLifetimeMs, onChange = () => {} } = options;
  const users = new RoqUsers(options);
  let generation = 0;
  const expireTokens = () => {
    generation += 1;
  };
  return { users, answer, namedIn, expireTokens };

  function answer({ path, headers, body }: RoqRequest, trouble: Trouble = well): RoqAnswer {
    if (path === '/v01/authorize/serviceAccount') return handOutToken(body);
    if (!isAuthorized(headers)) return { status: 200, body: { errors: [unauthorizedError()], data: null } };
    const asked: Asked = JSON.parse(body);
    const data: Record<string, unknown> = {};
    try {
      readFields(asked.query).forEach((field, i) => {
        if (i === trouble.failsAt) throw internalError();
        data[field.alias] = resolve(field, argsOf(field, asked), trouble.how);
      });
    } catch (error) {
      if (!(error instanceof GraphQLError)) throw error;
      return { status: 200, body: { errors: [error], data: null } };
    }
    return { status: 200, body: { data } };
  }

  /** The references of the users that a request is about, and whether it changes them. */
  function namedIn({ path, body }: RoqRequest): { readonly references: string[]; readonly changes: boolean } {
    if (path === '/v01/authorize/serviceAccount') return { references: [], changes: false };
    const asked: Asked = JSON.parse(body);
    const fields = readFields(asked.query);
    const references = fields.flatMap((field) => {
      const { id = '', user, filter } = argsOf(field, asked);
      if (field.name === 'createUser') return (user as UserCreate).reference;
      if (field.name === 'updateUser') return users.rows.find((row) => row.id === id)?.reference ?? [];
      const { equalTo, valueIn } = filter?.reference ?? {};
      return [equalTo, valueIn].flat().filter((value) => typeof value === 'string');
    });
    return { references, changes: fields.some(({ name }) => name.endsWith('User')) };
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

  function resolve({ name, isBrief }: Field, args: Args, how: Trouble['how']): unknown {
    const { id = '', user } = args;
    switch (name) {
      case 'users': {
        if (how === 'bad-request') throw refusedError('filter', 'is refused for now', '');
        if (how === 'not-found') throw notFoundError('');
        const { data, totalCount } = users.page(args);
        return { data: (how === 'partial' ? data.slice(0, -1) : data).map(present), totalCount };
      }
      case 'user':
        return present(users.get(id));
      case 'createUser': {
        const row = users.create(user as UserCreate);
        onChange(null, row);
        return isBrief ? { id: row.id } : present(row);
      }
      default: {
        const before = { ...users.get(id) };
        const row = users.update(id, user as UserUpdate);
        onChange(before, row);
        return isBrief ? { id: row.id } : present(row);
      }
    }
  }
}

const well: Trouble = { how: 'well', failsAt: null };

// A document is read once: that takes longer than the rest of a call.
const known = new Map<string, readonly Field[]>();

function readFields(query: string): readonly Field[] {
  const fields =
    known.get(query) ??
    parse(query)
      .definitions.flatMap((one) =>
        one.kind === Kind.OPERATION_DEFINITION ? one.selectionSet.selections : [],
      )
      .flatMap((one) => {
        if (one.kind !== Kind.FIELD) return [];
        const { name, alias, arguments: args = [], selectionSet } = one;
        return {
          name: name.value,
          alias: alias?.value ?? name.value,
          args: args.map(({ name, value }) => ({ name: name.value, value })),
          isBrief: selectionSet?.selections.length === 1,
        };
      });
  known.set(query, fields);
  return fields;
}

function argsOf({ args }: Field, { variables }: Asked): Args {
  return Object.fromEntries(args.map(({ name, value }) => [name, valueFromASTUntyped(value, variables)]));
}

function present({ optedInAt: _, roles: __, ...user }: RoqUser): object {
  return user;
}
