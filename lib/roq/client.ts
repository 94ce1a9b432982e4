// ROQ's Users API: the only GraphQL.

import { GraphQLClient } from 'graphql-request';
import { boundedJson } from '../json.ts';
import { timed } from '../observability/timing.ts';
import {
  maxCustomDataBytes,
  maxCustomDataLevels,
  type ProfileName,
  profileNames,
  type RoqFields,
} from '../user.ts';
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
    // No redirect may lead the API key, the token or a user's data to another host than the configured one.
    redirect: 'manual',
    errorPolicy: 'all',
    // Saves parsing the document on every call.
    excludeOperationName: true,
  });
  return {
    createUser,
    updateUser,
    deactivateUser,
    change,
    usersOf,
    usersAmong,
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

  /**
   * Every user of each reference, deactivated ones too, the oldest first; null where ROQ's answer was not whole, so that
   * absence is shown and never inferred. One request, and one more for each further page of a reference.
   */
  async function usersOf(references: readonly string[], call: CallOptions = {}): Promise<UsersByReference> {
    const found = new Map<string, readonly RoqUser[] | null>();
    if (references.length === 0) return found;
    const { document, variables } = lookUpDocument(references);
    const data = await send<Record<string, RoqPage<RoqUser>>>(document, variables, 'query', call);
    for (const [i, reference] of references.entries()) {
      const page = data[`r${i}`];
      const users = page ? await restOf(toLookUp(reference), page, call) : null;
      found.set(reference, users?.filter((user) => user.reference === reference).sort(byAge) ?? null);
    }
    return found;
  }

  /**
   * The users of these references that ROQ shows when asked for all of them at once. ROQ cuts long lists without a word,
   * so that a reference which is missing here has to be asked for by `usersOf`.
   * @throws RoqError `roq_unavailable` too where a page was not whole
   */
  async function usersAmong(
    references: readonly string[],
    call: CallOptions = {},
  ): Promise<readonly RoqUser[]> {
    const query = { filter: { reference: { valueIn: references }, withDeactivated }, order: oldestFirst };
    const found = await restOf(query, await users(query, call), call);
    return found ?? fail('roq_unavailable');
  }

  /** A first page and what follows it; null where fewer users came than ROQ says there are. */
  async function restOf(
    query: Omit<UsersQuery, 'offset'>,
    first: RoqPage<RoqUser>,
    call: CallOptions,
  ): Promise<readonly RoqUser[] | null> {
    // Rows of one moment come in any order, another one for each page: only distinct users count.
    const distinct = new Map<string, RoqUser>();
    let page = first;
    let offset = 0;
    for (let sweep = 0; sweep < maxSweeps; ) {
      for (const user of page.data) distinct.set(user.id, user);
      if (distinct.size >= page.totalCount) return [...distinct.values()];
      offset += page.data.length;
      if (page.data.length === 0 || offset >= page.totalCount) {
        sweep += 1;
        offset = 0;
      }
      if (sweep < maxSweeps) page = await users({ ...query, offset }, call);
    }
    return null;
  }

  /** Every user of a query, page by page, the oldest first so that new users shift nothing. */
  async function* allUsers(
    query: Omit<UsersQuery, 'offset'>,
    call: CallOptions = {},
  ): AsyncGenerator<RoqUser> {
    for (let offset = 0; ; ) {
      const page = await users({ order: oldestFirst, ...query, offset }, call);
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

/** For each reference its ROQ users; null where nobody knows. */
export type UsersByReference = ReadonlyMap<string, readonly RoqUser[] | null>;

/**
 * What a ROQ user holds of the fields that we mirror: the status always, of the profile what `names` has. Custom data
 * that is larger than any of ours are left out, for an app may keep what it likes there.
 */
export function toRoqFields(user: RoqUser, names: readonly ProfileName[] = profileNames): RoqFields {
  const fields: RoqFields = {};
  for (const name of names) {
    const value = name === 'customData' ? toBoundedJson(user.customData) : user[name];
    if (value !== undefined) fields[name] = value;
  }
  if (user.isOptedIn !== null) fields.isOptedIn = user.isOptedIn;
  if (user.active !== null) fields.active = user.active;
  return fields;
}

function toBoundedJson(data: JsonObject | null): string | null | undefined {
  return data === null
    ? null
    : boundedJson(data, { maxBytes: maxCustomDataBytes, maxLevels: maxCustomDataLevels });
}

/** Fields as ROQ's API takes them. @throws SyntaxError for custom data that are no JSON */
export function toUpdate({ email, customData, ...rest }: RoqFields): UserUpdate {
  return {
    ...rest,
    ...(email && { email }),
    ...(customData !== undefined && {
      customData: customData === null ? null : (JSON.parse(customData) as JsonObject),
    }),
  };
}

const mirroredFields = `
  id reference email phone firstName lastName locale timezone avatarUrl customData tenantId
  isOptedIn active synced twoFactorEnabled createdAt updatedAt`;

const userFields = `${mirroredFields}
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

/** So often are all pages read again that did not show everybody; after that nobody knows. */
const maxSweeps = 3;

const oldestFirst = { sort: 'createdAt', order: 'ASC' } as const;
const withDeactivated = { equalTo: true } as const;

function toLookUp(reference: string): UsersQuery {
  return { filter: { reference: { equalTo: reference }, withDeactivated }, order: oldestFirst };
}

// Of users of one moment it must always be the same one that counts as the oldest.
function byAge(one: RoqUser, other: RoqUser): number {
  return Date.parse(one.createdAt) - Date.parse(other.createdAt) || (one.id < other.id ? -1 : 1);
}

/** One request of aliased queries, each for the users of one reference. */
function lookUpDocument(references: readonly string[]) {
  const declared = references.map((_, i) => `$f${i}: UserFilterArgType`);
  const fields = references.map(
    (_, i) => `r${i}: users(filter: $f${i}, order: $order) { data { ...mirrored } totalCount }`,
  );
  const document = `query ($order: UserOrderArgType, ${declared.join(', ')}) {
    ${fields.join('\n    ')}
  }
  fragment mirrored on UserModel {${mirroredFields}}`;
  const filters = references.map((reference, i) => [`f${i}`, toLookUp(reference).filter] as const);
  return { document, variables: { order: oldestFirst, ...Object.fromEntries(filters) } };
}

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
