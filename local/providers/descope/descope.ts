// Descope as it sends. https://docs.descope.com/connectors/connector-configuration-guides/network/audit-webhook

import type { Told } from '../../../lib/user.ts';
import type { Example, Sender } from '../sender.ts';
import { firstSecret, newSecret, signHmac } from '../signing.ts';

export const descope: Sender = {
  name: 'descope',
  setUp:
    'Connectors → Audit Webhook; filter to `UserCreated`, `UserModified`, `UserDeleted`, `LoginExceedMaxAttempts`. Its bearer token, with the word Bearer before it, is `DESCOPE_CREDENTIALS`, its HMAC secret `DESCOPE_SECRETS`: set both, and leave out the secret should the signature not fit.',
  retries:
    'Not documented, and events leave out the profile: run backfill now and then, from a file of your own.',
  cannotTell:
    'The profile, and whether a user is disabled, or let back in: events leave all of it out, but for users who are disabled by failed sign-ins.',
  environment: () => ({ DESCOPE_SECRETS: newSecret() }),
  sign: async (payload, { environment }) =>
    signHmac(payload, firstSecret(environment.DESCOPE_SECRETS), 'x-descope-webhook-s256', 'base64'),
  givesNoIds: true,
  examples: {
    UserCreated: example('UserCreated', {}, true),
    UserModified: example('UserModified', {}, true),
    UserDeleted: example('UserDeleted', { deleted: true }, false),
    LoginExceedMaxAttempts: example('LoginExceedMaxAttempts', { disabled: true }, false),
    LoginSucceed: {
      payload: ({ id }, atMs) => [audit('LoginSucceed', id, atMs)],
      wanted: (_, at) => [{ kind: 'LoginSucceed', reference: null, at, told: null }],
    },
    batch: {
      payload: ({ id }, atMs) => [audit('LoginSucceed', id, atMs - 5), audit('UserDeleted', id, atMs)],
      wanted: ({ id }, at) => [
        { kind: 'LoginSucceed', reference: null, at: at - 5, told: null },
        { kind: 'UserDeleted', reference: id, at, told: { deleted: true } },
      ],
    },
  },
};

function example(action: string, told: Told, isPartial: boolean): Example {
  return {
    payload: ({ id }, atMs) => [audit(action, id, atMs)],
    wanted: ({ id }, at) => [{ kind: action, reference: id, at, told, ...(isPartial && { isPartial }) }],
  };
}

function audit(action: string, userId: string, atMs: number): object {
  return {
    projectId: 'P1',
    action,
    userId,
    actorId: 'K1',
    occurred: atMs,
    method: 'MgmtKey',
    occurred_formatted: new Date(atMs).toISOString(),
    remoteAddress: '192.0.2.1',
    tenants: null,
    data: { Change: {} },
  };
}
