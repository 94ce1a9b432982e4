// Zitadel as it sends. https://zitadel.com/docs/guides/integrate/actions/testing-event

import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { CompactEncrypt } from 'jose';
import type { Told } from '../../../lib/user.ts';
import type { Example, SampleUser, Sender } from '../sender.ts';
import { firstSecret, newSecret, signTimestampedHmac } from '../signing.ts';

export const zitadel: Sender = {
  name: 'zitadel',
  setUp:
    'Actions → Targets: create one of the type REST Webhook (not async, which never tries again), and under Actions have the event group `user` call it. Its signing key is `ZITADEL_SECRETS`; for the payload types JWT and JWE set `ZITADEL_PAYLOAD` and `ZITADEL_JWKS_URL`, and for JWE `ZITADEL_PRIVATE_KEYS`.',
  retries:
    'Tries a failed event again until that is too old, some minutes by default; waits as long as the target says. An outage loses events: run backfill after one.',
  environment: () => ({ ZITADEL_SECRETS: newSecret() }),
  variants: {
    'a JWT': ({ jwksUrl }) => ({ ZITADEL_PAYLOAD: 'jwt', ZITADEL_JWKS_URL: jwksUrl }),
    'a JWE': ({ jwksUrl }) => ({
      ZITADEL_PAYLOAD: 'jwe',
      ZITADEL_JWKS_URL: jwksUrl,
      ZITADEL_PRIVATE_KEYS: newPrivateKey(),
    }),
  },
  sign: async (payload, { environment, keys, nowMs }) => {
    const { ZITADEL_SECRETS: secrets, ZITADEL_PRIVATE_KEYS: pem } = environment;
    if (secrets) return signTimestampedHmac(payload, firstSecret(secrets), 'ZITADEL-Signature', 's', nowMs);
    const token = await keys.sign({ ...payload });
    const body = Buffer.from(pem ? await encrypt(token, pem) : token);
    return { headers: { 'content-type': 'application/json' }, body };
  },
  maxAgeMs: ({ ZITADEL_SECRETS: secrets }) => (secrets ? 300_000 : 31 * 86_400_000),
  examples: {
    'user.human.added': example('user.human.added', toHuman, toTold),
    'user.human.selfregistered': example('user.human.selfregistered', toHuman, toTold),
    'user.human.profile.changed': example(
      'user.human.profile.changed',
      ({ firstName }) => ({ firstName, displayName: firstName, preferredLanguage: 'und' }),
      ({ firstName }) => ({ firstName, locale: null }),
    ),
    'user.human.email.changed': example(
      'user.human.email.changed',
      ({ email }) => ({ email }),
      ({ email }) => ({ email, emailVerified: false }),
    ),
    // Half a microsecond after its command, which may have told the address too.
    'user.human.email.verified': flag('user.human.email.verified', { emailVerified: true }, 0.0005),
    'user.human.phone.changed': example(
      'user.human.phone.changed',
      ({ phone }) => ({ phone }),
      ({ phone }) => ({ phone }),
    ),
    'user.human.phone.removed': flag('user.human.phone.removed', { phone: null }),
    'user.deactivated': flag('user.deactivated', { disabled: true }),
    'user.reactivated': flag('user.reactivated', { disabled: false }),
    'user.locked': flag('user.locked', { disabled: true }),
    'user.unlocked': flag('user.unlocked', { disabled: false }),
    'user.removed': flag('user.removed', { deleted: true }),
    'user.token.added': ignored('user.token.added'),
    'user.username.changed': ignored('user.username.changed'),
  },
};

function newPrivateKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function encrypt(token: string, privateKey: string): Promise<string> {
  return new CompactEncrypt(Buffer.from(token))
    .setProtectedHeader({ alg: 'ECDH-ES+A256KW', enc: 'A256GCM', typ: 'JWT', cty: 'JWT', kid: 'ours' })
    .encrypt(createPublicKey(privateKey));
}

function example(
  type: string,
  toPayload: (user: SampleUser) => object,
  toTold: (user: SampleUser) => Told,
): Example {
  return {
    payload: (user, atMs) => ({
      ...envelope(type, user, atMs),
      event_payload: Buffer.from(JSON.stringify(toPayload(user))).toString('base64'),
    }),
    wanted: (user, at) => [{ kind: type, reference: user.id, at: at + microseconds, told: toTold(user) }],
  };
}

function flag(type: string, told: Told, afterMs = 0): Example {
  return {
    payload: (user, atMs) => envelope(type, user, atMs),
    wanted: ({ id }, at) => [{ kind: type, reference: id, at: at + microseconds + afterMs, told }],
  };
}

function ignored(type: string): Example {
  return {
    payload: (user, atMs) => envelope(type, user, atMs),
    wanted: (_, at) => [{ kind: type, reference: null, at: at + microseconds, told: null }],
  };
}

// Of the time of every example, as the fraction of a millisecond.
const microseconds = 0.412;

function envelope(type: string, { id }: SampleUser, atMs: number): object {
  return {
    aggregateID: id,
    aggregateType: 'user',
    resourceOwner: 'org-1',
    instanceID: 'instance-1',
    version: 'v2',
    sequence: 7,
    event_type: type,
    userID: 'administrator-1',
    created_at: new Date(atMs).toISOString().replace('Z', '412+00:00'),
  };
}

function toHuman({ email, phone, firstName, lastName }: SampleUser): object {
  return {
    userName: email,
    firstName,
    lastName,
    displayName: `${firstName} ${lastName}`,
    preferredLanguage: 'en',
    email,
    phone,
  };
}

function toTold({ email, phone, firstName, lastName }: SampleUser): Told {
  return { email, phone, firstName, lastName, locale: 'en' };
}
