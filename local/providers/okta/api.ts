// Okta's Users API: pages by a Link header, and who is deactivated only by a search.
// https://developer.okta.com/docs/api/openapi/okta-management/management/tag/User/

import type { ApiAnswer, ApiUser, ProviderApi } from '../api.ts';

const token = '00-of-the-local-organization';

export const oktaApi: ProviderApi = {
  name: 'okta',
  setUp:
    'An API service app (Applications → Create App Integration) with Public key / Private key, its key made by Okta and copied as JSON into `OKTA_PRIVATE_KEY`, proof of possession (DPoP) not required, the scope `okta.users.read` granted, and the admin role Read-Only Administrator. Or `OKTA_API_TOKEN`, made by an admin of that role (Security → API → Tokens): it can do what they can, and ends with their account.',
  cannotSee: 'Whether an address is verified. A lockout, which ends by itself, is not read.',
  environment: (url) => ({ OKTA_API_URL: url, OKTA_API_TOKEN: token }),
  toId: (n) => `00u${String(n).padStart(17, '0')}`,
  isList: ({ url }) => url.pathname === '/api/v1/users',
  throttled: (waitSeconds) => ({
    status: 429,
    body: { errorCode: 'E0000047' },
    headers: {
      'x-rate-limit-remaining': '0',
      'x-rate-limit-reset': String(Math.ceil(Date.now() / 1000) + waitSeconds),
    },
  }),
  forbidden: failure(403, 'E0000006'),
  answer: ({ url, headers }, users) => {
    if (headers.authorization !== `SSWS ${token}`) return failure(401, 'E0000011');
    const [, id] = /^\/api\/v1\/users\/([^/]+)$/.exec(url.pathname) ?? [];
    if (id !== undefined) {
      const wanted = decodeURIComponent(id);
      const user = users.find((candidate) => candidate.id === wanted || candidate.email === wanted);
      return user ? { status: 200, body: toUser(user) } : failure(404, 'E0000007');
    }
    if (url.pathname !== '/api/v1/users') return failure(404, 'E0000022');
    const isSearch = url.searchParams.has('search');
    const shown = isSearch ? users : users.filter(({ disabled }) => !disabled);
    const limit = Math.min(Number(url.searchParams.get('limit') ?? 200), 200);
    const begin = Number(url.searchParams.get('after') ?? 0);
    const page = shown.slice(begin, begin + limit);
    const query = new URLSearchParams(url.searchParams);
    query.set('after', String(begin + limit));
    const self = `<${url.href}>; rel="self"`;
    const next = `<${url.origin}/api/v1/users?${query}>; rel="next"`;
    const link = shown.length > begin + limit ? `${self}, ${next}` : self;
    return { status: 200, body: page.map(toUser), headers: { link } };
  },
};

function failure(status: number, errorCode: string): ApiAnswer {
  return { status, body: { errorCode, errorSummary: 'of the kind that Okta writes', errorCauses: [] } };
}

function toUser(user: ApiUser): object {
  return {
    id: user.id,
    status: user.disabled ? 'DEPROVISIONED' : 'ACTIVE',
    created: new Date(user.createdAtMs).toISOString(),
    lastUpdated: new Date(user.changedAtMs).toISOString(),
    profile: {
      login: user.email,
      email: user.email,
      mobilePhone: user.phone,
      firstName: user.firstName,
      lastName: user.lastName,
      secondEmail: null,
    },
  };
}
