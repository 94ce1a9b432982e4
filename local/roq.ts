// Stands in for the ROQ Platform: its paths, headers, tokens and users API, the harsher way where facts leave room.

import { randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { type ExecutionResult, execute, GraphQLError } from 'graphql';
import { errors, jwtVerify, SignJWT } from 'jose';
import { type Call, type CallFault, Faults, type Operation } from './faults.ts';
import {
  internalError,
  invalidRequestError,
  notFoundError,
  refusedError,
  unauthorizedError,
} from './roq-errors.ts';
import { type GraphqlRequest, operationsOf, readRequest, schema } from './roq-schema.ts';
import type { RoqUser } from './roq-user.ts';
import { RoqUsers, type UserCreate, type UsersQuery, type UserUpdate, type Ways } from './roq-users.ts';
import { answerJson, parseObject, readBody, serve } from './server.ts';

export type RoqOptions = Partial<Ways> & {
  /** 0, as by default: a free one. */
  readonly port?: number;
  readonly environmentId?: string;
  readonly apiKey?: string;
  readonly tokenLifetimeMs?: number;
  /** The users it has from the start. */
  readonly users?: readonly RoqUser[];
};

export type RunningRoq = {
  readonly url: string;
  readonly environmentId: string;
  readonly apiKey: string;
  /** The rows of the table, oldest first: for tests to look at. */
  readonly users: readonly RoqUser[];
  /** What has been asked so far: requests to each path, and calls by name, whatever came of them. */
  readonly requests: Readonly<Record<Operation | 'graphql', number>>;
  readonly fail: Faults;
  /** Takes a user away behind everybody's back. */
  readonly remove: (id: string) => void;
  /** Every token handed out so far is refused from now on. */
  readonly expireTokens: () => void;
  readonly close: () => Promise<void>;
};

type Context = Required<Pick<RoqOptions, 'environmentId' | 'apiKey' | 'tokenLifetimeMs' | 'now'>> & {
  readonly users: RoqUsers;
  readonly requests: Record<Operation | 'graphql', number>;
  readonly fail: Faults;
  readonly closed: AbortSignal;
  tokenSecret: Uint8Array;
};

const serviceAccount = 'project-service-account@roq.tech';
const bodyLimitBytes = 10 * 1024 * 1024;

/** Starts a ROQ with no users; told faults go to `fail`. */
export async function startRoq(options: RoqOptions = {}): Promise<RunningRoq> {
  const { port = 0, now = Date.now, tokenLifetimeMs = 60 * 60 * 1000 } = options;
  const { environmentId = randomUUID(), apiKey = randomUUID() } = options;
  const users = new RoqUsers(options);
  users.rows.push(...(options.users ?? []));
  const requests = { token: 0, graphql: 0, user: 0, users: 0, createUser: 0, updateUser: 0 };
  const fail = new Faults();
  const closing = new AbortController();
  const settings = { now, tokenLifetimeMs, environmentId, apiKey };
  const tokenSecret = randomBytes(32);
  const context: Context = { ...settings, users, requests, fail, closed: closing.signal, tokenSecret };

  const server = await serve(port, (request, response) => handle(context, request, response));
  return {
    url: server.url,
    environmentId,
    apiKey,
    users: users.rows,
    requests,
    fail,
    remove: (id) => users.remove(id),
    expireTokens: () => {
      context.tokenSecret = randomBytes(32);
    },
    close: () => {
      closing.abort();
      return server.close();
    },
  };
}

async function handle(context: Context, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readBody(request, bodyLimitBytes);
  const route = `${request.method} ${request.url}`;
  if (route === 'POST /v01/authorize/serviceAccount') {
    context.requests.token += 1;
    return suffer(context, ['token'], response, () => handOutToken(context, body, response));
  }
  if (route === 'POST /v01/server/graphql') {
    context.requests.graphql += 1;
    const asked = readRequest(body);
    if (asked instanceof GraphQLError) return answerJson(response, 400, { errors: [asked] });
    const operations = operationsOf(asked.document);
    for (const operation of operations) context.requests[operation] += 1;
    return suffer(context, operations, response, () => run(context, asked, request, response));
  }
  answerJson(response, 404, { statusCode: 404, message: `Cannot ${route}`, error: 'Not Found' });
}

// Lets the request through, or lets happen to it what was told. A caller that has gone changes nothing: work is done.
async function suffer(
  context: Context,
  operations: readonly Operation[],
  response: ServerResponse,
  work: () => Promise<() => void>,
): Promise<void> {
  const delayMs = context.fail.takeDelay(operations);
  if (delayMs > 0) await delay(delayMs, undefined, { signal: context.closed });
  const fault = context.fail.takeRequest(operations);
  switch (fault?.how) {
    case 'drop':
      response.destroy();
      return;
    case 'bad-gateway':
      response.writeHead(502, { 'content-type': 'text/html' }).end('<html><h1>502 Bad Gateway</h1></html>');
      return;
    case 'throttle': {
      const { retryAfterSeconds } = fault;
      const headers: Record<string, string> = {};
      if (retryAfterSeconds !== undefined) headers['retry-after'] = String(retryAfterSeconds);
      answerJson(response, 429, { statusCode: 429, message: 'Too Many Requests' }, headers);
      return;
    }
  }
  const answer = await work();
  if (fault?.how === 'answer-lost') response.destroy();
  else if (fault?.how !== 'no-answer') answer();
}

async function handOutToken(context: Context, body: Buffer, response: ServerResponse): Promise<() => void> {
  const { email, environmentId, apiKey } = parseObject(body) ?? {};
  if (context.fail.takeCall({ operation: 'token' })) {
    return () => answerJson(response, 500, { statusCode: 500, message: 'Internal server error' });
  }
  const isKnown =
    email === serviceAccount &&
    isSame(`${environmentId}:${apiKey}`, `${context.environmentId}:${context.apiKey}`);
  if (!isKnown) return () => answerJson(response, 401, { statusCode: 401, message: 'Unauthorized' });
  const accessToken = await new SignJWT({ environmentId: context.environmentId })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime(Math.floor((context.now() + context.tokenLifetimeMs) / 1000))
    .sign(context.tokenSecret);
  return () => answerJson(response, 201, { accessToken });
}

async function run(
  context: Context,
  { document, variables }: GraphqlRequest,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<() => void> {
  if (!(await isAuthorized(context, request.headers))) {
    return () => answerJson(response, 200, { errors: [unauthorizedError()], data: null });
  }
  const rootValue = resolvers(context);
  const result: ExecutionResult = await execute({ schema, document, rootValue, variableValues: variables });
  // No `data` at all: the variables did not fit, and nothing was run.
  if (!('data' in result)) {
    return () => answerJson(response, 400, { errors: result.errors?.map(invalidRequestError) });
  }
  return () => answerJson(response, 200, result);
}

async function isAuthorized(context: Context, headers: IncomingMessage['headers']): Promise<boolean> {
  const basic = Buffer.from(`${context.environmentId}:${context.apiKey}`).toString('base64');
  if (!isSame(headers['roq-platform-server-authorization'], `Basic ${basic}`)) return false;
  const [scheme, token = ''] = String(headers['roq-platform-authorization']).split(' ');
  const options = { algorithms: ['HS256'], currentDate: new Date(context.now()) };
  try {
    await jwtVerify(token, context.tokenSecret, options);
    return scheme === 'Bearer';
  } catch (error) {
    if (error instanceof errors.JOSEError) return false;
    throw error;
  }
}

// The engine runs mutations one after the other and, these being non-null, stops at the first that fails.
function resolvers({ users, fail }: Context) {
  const suffering = <Result>(call: Call, work: (fault?: CallFault) => Result): Result => {
    const fault = fail.takeCall(call);
    const about = fault?.reference ?? call.references?.[0] ?? '';
    if (fault?.how === 'fail') throw internalError();
    if (fault?.how === 'refuse') throw refusedError(fault.field ?? 'user', 'is refused', about);
    if (fault?.how === 'not-found') throw notFoundError(about);
    return work(fault);
  };
  const present = (user: RoqUser) => ({
    ...user,
    roles: pageOf(user.roles.map((key) => ({ id: key, key, name: key, isSystemManaged: false }))),
    tenant: tenantOf(user, users.defaultTenantId),
    userGroups: pageOf([]),
  });
  return {
    user: ({ id }: { id: string }) => suffering({ operation: 'user' }, () => present(users.get(id))),
    users: (query: UsersQuery) =>
      suffering({ operation: 'users', references: referencesIn(query) }, (fault) => {
        const { data, totalCount } = users.page(query);
        const shown = fault?.how === 'partial' ? data.slice(0, -1) : data;
        return { data: shown.map(present), totalCount };
      }),
    createUser: ({ user }: { user: UserCreate }) =>
      suffering({ operation: 'createUser', references: [user.reference], fields: Object.keys(user) }, () =>
        present(users.create(user)),
      ),
    updateUser: ({ id, user }: { id: string; user: UserUpdate }) => {
      const { reference } = users.get(id);
      return suffering({ operation: 'updateUser', references: [reference], fields: Object.keys(user) }, () =>
        present(users.update(id, user)),
      );
    },
  };
}

function referencesIn({ filter }: UsersQuery): readonly string[] {
  const { equalTo, valueIn } = filter?.reference ?? {};
  return [equalTo, ...(Array.isArray(valueIn) ? valueIn : [])].filter((value) => typeof value === 'string');
}

function pageOf<Row>(data: readonly Row[]): { data: readonly Row[]; totalCount: number } {
  return { data, totalCount: data.length };
}

function tenantOf({ tenantId: id, createdAt }: RoqUser, defaultTenantId: string) {
  if (id === null) return null;
  return { id, isDefault: id === defaultTenantId, name: 'Tenant', createdAt, updatedAt: createdAt };
}

function isSame(told: unknown, expected: string): boolean {
  const [a, b] = [Buffer.from(String(told)), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
