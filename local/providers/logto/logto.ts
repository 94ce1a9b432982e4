// Logto as it sends. https://docs.logto.io/developers/webhooks/webhooks-request

import type { Told } from '../../../lib/user.ts';
import type { Example, SampleUser, Sender } from '../sender.ts';
import { firstSecret, newSecret, signHmac } from '../signing.ts';

export const logto: Sender = {
  name: 'logto',
  setUp:
    "Webhooks → Create webhook; choose `User.Created`, `User.Data.Updated`, `User.SuspensionStatus.Updated`, `User.Deleted`; its signing key is `LOGTO_SECRETS`. Logto's own test payload names no user and is refused.",
  retries:
    'Waits 10 s; newer versions try an answer of 5xx 3 times again within seconds, older ones never. An outage loses events: run backfill after one.',
  cannotTell: 'Whether an e-mail address is verified.',
  environment: () => ({ LOGTO_SECRETS: newSecret() }),
  sign: async (payload, { environment }) =>
    signHmac(payload, firstSecret(environment.LOGTO_SECRETS), 'logto-signature-sha-256', 'hex'),
  maxAgeMs: 31 * 86_400_000,
  givesNoIds: true,
  examples: {
    'User.Created': user('User.Created', undefined, {}, { disabled: false }),
    'User.Data.Updated': user('User.Data.Updated', 'PATCH /users/:userId', {}, { disabled: false }),
    'User.Data.Updated-profile': {
      payload: ({ id, firstName, lastName }, atMs) =>
        envelope('User.Data.Updated', atMs, {
          ...management('PATCH /users/:userId/profile', id),
          data: { givenName: firstName, familyName: lastName, locale: 'fr' },
        }),
      wanted: ({ id, firstName, lastName }, at) => [
        { kind: 'User.Data.Updated', reference: id, at, told: { firstName, lastName, locale: 'fr' } },
      ],
    },
    'User.SuspensionStatus.Updated-suspended': suspension(true),
    'User.SuspensionStatus.Updated-reactivated': suspension(false),
    'User.Deleted': {
      payload: (sample, atMs) => envelope('User.Deleted', atMs, { data: toUser(sample, atMs - 60_000) }),
      wanted: ({ id }, at) => [{ kind: 'User.Deleted', reference: id, at, told: { deleted: true } }],
    },
    'User.Deleted-null': {
      payload: ({ id }, atMs) =>
        envelope('User.Deleted', atMs, { ...management('DELETE /users/:userId', id), data: null }),
      wanted: ({ id }, at) => [{ kind: 'User.Deleted', reference: id, at, told: { deleted: true } }],
    },
    'User.Data.Updated-custom-data': {
      payload: ({ id }, atMs) =>
        envelope('User.Data.Updated', atMs, {
          ...management('PATCH /users/:userId/custom-data', id),
          data: { id: 'somebody-else', primaryEmail: 'mallory@example.com' },
        }),
      wanted: (_, at) => [{ kind: 'User.Data.Updated', reference: null, at, told: null }],
    },
    PostRegister: {
      payload: (sample, atMs) =>
        envelope('PostRegister', atMs, {
          interactionEvent: 'Register',
          userId: sample.id,
          user: toUser(sample, atMs),
        }),
      wanted: (_, at) => [{ kind: 'PostRegister', reference: null, at, told: null }],
    },
  },
};

function suspension(isSuspended: boolean): Example {
  const route = 'PATCH /users/:userId/is-suspended';
  return user('User.SuspensionStatus.Updated', route, { isSuspended }, { disabled: isSuspended });
}

function user(event: string, route: string | undefined, changes: object, told: Told): Example {
  return {
    payload: (sample, atMs) =>
      envelope(event, atMs + 40, {
        ...(route && management(route, sample.id)),
        data: { ...toUser(sample, atMs), ...changes },
      }),
    wanted: ({ id, email, phone, firstName, lastName }, at) => [
      {
        kind: event,
        reference: id,
        at,
        told: {
          email,
          phone,
          firstName,
          lastName,
          locale: 'en-GB',
          timezone: 'Europe/London',
          avatarUrl: 'https://img.example.com/ada.png',
          ...told,
        },
      },
    ],
  };
}

function envelope(event: string, atMs: number, more: object): object {
  const createdAt = new Date(atMs).toISOString();
  return { event, createdAt, userAgent: 'Mozilla/5.0', ip: '192.0.2.1', ...more, hookId: 'hook_1' };
}

function management(route: string, userId: string): object {
  const [method, matchedRoute = ''] = route.split(' ');
  return {
    path: `/api${matchedRoute.replace(':userId', userId)}`,
    method,
    status: 200,
    params: { userId },
    matchedRoute,
  };
}

function toUser({ id, email, phone, firstName, lastName }: SampleUser, updatedAt: number): object {
  return {
    id,
    username: null,
    primaryEmail: email,
    primaryPhone: phone,
    name: `${firstName} ${lastName}`,
    avatar: 'https://img.example.com/ada.png',
    customData: {},
    identities: {},
    applicationId: null,
    profile: { givenName: firstName, familyName: lastName, locale: 'en-GB', zoneinfo: 'Europe/London' },
    isSuspended: false,
    lastSignInAt: null,
    createdAt: updatedAt - 60_000,
    updatedAt,
  };
}
