// ROQ's Users API: the only GraphQL.

import { GraphQLClient } from 'graphql-request';
import { canonicalJson } from '../json.ts';
import { timed } from '../observability/timing.ts';
import type { RoqFields } from '../user.ts';
import { fromAnswer, fromFailure, type Kind, RoqError } from './faults.ts';
import { createTokenSource, inspectToken } from './token.ts';
import type { JsonObject, RoqPage, RoqUser, UserCreate, UsersQuery, UserUpdate } from './types.ts';

export type RoqOptions = {
  /** The environment's host, https://… */
  readonly url: string;
  readonly environmentId: string;
  readonly apiKey: string;
  /** The longest that one call may take. */
  readonly timeoutMs: number;
  /** Our clock, in milliseconds. */
  readonly now: () => number;
  readonly fetch?: typeof fetch;
  /** Told of every call that failed. */
  readonly onFailure?: (failure: RoqError) => void;
};

/** What a user hangs on; left out of the answer unless asked for. */
export type Include = {
  readonly tenant?: boolean;
  readonly roles?: boolean;
  readonly userGroups?: boolean;
};

/** `deadline`: when the answer must be there, in milliseconds of our clock. */
export type CallOptions = Include & { readonly deadline?: number };

/** One of several changes that are sent as one request. */
export type Change =
  | { readonly create: UserCreate }
  | { readonly update: { readonly id: string; readonly user: UserUpdate } };

export type Roq = ReturnType<typeof createRoq>;

/** Every call throws RoqError and nothing else. */
export function createRoq(options: RoqOptions) {
  const { url, environmentId, apiKey, timeoutMs, now, fetch = globalThis.fetch, onFailure } = options;
  const access = { url, environmentId, apiKey, timeoutMs, now, fetch };
  const token = createTokenSource(access);
  const basic = Buffer.from(`${environmentId}:${apiKey}`).toString('base64');
  const graphql = new GraphQLClient(new URL('/v01/server/graphql', url).href, {
    fetch,
    errorPolicy: 'all',
    // Saves parsing the document on every call.
    excludeOperationName: true,
  });
  return {
    createUser,
    updateUser,
    deactivateUser,
    change,
    users,
    allUsers,
    user,
    /** Fetches a token of its own to see what it is like. */
    inspectToken: () => inspectToken(access),
  };

  async function createUser(user: UserCreate, call: CallOptions = {}): Promise<RoqUser> {
    const data = await send<{ createUser: RoqUser }>(documents.createUser, { user }, 'mutation', call);
    return data.createUser;
  }

  async function updateUser(id: string, user: UserUpdate, call: CallOptions = {}): Promise<RoqUser> {
    const data = await send<{ updateUser: RoqUser }>(documents.updateUser, { id, user }, 'mutation', call);
    return data.updateUser;
  }

  function deactivateUser(id: string, call: CallOptions = {}): Promise<RoqUser> {
    return updateUser(id, { active: false }, call);
  }

  /** Makes all changes in one request, in order, and answers the user ids in that order. */
  async function change(changes: readonly Change[], call: CallOptions = {}): Promise<readonly string[]> {
    const { document, variables } = changeDocument(changes);
    const kind = changes.length === 1 ? 'mutation' : 'mutations';
    const data = await send<Record<string, { id: string }>>(document, variables, kind, call);
    return changes.map((_, i) => data[`c${i}`]?.id ?? fail('roq_ambiguous'));
  }

  /** One page; ROQ caps its length silently, and without `withDeactivated` it hides users. */
  async function users(query: UsersQuery, call: CallOptions = {}): Promise<RoqPage<RoqUser>> {
    const data = await send<{ users: RoqPage<RoqUser> }>(documents.users, query, 'query', call);
    return data.users;
  }

  /** Every user of a query, page by page, the oldest first so that new users shift nothing. */
  async function* allUsers(
    query: Omit<UsersQuery, 'offset'>,
    call: CallOptions = {},
  ): AsyncGenerator<RoqUser> {
    for (let offset = 0; ; ) {
      const page = await users({ order: { sort: 'createdAt', order: 'ASC' }, ...query, offset }, call);
      yield* page.data;
      offset += page.data.length;
      // The server's cap is unknown, so a short page is not the last one: totalCount alone tells.
      if (offset >= page.totalCount || page.data.length === 0) return;
    }
  }

  async function user(id: string, call: CallOptions = {}): Promise<RoqUser> {
    return (await send<{ user: RoqUser }>(documents.user, { id }, 'query', call)).user;
  }

  async function send<Data>(
    document: string,
    variables: object,
    kind: Kind,
    call: CallOptions,
  ): Promise<Data> {
    try {
      return await sendWithToken<Data>(document, variables, kind, call);
    } catch (error) {
      if (error instanceof RoqError) onFailure?.(error);
      throw error;
    }
  }

  async function sendWithToken<Data>(
    document: string,
    variables: object,
    kind: Kind,
    call: CallOptions,
  ): Promise<Data> {
    const { deadline, tenant = false, roles = false, userGroups = false } = call;
    const include = { withTenant: tenant, withRoles: roles, withUserGroups: userGroups };
    const all = document.includes('$withTenant') ? { ...variables, ...include } : variables;
    const accessToken = await getToken(deadline);
    try {
      return await sendOnce<Data>(document, all, kind, accessToken, deadline);
    } catch (error) {
      if (!(error instanceof RoqError) || error.code !== 'roq_unauthorized') throw error;
      token.drop(accessToken);
      if (error.effect !== 'none') throw error;
      return sendOnce<Data>(document, all, kind, await getToken(deadline), deadline);
    }
  }

  // Its fetch is shared, so it goes on for the others when the time of one caller is up.
  function getToken(deadline: number | undefined): Promise<string> {
    const timeUp = AbortSignal.timeout(timeLeftMs(deadline));
    const late = new Promise<never>((_, reject) => {
      timeUp.addEventListener('abort', () => reject(new RoqError('roq_unavailable', 'none')));
    });
    return Promise.race([token.get(), late]);
  }

  function timeLeftMs(deadline = Number.POSITIVE_INFINITY): number {
    const leftMs = Math.min(timeoutMs, deadline - now());
    return leftMs > 0 ? Math.ceil(leftMs) : fail('roq_unavailable');
  }

  async function sendOnce<Data>(
    query: string,
    variables: object,
    kind: Kind,
    accessToken: string,
    deadline: number | undefined,
  ): Promise<Data> {
    const leftMs = timeLeftMs(deadline);
    let answer: Awaited<ReturnType<typeof graphql.rawRequest<Data>>>;
    try {
      answer = await timed('roqMs', () =>
        graphql.rawRequest<Data>({
          query,
          variables: variables as Record<string, unknown>,
          requestHeaders: {
            'roq-platform-authorization': `Bearer ${accessToken}`,
            'roq-platform-server-authorization': `Basic ${basic}`,
          },
          signal: AbortSignal.timeout(leftMs),
        }),
      );
    } catch (error) {
      throw fromFailure(error, kind);
    }
    if (answer.errors?.length) throw fromAnswer(answer.errors, answer.data, kind, answer.headers);
    return answer.data ?? fail(kind === 'query' ? 'roq_unavailable' : 'roq_ambiguous');
  }
}

function fail(code: 'roq_unavailable' | 'roq_ambiguous'): never {
  throw new RoqError(code, code === 'roq_ambiguous' ? 'late' : 'none');
}

/** What a ROQ user holds of the fields that we mirror. */
export function toRoqFields(user: RoqUser): RoqFields {
  const { email, phone, firstName, lastName, locale, timezone, avatarUrl, tenantId } = user;
  const customData = user.customData === null ? null : canonicalJson(user.customData);
  return {
    email,
    phone,
    firstName,
    lastName,
    locale,
    timezone,
    avatarUrl,
    tenantId,
    customData,
    ...(user.isOptedIn !== null && { isOptedIn: user.isOptedIn }),
    ...(user.active !== null && { active: user.active }),
  };
}

/** A state, or a part of one, as ROQ wants to be told of it. */
export function toUpdate({ email, customData, ...rest }: RoqFields): UserUpdate {
  return {
    ...rest,
    ...(email && { email }),
    ...(customData !== undefined && {
      customData: customData === null ? null : (JSON.parse(customData) as JsonObject),
    }),
  };
}

const userFields = `
  id reference email phone firstName lastName locale timezone avatarUrl customData tenantId
  isOptedIn active synced twoFactorEnabled createdAt updatedAt
  tenant @include(if: $withTenant) { id reference isDefault name createdAt updatedAt }
  roles @include(if: $withRoles) {
    data { id reference description isSystemManaged key name } totalCount
  }
  userGroups @include(if: $withUserGroups) {
    data { id reference name type userGroupType { id name createdAt updatedAt } } totalCount
  }`;

const include = '$withTenant: Boolean!, $withRoles: Boolean!, $withUserGroups: Boolean!';

/** The operations, which a test holds against ROQ's schema. */
export const documents = {
  createUser: `mutation ($user: UserCreateDto!, ${include}) { createUser(user: $user) {${userFields}} }`,
  updateUser: `mutation ($id: ID!, $user: UserUpdateDto!, ${include}) {
    updateUser(id: $id, user: $user) {${userFields}}
  }`,
  user: `query ($id: ID!, ${include}) { user(id: $id) {${userFields}} }`,
  users: `query (
    $filter: UserFilterArgType, $limit: Int, $offset: Int, $order: UserOrderArgType, $search: UserSearchArgType,
    ${include}
  ) {
    users(filter: $filter, limit: $limit, offset: $offset, order: $order, search: $search) {
      data {${userFields}} totalCount
    }
  }`,
};

/** One request of aliased mutations. */
export function changeDocument(changes: readonly Change[]) {
  const variables: Record<string, unknown> = {};
  const declared: string[] = [];
  const fields = changes.map((change, i) => {
    if ('create' in change) {
      declared.push(`$u${i}: UserCreateDto!`);
      variables[`u${i}`] = change.create;
      return `c${i}: createUser(user: $u${i}) { id }`;
    }
    declared.push(`$i${i}: ID!, $u${i}: UserUpdateDto!`);
    variables[`i${i}`] = change.update.id;
    variables[`u${i}`] = change.update.user;
    return `c${i}: updateUser(id: $i${i}, user: $u${i}) { id }`;
  });
  return { document: `mutation (${declared.join(', ')}) {\n${fields.join('\n')}\n}`, variables };
}
