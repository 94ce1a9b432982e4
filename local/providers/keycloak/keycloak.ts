// Keycloak as Phase Two's webhooks send. https://github.com/p2-inc/keycloak-events#webhooks

import { createHash, randomUUID } from 'node:crypto';
import type { Sender } from '../sender.ts';
import { firstSecret, newSecret, signHmac, toBody } from '../signing.ts';
import {
  access,
  admin,
  adminEvent,
  passwordDetails,
  scim,
  toImported,
  toRepresentation,
  toScimTold,
  toTold,
} from './events.ts';

export const keycloak: Sender = {
  name: 'keycloak',
  setUp: [
    'Install the events extension of Phase Two in the release made for your Keycloak. Realm settings → Events: add the listener `ext-event-webhook`, and switch on "Include representation" of admin events. The webhook itself is made by REST, with the token of an account that has the roles `view-events` and `manage-events` of `realm-management`:',
    '```sh\ncurl https://KEYCLOAK/realms/REALM/webhooks -H "Authorization: Bearer $TOKEN" -H \'Content-Type: application/json\' -d \'{\n  "enabled": true, "url": "https://…/webhooks/keycloak", "secret": "the value of KEYCLOAK_SECRETS",\n  "eventTypes": ["access.*", "admin.*"]}\'\n```',
    'A secret means HMAC. In place of it, release 0.62 and newer know `"authType": "bearer", "audience": "…"`; older ones refuse the whole webhook for `authType`. A `PUT` that changes the webhook later must have the secret, or `authType`, in it again, or 0.62 sends unsigned. `eventTypes` may name the events below one by one, and so leave out every sign-in. A webhook in the environment of Keycloak sends the events of all realms: set `KEYCLOAK_REALM` then. The transmitter of security events that Keycloak has itself (`ssf`, experimental) tells of sessions and passwords alone today.',
  ].join('\n\n'),
  retries:
    'An answer but 2xx: again for 15 minutes, from memory. A connection that is refused or breaks: never, whatever the README of the extension says. It waits for an answer without end, and has as many threads as the machine has processors: a proxy that takes requests and never answers hangs them one by one, until Keycloak starts anew. After a longer outage a pull finds what was lost, deletions too.',
  cannotTell:
    'What LDAP, workflows and identity providers change, and names from these; attributes given at registration; that an invitation verified the address; who is deleted by an import that overwrites, or with an organization.',
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
        auth_method: 'openid-connect',
        register_method: 'form',
        username: email.toLowerCase(),
        // As it was typed.
        email: email.toUpperCase(),
        first_name: firstName,
        last_name: lastName,
      }),
      ({ email, firstName, lastName }) => ({ email, firstName, lastName }),
    ),
    'access.REGISTER-brokered': access(
      'access.REGISTER',
      ({ email }) => ({
        identity_provider: 'corp',
        register_method: 'broker',
        identity_provider_identity: 'ada',
        email,
        username: 'ada',
      }),
      ({ email }) => ({ email }),
      { isPartial: true },
    ),
    'access.REGISTER-invited': access(
      'access.REGISTER',
      ({ email, firstName, lastName }) => ({
        auth_method: 'openid-connect',
        token_id: randomUUID(),
        register_method: 'form',
        action: 'ORGIVT',
        email,
        username: email,
        first_name: firstName,
        last_name: lastName,
      }),
      ({ email, firstName, lastName }) => ({ email, firstName, lastName }),
      { isPartial: true },
    ),
    'access.VERIFY_EMAIL': access(
      'access.VERIFY_EMAIL',
      ({ email }) => ({ email, action: 'verify-email' }),
      ({ email }) => ({ email, emailVerified: true }),
    ),
    'access.UPDATE_EMAIL': access(
      'access.UPDATE_EMAIL',
      ({ email }) => ({
        previous_email: 'old@example.com',
        updated_email: email,
        custom_required_action: 'UPDATE_EMAIL',
      }),
      ({ email }) => ({ email, emailVerified: false }),
    ),
    'access.UPDATE_EMAIL-confirmed': access(
      'access.UPDATE_EMAIL',
      ({ email }) => ({ previous_email: 'old@example.com', updated_email: email, action: 'update-email' }),
      ({ email }) => ({ email, emailVerified: true }),
    ),
    'access.UPDATE_PROFILE': access(
      'access.UPDATE_PROFILE',
      ({ phone }) => ({
        context: 'ACCOUNT',
        previous_first_name: 'Ada',
        updated_first_name: 'Augusta',
        previous_last_name: 'Byron',
        previous_phoneNumber: '+49302',
        updated_phoneNumber: `${phone}::+49303`,
        updated_zoneinfo: 'Europe/Rome',
        previous_locale: 'en',
      }),
      ({ phone }) => ({
        firstName: 'Augusta',
        lastName: null,
        phone,
        timezone: 'Europe/Rome',
        locale: null,
      }),
    ),
    // Chosen at a sign-in.
    'access.UPDATE_PROFILE-locale': access(
      'access.UPDATE_PROFILE',
      () => ({ updated_locale: 'de' }),
      () => ({ locale: 'de' }),
    ),
    'access.UPDATE_PASSWORD': access('access.UPDATE_PASSWORD', passwordDetails, () => ({}), {
      isPartial: true,
    }),
    'access.UPDATE_CREDENTIAL': access('access.UPDATE_CREDENTIAL', passwordDetails, () => ({}), {
      isPartial: true,
    }),
    'access.USER_DISABLED_BY_PERMANENT_LOCKOUT': access(
      'access.USER_DISABLED_BY_PERMANENT_LOCKOUT',
      () => ({ reason: 'brute_force_attack detected', num_failures: '3' }),
      () => ({ disabled: true }),
    ),
    'access.USER_DISABLED_BY_TEMPORARY_LOCKOUT': access('access.USER_DISABLED_BY_TEMPORARY_LOCKOUT', () => ({
      reason: 'brute_force_attack detected',
      num_failures: '3',
      not_before: '2026-05-04T12:01:00',
    })),
    'access.DELETE_ACCOUNT': access(
      'access.DELETE_ACCOUNT',
      () => ({ custom_required_action: 'delete_account' }),
      () => ({ deleted: true }),
    ),
    'access.LOGIN': {
      ...access('access.LOGIN', () => ({ auth_method: 'openid-connect' })),
      wanted: ({ id }, at) => [{ kind: 'access.LOGIN', reference: id, at, told: null, isPing: true }],
    },
    'access.REGISTER_ERROR': access('access.REGISTER_ERROR', ({ email }) => ({ email })),
    'admin.USER-CREATE': admin('USER-CREATE', toRepresentation, (sample) => ({
      ...toTold(sample),
      emailVerified: false,
      disabled: false,
    })),
    // Without `enabled`, Keycloak creates the user disabled.
    'admin.USER-CREATE-bare': admin(
      'USER-CREATE',
      ({ email }) => ({ email }),
      ({ email }) => ({ email, disabled: true }),
    ),
    'admin.USER-CREATE-scim': scim('CREATE', true, (sample) => ({ ...toScimTold(sample), disabled: false })),
    // With attributes it is the whole user: what is left out, the picture, is emptied.
    'admin.USER-UPDATE-verified': admin(
      'USER-UPDATE',
      (sample) => ({ ...toRepresentation(sample), emailVerified: true, lastName: '' }),
      (sample) => ({
        ...toTold(sample),
        emailVerified: true,
        lastName: null,
        avatarUrl: null,
        disabled: false,
      }),
    ),
    'admin.USER-UPDATE-disabled': admin(
      'USER-UPDATE',
      () => ({ enabled: false }),
      () => ({ disabled: true }),
    ),
    'admin.USER-UPDATE-enabled': admin(
      'USER-UPDATE',
      () => ({ enabled: true }),
      () => ({ disabled: false }),
    ),
    'admin.USER-UPDATE-attributes': admin(
      'USER-UPDATE',
      () => ({ username: 'ada', attributes: { plan: ['gold'], locale: ['de'] } }),
      () => ({
        email: null,
        phone: null,
        firstName: null,
        lastName: null,
        locale: 'de',
        timezone: null,
        avatarUrl: null,
      }),
    ),
    'admin.USER-UPDATE-unseen': admin(
      'USER-UPDATE',
      () => null,
      () => ({}),
      { isPartial: true },
    ),
    'admin.USER-UPDATE-scim': scim('UPDATE', false, (sample) => ({ ...toScimTold(sample), disabled: true })),
    'admin.USER-DELETE': admin(
      'USER-DELETE',
      ({ id }) => ({ id, username: 'ada' }),
      () => ({ deleted: true }),
    ),
    'admin.USER-DELETE-scim': scim('DELETE', false, () => ({ deleted: true }), {}),
    'admin.REALM-CREATE': admin('REALM-CREATE', toImported, ({ email, firstName, lastName }) => ({
      email,
      firstName,
      lastName,
      emailVerified: true,
      disabled: false,
    })),
    'admin.REALM-UPDATE': admin(
      'REALM-UPDATE',
      ({ id, email }) => ({ id, username: 'ada', email, enabled: true }),
      ({ email }) => ({ email, disabled: false }),
    ),
    'admin.REALM-UPDATE-settings': {
      payload: (_, atMs) => ({ ...adminEvent('REALM-UPDATE', atMs), resourcePath: '' }),
      wanted: (_, at) => [{ kind: 'admin.REALM-UPDATE', reference: null, at, told: null }],
    },
    'admin.USER-ACTION': {
      payload: ({ id }, atMs) => ({
        ...adminEvent('USER-ACTION', atMs),
        resourcePath: `users/${id}/send-verify-email`,
      }),
      wanted: (_, at) => [{ kind: 'admin.USER-ACTION', reference: null, at, told: null }],
    },
  },
};
