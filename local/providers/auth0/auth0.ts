// Auth0 as its event streams send. https://auth0.com/docs/events/user/user.updated

import { randomUUID } from 'node:crypto';
import type { Told } from '../../../lib/user.ts';
import type { Example, SampleUser, Sender } from '../sender.ts';
import { firstCredential, newSecret, repeatCredential } from '../signing.ts';

export const auth0: Sender = {
  name: 'auth0',
  setUp:
    'Event Streams → Create → Webhook, with `user.created`, `user.updated`, `user.deleted` and the authorization method bearer; `AUTH0_CREDENTIALS` is the token with the word Bearer before it, or Basic and the name and password in base64, or whatever stands in the header that `AUTH0_HEADER` names.',
  retries:
    'Three times within about 7 s, and never after a 4xx; a stream that fails too often is switched off. After an outage switch the stream on again; a pull finds what was lost.',
  cannotTell: 'Whether a deletion is final: it is mirrored as disabled.',
  environment: () => ({ AUTH0_CREDENTIALS: `Bearer ${newSecret()}` }),
  variants: {
    'name and password': () => ({
      AUTH0_CREDENTIALS: `Basic ${Buffer.from(`auth0:${newSecret()}`).toString('base64')}`,
    }),
    'a header of its own': () => ({ AUTH0_CREDENTIALS: newSecret(), AUTH0_HEADER: 'X-Stream-Key' }),
  },
  sign: async (payload, { environment }) =>
    repeatCredential(
      payload,
      firstCredential(environment.AUTH0_CREDENTIALS),
      environment.AUTH0_HEADER || 'Authorization',
    ),
  examples: {
    'user.created': user('user.created', { email_verified: false }, { emailVerified: false }),
    'user.updated-verified': user('user.updated', {}, {}),
    'user.updated-blocked': user('user.updated', { blocked: true }, { disabled: true }),
    'user.updated-unblocked': user('user.updated', { blocked: false }, { disabled: false }),
    'user.updated-name-removed': {
      payload: (sample, atMs) => {
        const { given_name, blocked, ...object } = toUser(sample, atMs);
        const previous_object = toUser(sample, atMs - 60_000);
        return envelope('user.updated', atMs + 90, { object, previous_object });
      },
      wanted: (sample, at) => [
        {
          kind: 'user.updated',
          reference: sample.id,
          at,
          told: { ...toTold(sample), firstName: null },
        },
      ],
    },
    // As the other page of Auth0's documentation has it.
    'user.updated-prefixed': {
      payload: (sample, atMs) => {
        const data = { object: toUser(sample, atMs) };
        const { specversion, ...members } = envelope('com.auth0.user.updated', atMs + 90, data);
        return { ...members, spec_version: specversion };
      },
      wanted: (sample, at) => [
        { kind: 'user.updated', reference: sample.id, at, told: { ...toTold(sample), disabled: false } },
      ],
    },
    'user.deleted': {
      payload: (sample, atMs) =>
        envelope('user.deleted', atMs + 90, {
          object: { ...toUser(sample, atMs - 86_400_000), deleted_at: new Date(atMs).toISOString() },
        }),
      wanted: ({ id }, at) => [{ kind: 'user.deleted', reference: id, at, told: { disabled: true } }],
    },
    'user.created-test': {
      payload: (sample, atMs) => ({
        ...envelope('user.created', atMs, { object: toUser(sample, atMs) }),
        a0purpose: 'test',
      }),
      wanted: (_, at) => [{ kind: 'user.created', reference: null, at, told: null }],
    },
    'organization.member.added': {
      payload: ({ id }, atMs) =>
        envelope('organization.member.added', atMs, {
          object: { organization: { id: 'org_1', name: 'lovelace' }, user: { user_id: id } },
        }),
      wanted: (_, at) => [{ kind: 'organization.member.added', reference: null, at, told: null }],
    },
  },
};

function user(type: string, changes: object, told: Told): Example {
  return {
    payload: (sample, atMs) => envelope(type, atMs + 90, { object: { ...toUser(sample, atMs), ...changes } }),
    wanted: (sample, at) => [
      { kind: type, reference: sample.id, at, told: { ...toTold(sample), disabled: false, ...told } },
    ],
  };
}

function envelope(type: string, atMs: number, data: object) {
  return {
    id: `evt_${randomUUID()}`,
    source: 'urn:auth0:lovelace.auth0app.com',
    specversion: '1.0',
    type,
    time: new Date(atMs).toISOString(),
    a0tenant: 'lovelace',
    a0stream: 'est_1',
    data,
  };
}

function toUser({ id, email, phone, firstName, lastName }: SampleUser, atMs: number) {
  return {
    user_id: id,
    email,
    email_verified: true,
    phone_number: phone,
    phone_verified: false,
    name: `${firstName} ${lastName}`,
    nickname: 'ada',
    given_name: firstName,
    family_name: lastName,
    picture: 'https://img.example.com/ada.png',
    blocked: false,
    identities: [],
    app_metadata: {},
    created_at: new Date(atMs - 172_800_000).toISOString(),
    updated_at: new Date(atMs).toISOString(),
  };
}

function toTold({ email, phone, firstName, lastName }: SampleUser): Told {
  return {
    email,
    phone,
    firstName,
    lastName,
    emailVerified: true,
    avatarUrl: 'https://img.example.com/ada.png',
  };
}
