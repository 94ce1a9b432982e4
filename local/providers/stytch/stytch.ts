// Stytch as it sends, through Svix. https://stytch.com/docs/workspace-management/webhooks

import { randomUUID } from 'node:crypto';
import type { Told } from '../../../lib/user.ts';
import type { Example, SampleUser, Sender } from '../sender.ts';
import { firstSecret, newWebhookSecret, signWebhook } from '../signing.ts';

export const stytch: Sender = {
  name: 'stytch',
  setUp:
    'Webhooks → Add endpoint; subscribe to the `user` events of a consumer project or the `member` events of a B2B project, from every source; its signing secret is `STYTCH_SECRETS`.',
  retries: 'Waits 15 s; 8 attempts over 28 hours. An outage of a day loses nothing.',
  cannotTell: 'A consumer user who is disabled: Stytch has no such thing.',
  environment: () => ({ STYTCH_SECRETS: newWebhookSecret() }),
  sign: async (payload, { environment, nowMs }) =>
    signWebhook(payload, firstSecret(environment.STYTCH_SECRETS), nowMs, 'svix'),
  examples: {
    'user.create': user('DIRECT', 'create', {}, { emailVerified: false }),
    'user.update-verified': user(
      'DIRECT',
      'update',
      { emails: [{ email_id: 'email-2', email: 'second@example.com', verified: false }], verified: true },
      { emailVerified: true },
    ),
    'user.update-emptied': user(
      'DASHBOARD',
      'update',
      { phone_numbers: [], name: { first_name: 'Augusta', middle_name: '', last_name: '' } },
      { emailVerified: false, phone: null, firstName: 'Augusta', lastName: null },
    ),
    'user.delete': deletion('user', { deleted: true }),
    'member.create': member('DIRECT', 'create', { email_address_verified: false }, { emailVerified: false }),
    'member.update-verified': member('SCIM', 'update', {}, {}),
    'member.update-deleted': member('SCIM', 'update', { status: 'deleted' }, { disabled: true }),
    'member.delete': deletion('member', { disabled: true }),
    'organization.update': {
      payload: (_, atMs) => ({
        ...envelope('DASHBOARD', 'organization', 'update', 'organization-test-1', atMs),
        organization: { organization_id: 'organization-test-1', organization_name: 'Analytical Engines' },
      }),
      wanted: (_, at) => [{ kind: 'organization.update', reference: null, at, told: null }],
    },
  },
};

type UserChanges = {
  readonly emails?: readonly object[];
  readonly verified?: boolean;
  readonly phone_numbers?: readonly object[];
  readonly name?: object;
};

function user(source: string, action: string, changes: UserChanges, told: Told): Example {
  const { emails = [], verified = false, ...members } = changes;
  return {
    payload: ({ id, email, phone, firstName, lastName }, atMs) => ({
      ...envelope(source, 'user', action, id, atMs),
      user: {
        user_id: id,
        status: 'active',
        created_at: new Date(atMs).toISOString(),
        emails: [...emails, { email_id: 'email-1', email, verified }],
        phone_numbers: [{ phone_id: 'phone-1', phone_number: phone, verified: true }],
        name: { first_name: firstName, middle_name: '', last_name: lastName },
        is_locked: true,
        providers: [],
        trusted_metadata: {},
        untrusted_metadata: {},
        ...members,
      },
    }),
    wanted: ({ id, email, phone, firstName, lastName }, at) => [
      {
        kind: `user.${action}`,
        reference: id,
        at,
        told: { email, phone, firstName, lastName, ...told },
      },
    ],
  };
}

function member(source: string, action: string, changes: object, told: Told): Example {
  return {
    payload: ({ id, email, phone, firstName, lastName }, atMs) => ({
      ...envelope(source, 'member', action, id, atMs),
      member: {
        member_id: id,
        organization_id: 'organization-test-1',
        name: `${firstName} ${lastName}`,
        email_address: email,
        email_address_verified: true,
        mfa_phone_number: phone,
        status: 'active',
        roles: [],
        trusted_metadata: {},
        ...changes,
      },
    }),
    wanted: ({ id, email }, at) => [
      {
        kind: `member.${action}`,
        reference: id,
        at,
        told: { email, emailVerified: true, disabled: false, ...told },
      },
    ],
  };
}

function deletion(type: 'user' | 'member', told: Told): Example {
  return {
    payload: ({ id }: SampleUser, atMs) => envelope('DASHBOARD', type, 'delete', id, atMs),
    wanted: ({ id }, at) => [{ kind: `${type}.delete`, reference: id, at, told }],
  };
}

// Stytch writes nanoseconds.
function envelope(source: string, type: string, action: string, id: string, atMs: number): object {
  return {
    source,
    object_type: type,
    action: action.toUpperCase(),
    id,
    vertical: 'CONSUMER',
    event_id: `webhook-event-test-${randomUUID()}`,
    project_id: `project-test-${randomUUID()}`,
    timestamp: new Date(atMs).toISOString().replace('Z', '247073Z'),
  };
}
