// Auth0 as its log streams send, with the members that entries have in
// https://github.com/auth0/auth0-log-schemas/tree/main/schemas/log-types

import { randomUUID } from 'node:crypto';
import type { Told } from '../../../lib/user.ts';
import type { Example, SampleUser, Sender } from '../sender.ts';
import { firstCredential, newSecret, repeatCredential } from '../signing.ts';

const connection = 'Username-Password-Authentication';
const admin = 'google-apps|charles@example.com';

export const auth0Logs: Sender = {
  name: 'auth0-logs',
  setUp:
    'Monitoring → Streams → Create Stream → Custom Webhook; its authorization token, with Bearer before it or not, is `AUTH0_LOGS_CREDENTIALS`; content type application/json, in any content format; leave out the filters of logins, and obfuscate nothing, for that would be mirrored. Where you have event streams, use `auth0`, which tells the whole profile.',
  retries:
    'A few times, and a stream that fails again and again is disabled. Restarting it goes on where it stopped; pull all the same, for entries leave out much of what changed.',
  cannotTell: 'Much of a profile that changes; whether a deletion is final: it is mirrored as disabled.',
  environment: () => ({ AUTH0_LOGS_CREDENTIALS: `Bearer ${newSecret()}` }),
  sign: async (payload, { environment }) =>
    repeatCredential(payload, firstCredential(environment.AUTH0_LOGS_CREDENTIALS), 'Authorization'),
  examples: {
    ss: {
      payload: (sample, atMs) => [entry('ss', sample, atMs, { body: toSignUp(sample) })],
      wanted: ({ id, email, firstName, lastName }, at) => [
        { kind: 'ss', reference: id, at, told: { email, firstName, lastName, disabled: false } },
      ],
    },
    'ss-by-another-provider': single('ss', {}, { disabled: false }, true),
    sv: {
      payload: (sample, atMs) => [
        entry('sv', sample, atMs, { title: 'Email Verification', email: sample.email }),
      ],
      wanted: ({ id, email }, at) => [
        { kind: 'sv', reference: id, at, told: { email, emailVerified: true } },
      ],
    },
    sce: {
      payload: (sample, atMs) => [
        entry('sce', sample, atMs, {
          body: { email: 'old@example.com', newEmail: sample.email, email_verified: 'true', verify: true },
        }),
      ],
      wanted: ({ id, email }, at) => [
        { kind: 'sce', reference: id, at, told: { email, emailVerified: true } },
      ],
    },
    scpn: {
      payload: (sample, atMs) => [
        entry('scpn', sample, atMs, {
          body: { old_phone_number: '+440000000000', new_phone_number: sample.phone },
        }),
      ],
      wanted: ({ id, phone }, at) => [{ kind: 'scpn', reference: id, at, told: { phone } }],
    },
    sdu: single('sdu', { body: { tenant: 'lovelace', connection } }, { disabled: true }),
    'sapi-created': {
      payload: (sample, atMs) => [call('post', '/api/v2/users', atMs, 201, toUser(sample))],
      wanted: (sample, at) => [
        { kind: 'sapi', reference: sample.id, at, told: { ...toTold(sample), disabled: false } },
      ],
    },
    'sapi-blocked': {
      payload: (sample, atMs) => [
        call('patch', toPath(sample), atMs, 200, { ...toUser(sample), blocked: true }, { blocked: true }),
      ],
      wanted: (sample, at) => [
        { kind: 'sapi', reference: sample.id, at, told: { ...toTold(sample), disabled: true } },
      ],
    },
    'sapi-blocked-without-answer': {
      payload: (sample, atMs) => [call('patch', toPath(sample), atMs, 200, {}, { blocked: true })],
      wanted: ({ id }, at) => [{ kind: 'sapi', reference: id, at, told: { disabled: true } }],
    },
    'sapi-deleted': {
      payload: (sample, atMs) => [call('delete', toPath(sample), atMs, 204, {})],
      wanted: ({ id }, at) => [{ kind: 'sapi', reference: id, at, told: { disabled: true } }],
    },
    'sapi-of-a-stream': {
      payload: (_, atMs) => [call('post', '/api/v2/log-streams', atMs, 200, { id: 'lst_1' })],
      wanted: (_, at) => [{ kind: 'sapi', reference: null, at, told: null }],
    },
    s: {
      payload: (sample, atMs) => [entry('s', sample, atMs, {})],
      wanted: (_, at) => [{ kind: 's', reference: null, at, told: null }],
    },
    // One object a line.
    lines: {
      payload: (sample, atMs) =>
        Buffer.from(
          [entry('s', sample, atMs - 5, {}), entry('sdu', sample, atMs, {})]
            .map((line) => `${JSON.stringify(line)}\n`)
            .join(''),
        ),
      wanted: ({ id }, at) => [
        { kind: 's', reference: null, at: at - 5, told: null },
        { kind: 'sdu', reference: id, at, told: { disabled: true } },
      ],
    },
  },
};

function single(type: string, details: object, told: Told, isPartial = false): Example {
  return {
    payload: (sample, atMs) => [entry(type, sample, atMs, details)],
    wanted: ({ id }, at) => [{ kind: type, reference: id, at, told, ...(isPartial && { isPartial }) }],
  };
}

function entry(type: string, { id, email }: SampleUser, atMs: number, details: object): object {
  const log_id = randomUUID().replaceAll('-', '');
  return {
    log_id,
    data: {
      date: new Date(atMs).toISOString(),
      type,
      description: '',
      connection,
      connection_id: 'con_1',
      client_id: 'C1',
      client_name: 'Shop',
      ip: '192.0.2.1',
      user_agent: 'unknown',
      details,
      user_id: id,
      user_name: email,
      strategy: 'auth0',
      strategy_type: 'database',
      log_id,
    },
  };
}

/** A call of the Management API, whose user_id is that of who called. */
function call(method: string, path: string, atMs: number, statusCode: number, answer: object, asked = {}) {
  const log_id = randomUUID().replaceAll('-', '');
  const user = { user_id: admin, name: 'Charles', email: 'charles@example.com' };
  return {
    log_id,
    data: {
      date: new Date(atMs).toISOString(),
      type: 'sapi',
      description: 'Update a user',
      client_id: 'C1',
      client_name: '',
      ip: '192.0.2.2',
      user_agent: 'unknown',
      user_id: admin,
      log_id,
      details: {
        request: { method, path, query: {}, body: asked, auth: { user, strategy: 'jwt' } },
        response: { statusCode, body: answer },
      },
    },
  };
}

function toPath({ id }: SampleUser): string {
  return `/api/v2/users/${encodeURIComponent(id)}`;
}

function toSignUp({ email, firstName, lastName }: SampleUser): object {
  return {
    client_id: 'C1',
    tenant: 'lovelace',
    email,
    password: '*****',
    connection,
    given_name: firstName,
    family_name: lastName,
  };
}

function toUser({ id, email, phone, firstName, lastName }: SampleUser): object {
  return {
    user_id: id,
    email,
    email_verified: true,
    phone_number: phone,
    name: `${firstName} ${lastName}`,
    given_name: firstName,
    family_name: lastName,
    picture: 'https://img.example.com/ada.png',
    blocked: false,
    identities: [],
  };
}

function toTold({ email, phone, firstName, lastName }: SampleUser): Told {
  const avatarUrl = 'https://img.example.com/ada.png';
  return { email, phone, firstName, lastName, emailVerified: true, avatarUrl };
}
