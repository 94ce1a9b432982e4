// Kratos' admin API: pages by the last id, and 404 for who is not there.
// https://github.com/ory/kratos/blob/master/identity/handler.go

import type { ApiUser, ProviderApi } from '../api.ts';

const token = 'ory_pat_of_the_local_network';

export const kratosApi: ProviderApi = {
  name: 'kratos',
  setUp:
    "The admin API of a Kratos of your own has no credentials: its network guards it, so let nothing but the function that asks reach it. On the Ory Network, a project's API key is `KRATOS_ADMIN_TOKEN`; there is none that may only read.",
  cannotSee: 'Nothing that is known: every identity is listed, with its state.',
  environment: (url) => ({ KRATOS_ADMIN_URL: url, KRATOS_ADMIN_TOKEN: token }),
  toId: (n) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
  isList: ({ url }) => url.pathname === '/admin/identities' && !url.searchParams.has('ids'),
  throttled: (waitSeconds) => ({
    status: 429,
    body: { error: { code: 429, status: 'Too Many Requests' } },
    headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(waitSeconds) },
  }),
  forbidden: { status: 403, body: { error: { code: 403, status: 'Forbidden' } } },
  answer: ({ url, headers }, users) => {
    if (headers.authorization !== `Bearer ${token}`) return failure(401, 'Unauthorized');
    const [, id] = /^\/admin\/identities\/([^/]+)$/.exec(url.pathname) ?? [];
    if (id !== undefined) {
      const user = users.find((candidate) => candidate.id === id);
      return user ? { status: 200, body: toIdentity(user) } : failure(404, 'Not Found');
    }
    if (url.pathname !== '/admin/identities') return { status: 404, body: '404 page not found' };
    const ids = url.searchParams.getAll('ids');
    if (ids.length > 500) return failure(400, 'Bad Request');
    if (ids.length > 0) {
      return { status: 200, body: users.filter((user) => ids.includes(user.id)).map(toIdentity) };
    }
    const size = Math.min(Number(url.searchParams.get('page_size') ?? 250), 500);
    const after = url.searchParams.get('page_token') ?? '';
    const left = users.filter((user) => user.id > after);
    const page = left.slice(0, size);
    const last = page.at(-1);
    const links = [`</admin/identities?page_size=${size}>; rel="first"`];
    if (last && left.length > size)
      links.push(`</admin/identities?page_size=${size}&page_token=${last.id}>; rel="next"`);
    return { status: 200, body: page.map(toIdentity), headers: { link: links.join(',') } };
  },
};

function failure(code: number, status: string) {
  return { status: code, body: { error: { code, status, message: 'of the kind that Kratos writes' } } };
}

function toIdentity(user: ApiUser): object {
  const updatedAt = new Date(user.changedAtMs).toISOString();
  return {
    id: user.id,
    schema_id: 'default',
    schema_url: 'http://127.0.0.1/schemas/default',
    state: user.disabled ? 'inactive' : 'active',
    state_changed_at: updatedAt,
    traits: { email: user.email, phone: user.phone, first_name: user.firstName, last_name: user.lastName },
    verifiable_addresses: [
      {
        id: user.id,
        value: user.email.toLowerCase(),
        verified: user.emailVerified,
        via: 'email',
        status: user.emailVerified ? 'completed' : 'sent',
        ...(user.emailVerified && { verified_at: updatedAt }),
      },
    ],
    metadata_public: null,
    metadata_admin: null,
    created_at: new Date(user.createdAtMs).toISOString(),
    updated_at: updatedAt,
    organization_id: null,
  };
}
