// The admin API of Supabase's auth server. https://github.com/supabase/auth/blob/master/internal/api/admin.go

import type { ApiAnswer, ApiUser, ProviderApi } from '../api.ts';

const key = 'service-role-key-of-the-local-project';

export const supabaseApi: ProviderApi = {
  name: 'supabase',
  setUp:
    '`SUPABASE_SERVICE_KEY` is the `service_role` key, or a secret key (Project Settings → API Keys). There is none that may only read.',
  cannotSee: 'Nothing that is known. Users who are anonymous or come by SSO are listed as well.',
  environment: (url) => ({ SUPABASE_URL: url, SUPABASE_SERVICE_KEY: key }),
  toId: (n) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
  isList: ({ url }) => url.pathname === '/auth/v1/admin/users',
  throttled: (waitSeconds) => ({
    status: 429,
    body: { code: 429, error_code: 'over_request_rate_limit' },
    headers: { 'retry-after': String(waitSeconds) },
  }),
  forbidden: failure(403, 'not_admin'),
  answer: ({ url, headers }, users) => {
    if (headers.authorization !== `Bearer ${key}` || headers.apikey !== key) return failure(403, 'bad_jwt');
    const [, id] = /^\/auth\/v1\/admin\/users\/([^/]+)$/.exec(url.pathname) ?? [];
    if (id !== undefined) {
      if (!/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/.test(id)) return failure(404, 'validation_failed');
      const user = users.find((candidate) => candidate.id === id);
      return user ? { status: 200, body: toUser(user) } : failure(404, 'user_not_found');
    }
    const size = Number(url.searchParams.get('per_page') ?? 50);
    const begin = (Number(url.searchParams.get('page') ?? 1) - 1) * size;
    const isAscending = url.searchParams.get('sort') === 'created_at asc';
    const sorted = [...users].sort((a, b) => (isAscending ? 1 : -1) * (a.createdAtMs - b.createdAtMs));
    const found = sorted.slice(begin, begin + size).map(toUser);
    return {
      status: 200,
      body: { users: found, aud: 'authenticated' },
      headers: { 'x-total-count': String(users.length) },
    };
  },
};

function failure(code: number, errorCode: string): ApiAnswer {
  return { status: code, body: { code, error_code: errorCode, msg: 'of the kind that Supabase writes' } };
}

function toUser(user: ApiUser): object {
  const updatedAt = new Date(user.changedAtMs).toISOString();
  return {
    id: user.id,
    aud: 'authenticated',
    role: 'authenticated',
    email: user.email,
    ...(user.emailVerified && { email_confirmed_at: updatedAt }),
    phone: user.phone.replace('+', ''),
    app_metadata: { provider: 'email', providers: ['email'] },
    user_metadata: { first_name: user.firstName, last_name: user.lastName },
    created_at: new Date(user.createdAtMs).toISOString(),
    updated_at: updatedAt,
    ...(user.disabled && { banned_until: '2126-01-01T00:00:00Z' }),
    is_anonymous: false,
  };
}
