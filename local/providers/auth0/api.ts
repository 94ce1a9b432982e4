// Auth0's Management API: exports by a job, whose file has an address of its own; with a token of an application first.
// https://auth0.com/docs/manage-users/user-migration/bulk-user-exports

import { randomUUID } from 'node:crypto';
import type { ApiAnswer, ApiRequest, ApiUser, ProviderApi } from '../api.ts';

const domain = 'local.eu.auth0.com';
const [clientId, clientSecret] = ['local-application', 'secret-of-the-local-application'];
const tokens = new Set<string>();
/** By the job's id: how often it was asked after, and what it exports. */
const exportsOf = new Map<string, { polls: number; readonly file: string }>();

export const auth0Api: ProviderApi = {
  name: 'auth0',
  setUp:
    'A machine-to-machine application that is authorized for the Auth0 Management API with the permission `read:users`, and no other.',
  cannotSee:
    'A block for too many failed sign-ins. An account that was linked into another one is that other one from then on.',
  environment: (url) => ({
    AUTH0_TENANT_DOMAIN: domain,
    AUTH0_CLIENT_ID: clientId,
    AUTH0_CLIENT_SECRET: clientSecret,
    AUTH0_API_URL: url,
  }),
  toId: (n) => `auth0|${String(n).padStart(24, '0')}`,
  isList: ({ url }) => url.pathname.startsWith('/exports/'),
  throttled: (waitSeconds) => ({
    status: 429,
    body: { statusCode: 429, error: 'Too Many Requests', errorCode: 'too_many_requests' },
    headers: { 'x-ratelimit-reset': String(Math.ceil(Date.now() / 1000) + waitSeconds) },
  }),
  forbidden: failure(403, 'insufficient_scope'),
  answer: (request, users) => {
    const { url, headers } = request;
    if (url.pathname === '/oauth/token') return giveToken(request);
    const [, exported] = /^\/exports\/(.+)$/.exec(url.pathname) ?? [];
    if (exported !== undefined) return { status: 200, body: exportsOf.get(exported)?.file ?? '' };
    if (!tokens.has(String(headers.authorization).replace(/^Bearer /, '')))
      return failure(401, 'invalid_token');
    if (url.pathname.startsWith('/api/v2/jobs/')) return answerJob(request, users);
    const [, id] = /^\/api\/v2\/users\/([^/]+)$/.exec(url.pathname) ?? [];
    if (id !== undefined) {
      const user = users.find((candidate) => candidate.id === decodeURIComponent(id));
      return user ? { status: 200, body: toUser(user) } : failure(404, 'inexistent_user');
    }
    // Nobody has linked accounts here.
    return url.pathname === '/api/v2/users' ? { status: 200, body: [] } : failure(404, 'not_found');
  },
};

function answerJob({ url, body, method }: ApiRequest, users: readonly ApiUser[]): ApiAnswer {
  if (method === 'POST' && url.pathname.endsWith('/users-exports')) {
    const { fields = [] } = JSON.parse(body.toString()) as {
      readonly fields?: readonly { readonly name: string }[];
    };
    const names = fields.map(({ name }) => name);
    const rows = users.map((user) => Object.entries(toUser(user)).filter(([name]) => names.includes(name)));
    const id = `job_${randomUUID()}`;
    const file = rows.map((row) => `${JSON.stringify(Object.fromEntries(row))}\n`).join('');
    exportsOf.set(id, { polls: 0, file });
    return { status: 200, body: { id, type: 'users_export', status: 'pending' } };
  }
  const id = url.pathname.split('/').at(-1) ?? '';
  const job = exportsOf.get(id);
  if (!job) return failure(404, 'inexistent_job');
  job.polls += 1;
  // It takes its time.
  if (job.polls < 2) return { status: 200, body: { id, status: 'processing', percentage_done: 50 } };
  return { status: 200, body: { id, status: 'completed', location: `${url.origin}/exports/${id}` } };
}

function giveToken({ body }: ApiRequest): ApiAnswer {
  const given = new URLSearchParams(body.toString());
  const isRight =
    given.get('client_id') === clientId &&
    given.get('client_secret') === clientSecret &&
    given.get('audience') === `https://${domain}/api/v2/`;
  if (!isRight) return { status: 401, body: { error: 'access_denied' } };
  const token = randomUUID();
  tokens.add(token);
  return { status: 200, body: { access_token: token, expires_in: 86_400, token_type: 'Bearer' } };
}

function failure(statusCode: number, errorCode: string): ApiAnswer {
  return { status: statusCode, body: { statusCode, errorCode, message: 'of the kind that Auth0 writes' } };
}

function toUser(user: ApiUser): object {
  return {
    user_id: user.id,
    email: user.email,
    email_verified: user.emailVerified,
    phone_number: user.phone,
    given_name: user.firstName,
    family_name: user.lastName,
    created_at: new Date(user.createdAtMs).toISOString(),
    updated_at: new Date(user.changedAtMs).toISOString(),
    ...(user.disabled && { blocked: true }),
    ...user.more,
  };
}
