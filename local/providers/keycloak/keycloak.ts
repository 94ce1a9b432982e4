// Keycloak as Phase Two's webhooks send. https://github.com/p2-inc/keycloak-events#webhooks

import { createHash, randomUUID } from 'node:crypto';
import type { Told } from '../../../lib/user.ts';
import type { Example, SampleUser, Sender } from '../sender.ts';
import { firstSecret, newSecret, signHmac, toBody } from '../signing.ts';

export const keycloak: Sender = {
  name: 'keycloak',
  setUp:
    'Install the events extension of Phase Two; Realm settings → Events: add the listener `ext-event-webhook`, and switch on "Include representation" of admin events; create a webhook for the events below, with authType `hmac` and a secret (`KEYCLOAK_SECRETS`), or `bearer` and an audience.',
  retries:
    'An answer but 2xx: again for 15 minutes, from memory; a connection that fails or runs out of time: depending on the version never. After a longer outage run a backfill.',
  cannotTell:
    "What SCIM, LDAP, a partial import or an identity provider's sign-up changes, invitations, and attributes that are emptied.",
  environment: () => ({ KEYCLOAK_SECRETS: newSecret() }),
  variants: {
    'a bearer token': ({ url, jwksUrl }) => ({
      KEYCLOAK_ISSUER: url,
      KEYCLOAK_AUDIENCE: 'roq-sync-webhook',
      KEYCLOAK_JWKS_URL: jwksUrl,
    }),
  },
  sign: async (payload, { environment, keys, nowMs }) => {
    const { KEYCLOAK_SECRETS: secrets, KEYCLOAK_ISSUER: iss, KEYCLOAK_AUDIENCE: aud } = environment;
    if (secrets) return signHmac(payload, firstSecret(secrets), 'X-Keycloak-Signature', 'hex');
    const body = toBody(payload);
    const iat = Math.floor(nowMs / 1000);
    const request_body_sha256 = createHash('sha256').update(body).digest('hex');
    const token = await keys.sign(
      { iss, aud, iat, exp: iat + 300, jti: randomUUID(), request_body_sha256 },
      { typ: 'JWT' },
    );
    return { headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` }, body };
  },
  // The age is that of the event in the body, or of the token around it.
  maxAgeMs: ({ KEYCLOAK_SECRETS }) => (KEYCLOAK_SECRETS ? 31 * 86_400_000 : 600_000),
  examples: {
    'access.REGISTER': access(
      'access.REGISTER',
      ({ email, firstName, lastName }) => ({
        register_method: 'form',
        username: email,
        email,
        first_name: firstName,
        last_name: lastName,
      }),
      ({ email, firstName, lastName }) => ({ email, firstName, lastName }),
    ),
    'access.VERIFY_EMAIL': access(
      'access.VERIFY_EMAIL',
      ({ email }) => ({ email, action: 'verify-email' }),
      ({ email }) => ({ email, emailVerified: true }),
    ),
    'access.UPDATE_EMAIL': access(
      'access.UPDATE_EMAIL',
      ({ email }) => ({ previous_email: 'old@example.com', updated_email: email }),
      ({ email }) => ({ email, emailVerified: false }),
    ),
    'access.UPDATE_EMAIL-confirmed': access(
      'access.UPDATE_EMAIL',
      ({ email }) => ({ previous_email: 'old@example.com', updated_email: email, action: 'update-email' }),
      ({ email }) => ({ email, emailVerified: true }),
    ),
    'access.UPDATE_PROFILE': access(
      'access.UPDATE_PROFILE',
      () => ({ previous_first_name: 'Ada', updated_first_name: 'Augusta', previous_last_name: 'Byron' }),
      () => ({ firstName: 'Augusta', lastName: null }),
    ),
    'access.USER_DISABLED_BY_PERMANENT_LOCKOUT': access(
      'access.USER_DISABLED_BY_PERMANENT_LOCKOUT',
      () => ({ reason: 'brute_force_attack detected' }),
      () => ({ disabled: true }),
    ),
    'access.DELETE_ACCOUNT': access(
      'access.DELETE_ACCOUNT',
      () => ({}),
      () => ({ deleted: true }),
    ),
    'access.LOGIN': access('access.LOGIN', () => ({ auth_method: 'openid-connect' })),
    'access.REGISTER_ERROR': access('access.REGISTER_ERROR', ({ email }) => ({ email })),
    'admin.USER-CREATE': admin('CREATE', toRepresentation, (sample) => ({
      ...toTold(sample),
      emailVerified: false,
      disabled: false,
    })),
    // Without `enabled`, Keycloak creates the user disabled.
    'admin.USER-CREATE-bare': admin(
      'CREATE',
      ({ email }) => ({ email }),
      ({ email }) => ({
        email,
        disabled: true,
      }),
    ),
    'admin.USER-UPDATE-verified': admin(
      'UPDATE',
      (sample) => ({ ...toRepresentation(sample), emailVerified: true, lastName: '' }),
      (sample) => ({ ...toTold(sample), emailVerified: true, lastName: null, disabled: false }),
    ),
    'admin.USER-UPDATE-disabled': admin(
      'UPDATE',
      () => ({ enabled: false }),
      () => ({ disabled: true }),
    ),
    'admin.USER-UPDATE-enabled': admin(
      'UPDATE',
      () => ({ enabled: true }),
      () => ({ disabled: false }),
    ),
    'admin.USER-DELETE': admin(
      'DELETE',
      () => null,
      () => ({ deleted: true }),
    ),
    'admin.USER-ACTION': {
      payload: ({ id }, atMs) => ({
        ...adminEvent('ACTION', atMs),
        resourcePath: `users/${id}/send-verify-email`,
      }),
      wanted: (_, at) => [{ kind: 'admin.USER-ACTION', reference: null, at, told: null }],
    },
  },
};

type Members<Value> = (sample: SampleUser) => Value;

/** An event of users who act for themselves; without `told`, of a kind that is not mirrored. */
function access(type: string, details: Members<object>, told?: Members<Told>): Example {
  return {
    payload: (sample, atMs) => ({
      ...envelope(type, atMs),
      details: details(sample),
      authDetails: { realmId: 'app', clientId: 'account', userId: sample.id, username: sample.email },
    }),
    wanted: (sample, at) => [
      { kind: type, reference: told ? sample.id : null, at, told: told?.(sample) ?? null },
    ],
  };
}

function admin(operation: string, representation: Members<object | null>, told: Members<Told>): Example {
  return {
    payload: (sample, atMs) => {
      const sent = representation(sample);
      return {
        ...adminEvent(operation, atMs),
        resourcePath: `users/${sample.id}`,
        details: { userId: sample.id, username: sample.email },
        ...(sent && { representation: JSON.stringify(sent) }),
      };
    },
    wanted: (sample, at) => [
      { kind: `admin.USER-${operation}`, reference: sample.id, at, told: told(sample) },
    ],
  };
}

// The user in authDetails is the admin, and never the user that it is about.
function adminEvent(operation: string, atMs: number): object {
  return {
    ...envelope(`admin.USER-${operation}`, atMs),
    resourceType: 'USER',
    operationType: operation,
    authDetails: { realmId: 'master', clientId: 'admin-ui', userId: randomUUID(), username: 'admin' },
  };
}

function envelope(type: string, atMs: number): object {
  return { uid: randomUUID(), id: randomUUID(), time: atMs, realmId: 'app', realmName: 'app', type };
}

function toRepresentation({ email, phone, firstName, lastName }: SampleUser): object {
  return {
    username: email,
    email,
    emailVerified: false,
    enabled: true,
    firstName,
    lastName,
    attributes: { phoneNumber: [phone], locale: ['en'], zoneinfo: ['Europe/London'] },
  };
}

function toTold({ email, phone, firstName, lastName }: SampleUser): Told {
  return { email, phone, firstName, lastName, locale: 'en', timezone: 'Europe/London' };
}
