// ROQ's Users API, as calls that throw one kind of error.

import { GraphQLClient } from 'graphql-request';
import { createKeepAliveFetch, type Fetch } from '../http/keep-alive.ts';
import { timed } from '../observability/timing.ts';
import { fromAnswer, fromFailure, type Kind, RoqError } from './faults.ts';
import {
  type Change,
  changeDocument,
  documents,
  lookUpDocument,
  oldestFirst,
  toLookUp,
  withDeactivated,
} from './requests.ts';
import { createTokenSource, inspectToken } from './token.ts';
import type { RoqPage, RoqUser, UserCreate, UsersQuery, UserUpdate } from './types.ts';

export type RoqOptions = {
  /** The environment's host, https://… */
  readonly url: string;
  readonly environmentId: string;
  readonly apiKey: string;
  /** The longest that one call may take. */
  readonly timeoutMs: number;
  /** Our clock, in milliseconds. */
  readonly now: () => number;
  readonly fetch?: Fetch;
  /** Called with every failure. */
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

export type Roq = ReturnType<typeof createRoq>;

// A page of users, each with custom data of 48 KiB, has less.
const maxAnswerBytes = 20 * 1024 * 1024;

/** Every call throws RoqError and nothing else. */
export function createRoq(options: RoqOptions) {
  const {
    url,
    environmentId,
    apiKey,
    timeoutMs,
    now,
    fetch = createKeepAliveFetch(maxAnswerBytes),
    onFailure,
  } = options;
  const access = { url, environmentId, apiKey, timeoutMs, now, fetch };
  const token = createTokenSource(access);
  const basic = Buffer.from(`${environmentId}:${apiKey}`).toString('base64');
  const graphql = new GraphQLClient(new URL('/v01/server/graphql', url).href, {
    // Of a Response it reads what an Answer has.
    fetch: fetch as typeof globalThis.fetch,
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

/** So often are all pages read again that did not show everybody; after that nobody knows. */
const maxSweeps = 3;

// Of users of one moment it must always be the same one that counts as the oldest.
function byAge(one: RoqUser, other: RoqUser): number {
  return Date.parse(one.createdAt) - Date.parse(other.createdAt) || (one.id < other.id ? -1 : 1);
}
