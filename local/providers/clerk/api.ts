// Clerk's Backend API: a bare array, pages by the last id. https://clerk.com/docs/reference/backend-api/tag/users/get/users

import type { ApiAnswer, ApiUser, ProviderApi } from '../api.ts';

const key = 'sk_test_of_the_local_instance';

export const clerkApi: ProviderApi = {
  name: 'clerk',
  setUp:
    "`CLERK_API_KEY` is the instance's secret key (API keys → Secret keys), of the very instance whose webhooks come here: that of another one says of everybody that they are not. There is none that may only read.",
  cannotSee: 'Nothing that is known. A lock, which ends by itself, is not read.',
  environment: (url) => ({ CLERK_API_KEY: key, CLERK_API_URL: url }),
  toId: (n) => `user_${String(n).padStart(27, '0')}`,
  isList: ({ url }) => url.pathname === '/v1/users' && !url.searchParams.has('user_id'),
  throttled: (waitSeconds) => ({
    status: 429,
    body: { errors: [{ code: 'too_many_requests' }] },
    headers: { 'retry-after': String(waitSeconds) },
  }),
  forbidden: failure(403, 'authorization_invalid'),
  answer: ({ url, headers }, users) => {
    if (headers.authorization !== `Bearer ${key}`) return failure(401, 'authentication_invalid');
    const [, id] = /^\/v1\/users\/([^/]+)$/.exec(url.pathname) ?? [];
    if (id !== undefined) {
      const user = users.find((candidate) => candidate.id === decodeURIComponent(id));
      return user ? { status: 200, body: toUser(user) } : failure(404, 'resource_not_found');
    }
    if (url.pathname !== '/v1/users') return { status: 404, body: 'not found' };
    const limit = Number(url.searchParams.get('limit') ?? 10);
    if (!(limit >= 1 && limit <= 500)) return failure(422, 'form_param_value_invalid');
    const ids = url.searchParams.getAll('user_id');
    if (ids.length > 100) return failure(422, 'form_param_value_invalid');
    if (ids.length > 0) {
      const found = users.filter((user) => ids.includes(user.id)).slice(0, limit);
      return { status: 200, body: found.map(toUser) };
    }
    const after = url.searchParams.get('starting_after');
    // The cursor needs the order by the time of creation.
    if (after !== null && url.searchParams.get('order_by') !== '+created_at')
      return failure(422, 'form_param_value_invalid');
    const sorted = [...users].sort((a, b) => a.createdAtMs - b.createdAtMs || (a.id < b.id ? -1 : 1));
    const begin = after === null ? 0 : sorted.findIndex((user) => user.id === after) + 1;
    return { status: 200, body: sorted.slice(begin, begin + limit).map(toUser) };
  },
};

function failure(status: number, code: string): ApiAnswer {
  return { status, body: { errors: [{ code, message: 'of the kind that Clerk writes' }] } };
}

function toUser(user: ApiUser): object {
  return {
    id: user.id,
    object: 'user',
    first_name: user.firstName,
    last_name: user.lastName,
    locale: null,
    image_url: 'https://img.clerk.com/of-somebody',
    banned: user.disabled,
    locked: false,
    deprovisioned: false,
    primary_email_address_id: 'idn_1',
    email_addresses: [
      {
        id: 'idn_1',
        email_address: user.email,
        verification: user.emailVerified
          ? { status: 'verified', strategy: 'email_code' }
          : { status: 'unverified' },
      },
    ],
    primary_phone_number_id: 'idn_2',
    phone_numbers: [{ id: 'idn_2', phone_number: user.phone }],
    created_at: user.createdAtMs,
    updated_at: user.changedAtMs,
    ...user.more,
  };
}
