// Keycloak's Admin API: users by name, in pages by their place; a token of a client first.
// https://www.keycloak.org/docs-api/latest/rest-api/index.html#_users

import { randomUUID } from 'node:crypto';
import type { ApiAnswer, ApiUser, ProviderApi } from '../api.ts';

const [clientId, clientSecret] = ['roq-sync', 'secret-of-the-local-client'];
const tokens = new Set<string>();

export const keycloakApi: ProviderApi = {
  name: 'keycloak',
  setUp:
    'A client with client authentication and a service account (Clients → Create), whose account has the role `view-users` of `realm-management`, and no other. With `query-users` alone the list is empty.',
  cannotSee:
    'A temporary lockout. Attributes that the user profile hides from administrators. Users of an LDAP while that is away.',
  environment: (url) => ({
    KEYCLOAK_URL: url,
    KEYCLOAK_REALM: 'app',
    KEYCLOAK_CLIENT_ID: clientId,
    KEYCLOAK_CLIENT_SECRET: clientSecret,
  }),
  toId: (n) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
  isList: ({ url }) => url.pathname === '/admin/realms/app/users',
  // Keycloak has no limits; what stands before it may.
  throttled: (waitSeconds) => ({
    status: 429,
    body: 'Too Many Requests',
    headers: { 'retry-after': String(waitSeconds) },
  }),
  forbidden: failure(403, 'HTTP 403 Forbidden'),
  answer: ({ url, headers, body }, users) => {
    if (url.pathname === '/realms/app/protocol/openid-connect/token') return giveToken(body);
    if (!/^\/admin\/realms\/app\/users(\/|$)/.test(url.pathname)) return failure(404, 'Realm not found.');
    const bearer = String(headers.authorization).replace(/^Bearer /, '');
    if (!tokens.has(bearer)) return failure(401, 'HTTP 401 Unauthorized');
    const [, id] = /users\/([^/]+)$/.exec(url.pathname) ?? [];
    if (id !== undefined) {
      const user = users.find((candidate) => candidate.id === decodeURIComponent(id));
      return user ? { status: 200, body: toUser(user, false) } : failure(404, 'User not found');
    }
    const first = Number(url.searchParams.get('first') ?? 0);
    const max = Number(url.searchParams.get('max') ?? 100);
    const isBrief = url.searchParams.get('briefRepresentation') === 'true';
    const sorted = [...users].sort((a, b) => (a.email < b.email ? -1 : 1));
    return { status: 200, body: sorted.slice(first, first + max).map((user) => toUser(user, isBrief)) };
  },
};

function giveToken(body: Buffer): ApiAnswer {
  const given = new URLSearchParams(body.toString());
  const isRight = given.get('client_id') === clientId && given.get('client_secret') === clientSecret;
  if (given.get('grant_type') !== 'client_credentials' || !isRight)
    return { status: 401, body: { error: 'unauthorized_client' } };
  const token = randomUUID();
  tokens.add(token);
  return { status: 200, body: { access_token: token, expires_in: 60, token_type: 'Bearer' } };
}

function failure(status: number, error: string): ApiAnswer {
  return { status, body: { error } };
}

function toUser(user: ApiUser, isBrief: boolean): object {
  return {
    id: user.id,
    username: user.email,
    email: user.email,
    emailVerified: user.emailVerified,
    enabled: !user.disabled,
    firstName: user.firstName,
    lastName: user.lastName,
    createdTimestamp: user.createdAtMs,
    totp: false,
    requiredActions: [],
    notBefore: 0,
    ...(!isBrief && { attributes: { phoneNumber: [user.phone] } }),
  };
}
