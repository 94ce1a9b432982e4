// Microsoft Graph's users, with a token of an app first. https://learn.microsoft.com/graph/api/user-list

import { randomUUID } from 'node:crypto';
import type { ApiAnswer, ApiUser, ProviderApi } from '../api.ts';

const [tenantId, clientId, clientSecret] = ['local-tenant', 'local-app', 'secret-of-the-local-app'];
const tokens = new Set<string>();

export const entraApi: ProviderApi = {
  name: 'entra',
  setUp:
    'An app registration with the application permission `User.Read.All`, consented to by an admin, and a client secret. It reads who is in the recycle bin as well. With `ENTRA_NOTIFICATION_URL` and `ENTRA_CLIENT_STATES` the subscription is made, and renewed a week before it ends.',
  cannotSee:
    'Whether an address is verified. Guests are listed too. A change can take minutes to show, so that nobody counts as gone before a day has passed.',
  environment: (url) => ({
    ENTRA_TENANT_ID: tenantId,
    ENTRA_CLIENT_ID: clientId,
    ENTRA_CLIENT_SECRET: clientSecret,
    ENTRA_GRAPH_URL: url,
    ENTRA_LOGIN_URL: url,
  }),
  toId: (n) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
  isList: ({ url }) => url.pathname === '/v1.0/users',
  throttled: (waitSeconds) => ({
    status: 429,
    body: { error: { code: 'TooManyRequests' } },
    headers: { 'retry-after': String(waitSeconds) },
  }),
  forbidden: failure(403, 'Authorization_RequestDenied'),
  answer: ({ url, headers, body }, users) => {
    if (url.pathname === `/${tenantId}/oauth2/v2.0/token`) return giveToken(body);
    if (!tokens.has(String(headers.authorization).replace(/^Bearer /, '')))
      return failure(401, 'InvalidAuthenticationToken');
    const members = url.searchParams.get('$select')?.split(',') ?? ['id', 'mail'];
    const toRow = (user: ApiUser) =>
      Object.fromEntries(Object.entries(toUser(user)).filter(([name]) => members.includes(name)));
    const [, id] = /^\/v1\.0\/users\/([^/]+)$/.exec(url.pathname) ?? [];
    if (id !== undefined) {
      const wanted = decodeURIComponent(id);
      const user = users.find((candidate) => candidate.id === wanted || candidate.email === wanted);
      return user ? { status: 200, body: toRow(user) } : failure(404, 'Request_ResourceNotFound');
    }
    if (url.pathname !== '/v1.0/users') return failure(404, 'Request_ResourceNotFound');
    const top = Math.min(Number(url.searchParams.get('$top') ?? 100), 999);
    const begin = Number(url.searchParams.get('$skiptoken') ?? 0);
    const query = new URLSearchParams(url.searchParams);
    query.set('$skiptoken', String(begin + top));
    const next = users.length > begin + top && { '@odata.nextLink': `${url.origin}/v1.0/users?${query}` };
    return { status: 200, body: { value: users.slice(begin, begin + top).map(toRow), ...next } };
  },
};

function giveToken(body: Buffer): ApiAnswer {
  const given = new URLSearchParams(body.toString());
  const isRight = given.get('client_id') === clientId && given.get('client_secret') === clientSecret;
  if (given.get('grant_type') !== 'client_credentials' || !isRight)
    return { status: 401, body: { error: 'invalid_client' } };
  const token = randomUUID();
  tokens.add(token);
  return { status: 200, body: { access_token: token, expires_in: 3600, token_type: 'Bearer' } };
}

function failure(status: number, code: string): ApiAnswer {
  return { status, body: { error: { code, message: 'of the kind that Graph writes' } } };
}

function toUser(user: ApiUser): object {
  return {
    id: user.id,
    accountEnabled: !user.disabled,
    mail: user.email,
    userPrincipalName: user.email,
    givenName: user.firstName,
    surname: user.lastName,
    mobilePhone: user.phone,
    preferredLanguage: null,
    ...user.more,
  };
}
