// Kinde as it sends. https://docs.kinde.com/integrate/webhooks/about-webhooks/

import { randomUUID } from 'node:crypto';
import type { Example, SampleUser, Sender } from '../sender.ts';

export const kinde: Sender = {
  name: 'kinde',
  setUp:
    'Settings → Webhooks → Add webhook; choose `user.created`, `user.updated` and `user.deleted`. There is no secret: the keys of your tenant are at `KINDE_JWKS_URL`.',
  retries:
    'Again for 36 hours, ever more slowly; Kinde switches a webhook off after 72 hours of failures. An outage of a day loses nothing.',
  cannotTell: 'Whether an e-mail address is verified.',
  environment: ({ jwksUrl }) => ({ KINDE_JWKS_URL: jwksUrl }),
  sign: async (claims, { keys }) => ({
    headers: { 'Content-Type': 'application/jwt', 'webhook-id': `msg_${randomUUID()}` },
    body: Buffer.from(await keys.sign({ ...claims }, { typ: 'JWT' })),
  }),
  maxAgeMs: 48 * 3_600_000,
  examples: {
    'user.created': user('user.created', false),
    'user.updated': user('user.updated', false),
    'user.updated-suspended': user('user.updated', true),
    'user.deleted': {
      payload: ({ id }, atMs) => ({ ...envelope('user.deleted'), ...stamp(atMs), data: { user: { id } } }),
      wanted: ({ id }, at) => [{ kind: 'user.deleted', reference: id, at, told: { deleted: true } }],
    },
    // Some kinds bear their time under another name.
    'user.authenticated': {
      payload: ({ id }, atMs) => ({
        ...envelope('user.authenticated'),
        event_timestamp: new Date(atMs).toISOString(),
        data: { user: { id } },
      }),
      wanted: (_, at) => [{ kind: 'user.authenticated', reference: null, at, told: null }],
    },
  },
};

function user(type: string, isSuspended: boolean): Example {
  return {
    payload: (sample, atMs) => ({
      ...envelope(type),
      ...stamp(atMs),
      data: { user: toUser(sample, isSuspended) },
    }),
    wanted: ({ id, email, firstName }, at) => [
      {
        kind: type,
        reference: id,
        at,
        told: { email, phone: null, firstName, lastName: null, disabled: isSuspended },
      },
    ],
  };
}

function envelope(type: string): object {
  return { type, event_id: `event_${randomUUID()}`, source: 'admin' };
}

function stamp(atMs: number): object {
  return { timestamp: new Date(atMs).toISOString() };
}

function toUser({ id, email, firstName }: SampleUser, isSuspended: boolean): object {
  return {
    id,
    email,
    first_name: firstName,
    last_name: '',
    phone: null,
    username: null,
    is_suspended: isSuspended,
    is_password_reset_requested: false,
    organizations: [{ code: 'org_1', roles: null, permissions: null }],
  };
}
