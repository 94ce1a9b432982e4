// WorkOS' API: AuthKit's users, and directories with theirs, in pages by a cursor.
// https://workos.com/docs/reference/authkit/user/list

import type { ApiAnswer, ApiUser, ProviderApi } from '../api.ts';

const key = 'sk_test_of_the_local_environment';

export const workosApi: ProviderApi = {
  name: 'workos',
  setUp:
    '`WORKOS_API_KEY` is an API key of the environment whose webhooks come here (API Keys). There is none that may only read users.',
  cannotSee:
    "Whether a user of AuthKit is disabled, for there is no such thing; users' phone numbers; whether a directory's address is verified.",
  environment: (url) => ({ WORKOS_API_KEY: key, WORKOS_API_URL: url }),
  toId: (n) => `user_${String(n).padStart(26, '0')}`,
  isList: ({ url }) => url.pathname === '/user_management/users',
  throttled: (waitSeconds) => ({
    status: 429,
    body: { message: 'Too many requests.', code: 'rate_limit_exceeded' },
    headers: { 'retry-after': String(waitSeconds) },
  }),
  forbidden: failure(403, 'forbidden'),
  answer: ({ url, headers }, users) => {
    if (headers.authorization !== `Bearer ${key}`) return failure(401, 'unauthorized');
    if (url.pathname === '/directories' || url.pathname === '/directory_users') return page(url, []);
    const [, id] = /^\/user_management\/users\/([^/]+)$/.exec(url.pathname) ?? [];
    if (id !== undefined) {
      const user = users.find((candidate) => candidate.id === decodeURIComponent(id));
      return user ? { status: 200, body: toUser(user) } : failure(404, 'entity_not_found');
    }
    return url.pathname === '/user_management/users'
      ? page(url, users.map(toUser))
      : failure(404, 'not_found');
  },
};

/** One page of a list, newest first unless it is asked for otherwise. */
function page(url: URL, rows: readonly { readonly id: string }[]): ApiAnswer {
  const limit = Math.min(Number(url.searchParams.get('limit') ?? 10), 100);
  const sorted = url.searchParams.get('order') === 'asc' ? rows : [...rows].reverse();
  const begin = sorted.findIndex(({ id }) => id === url.searchParams.get('after')) + 1;
  const data = sorted.slice(begin, begin + limit);
  const after = sorted.length > begin + limit ? (data.at(-1)?.id ?? null) : null;
  return { status: 200, body: { object: 'list', data, list_metadata: { before: null, after } } };
}

function failure(status: number, code: string): ApiAnswer {
  return { status, body: { message: 'of the kind that WorkOS writes', code } };
}

function toUser(user: ApiUser) {
  return {
    object: 'user',
    id: user.id,
    email: user.email,
    email_verified: user.emailVerified,
    first_name: user.firstName,
    last_name: user.lastName,
    profile_picture_url: null,
    created_at: new Date(user.createdAtMs).toISOString(),
    updated_at: new Date(user.changedAtMs).toISOString(),
  };
}
