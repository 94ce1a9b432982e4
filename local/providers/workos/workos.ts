// WorkOS as it sends. https://workos.com/docs/webhooks

import type { Told } from '../../../lib/user.ts';
import type { Example, SampleUser, Sender } from '../sender.ts';
import { firstSecret, newSecret, signTimestampedHmac } from '../signing.ts';

export const workos: Sender = {
  name: 'workos',
  setUp:
    'Webhooks → Create webhook; subscribe to `user.created`, `user.updated`, `user.deleted`, or to the same three of `dsync.user` where your users are those of directories, never to both. Its secret is `WORKOS_SECRETS`.',
  retries:
    'Exponential waits over 3 days in production, some minutes elsewhere. An outage of a day loses nothing.',
  cannotTell: 'A user who is disabled, unless a directory does it: WorkOS has no such thing.',
  environment: () => ({ WORKOS_SECRETS: newSecret() }),
  sign: async (payload, { environment, nowMs }) =>
    signTimestampedHmac(payload, firstSecret(environment.WORKOS_SECRETS), 'WorkOS-Signature', 'ms', nowMs),
  examples: {
    'user.created': user('user.created', { email_verified: false }, { emailVerified: false }),
    'user.updated-verified': user('user.updated', { email_verified: true }, { emailVerified: true }),
    'user.deleted': deletion('user.deleted'),
    'dsync.user.created': directoryUser('dsync.user.created', 'active', { disabled: false }),
    'dsync.user.updated-inactive': directoryUser('dsync.user.updated', 'inactive', { disabled: true }),
    'dsync.user.updated-active': directoryUser('dsync.user.updated', 'active', { disabled: false }),
    'dsync.user.deleted': deletion('dsync.user.deleted'),
    'session.created': ignored('session.created'),
    'organization_membership.updated': ignored('organization_membership.updated'),
  },
};

function user(event: string, changes: object, told: Told): Example {
  return {
    payload: (sample, atMs) => envelope(event, atMs, { ...toUser(sample), ...times(atMs), ...changes }),
    wanted: ({ id, email, firstName, lastName }, at) => [
      {
        kind: event,
        reference: id,
        at,
        told: {
          email,
          firstName,
          lastName,
          locale: 'en-GB',
          avatarUrl: 'https://img.example.com/ada.png',
          ...told,
        },
      },
    ],
  };
}

function directoryUser(event: string, state: string, told: Told): Example {
  return {
    payload: (sample, atMs) => envelope(event, atMs, { ...toDirectoryUser(sample), ...times(atMs), state }),
    wanted: ({ id, email, firstName, lastName }, at) => [
      { kind: event, reference: id, at, told: { email, firstName, lastName, ...told } },
    ],
  };
}

function deletion(event: string): Example {
  return {
    payload: (sample, atMs) => envelope(event, atMs, { ...toUser(sample), ...times(atMs - 60_000) }),
    wanted: ({ id }, at) => [{ kind: event, reference: id, at, told: { deleted: true } }],
  };
}

function ignored(event: string): Example {
  return {
    payload: ({ id }, atMs) => envelope(event, atMs, { id: 'other_1', user_id: id, ...times(atMs) }),
    wanted: (_, at) => [{ kind: event, reference: null, at, told: null }],
  };
}

function envelope(event: string, atMs: number, data: object): object {
  return { id: `event_${event}`, event, data, created_at: new Date(atMs).toISOString() };
}

function times(atMs: number): object {
  return { created_at: new Date(atMs - 3_600_000).toISOString(), updated_at: new Date(atMs).toISOString() };
}

function toUser({ id, email, firstName, lastName }: SampleUser): object {
  return {
    object: 'user',
    id,
    email,
    email_verified: true,
    first_name: firstName,
    last_name: lastName,
    name: `${firstName} ${lastName}`,
    profile_picture_url: 'https://img.example.com/ada.png',
    locale: 'en-GB',
    external_id: null,
    metadata: {},
    last_sign_in_at: null,
  };
}

function toDirectoryUser({ id, email, firstName, lastName }: SampleUser): object {
  return {
    object: 'directory_user',
    id,
    directory_id: 'directory_1',
    organization_id: 'org_1',
    idp_id: '8931',
    email,
    emails: [{ primary: true, type: 'work', value: email }],
    first_name: firstName,
    last_name: lastName,
    username: email,
    custom_attributes: {},
    raw_attributes: {},
  };
}
