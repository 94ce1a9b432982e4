// Zitadel, Actions v2: the target's payload is JSON under a timestamped HMAC, a JWT, or a JWT in a JWE.
// https://zitadel.com/docs/guides/integrate/actions/testing-request-signature
//
// `aggregateID` is the user, `userID` the one who acted. Each event tells only what changed.
// An event's time is its `created_at`: the database's, in microseconds, the same for all events of one command, and for them
// alone. https://github.com/zitadel/zitadel/blob/main/cmd/setup/40/postgres/02_func.sql
//
// user.human.email.verified names no address. It is about the one that was told before it, for Zitadel tells an address only
// where it is new. One command may tell an address and verify it, as where another identity provider vouches for it, and
// then the verification comes last: so it is dated half a microsecond after its command.

import * as v from 'valibot';
import { choice, optionalSecrets, optionalSecretText, optionalUrl } from '../../config/settings.ts';
import { ConfigError } from '../../errors.ts';
import type { WebhookRequest } from '../../event.ts';
import { parseJson as tryJson } from '../../json.ts';
import type { ClaimRules } from '../../signatures/claims.ts';
import { verifyJweBody } from '../../signatures/jwe-body.ts';
import { verifyJwsBody } from '../../signatures/jws-body.ts';
import { remoteKeys } from '../../signatures/keys.ts';
import { verifyTimestampedHmac } from '../../signatures/timestamped-hmac.ts';
import type { Told } from '../../user.ts';
import {
  emailAddress,
  exactInstant,
  name,
  object,
  parseJson,
  parsePayload,
  reference,
  tell,
  text,
  toInstant,
} from '../payload.ts';
import { findKind, ignoredEvent, type Kinds, listKinds, type Provider } from '../provider.ts';

const settings = {
  ZITADEL_PAYLOAD: choice(['json', 'jwt', 'jwe'], "The target's payload type."),
  ZITADEL_SECRETS: optionalSecrets(
    "The target's signing key, for json; jwt and jwe are checked by it too where it is set. Several, separated by spaces, while you replace one.",
  ),
  ZITADEL_JWKS_URL: optionalUrl(
    "For jwt and jwe: address of your instance's keys, https://<host>/oauth/v2/keys",
  ),
  ZITADEL_PRIVATE_KEYS: optionalSecretText(
    'For jwe: your private key in PEM, RSA or EC, of which the target has the public one; line breaks may be written as \\n. Several, one after another, while you replace one.',
  ),
};

const envelope = v.object({
  instanceID: v.nullish(name()),
  aggregateID: reference(),
  aggregateType: name(),
  sequence: v.nullish(v.pipe(v.number(), v.safeInteger())),
  event_type: name(),
  created_at: exactInstant(),
  event_payload: v.optional(v.unknown()),
});

const delta = v.object({
  email: emailAddress(),
  phone: text(),
  firstName: text(),
  lastName: text(),
  preferredLanguage: text(),
});

type Delta = Partial<v.InferOutput<typeof delta>>;

const verified = 'user.human.email.verified';

const kinds: Kinds<Delta> = {
  'user.human.added': { means: 'created by an administrator, or signed up', tells: toTold },
  'user.human.selfregistered': { means: 'signed up', tells: toTold },
  'user.human.profile.changed': { means: 'profile changed', tells: toTold },
  'user.human.email.changed': {
    means: 'e-mail address changed',
    tells: (delta) => ({ ...toTold(delta), emailVerified: false }),
  },
  [verified]: { means: 'e-mail address verified', tells: () => ({ emailVerified: true }) },
  'user.human.phone.changed': { means: 'phone number changed', tells: toTold },
  'user.human.phone.removed': { means: 'phone number removed', tells: () => ({ phone: null }) },
  // A user is in one state, and each of these four replaces it.
  'user.deactivated': { means: 'disabled', tells: () => ({ disabled: true }) },
  'user.reactivated': { means: 'enabled', tells: () => ({ disabled: false }) },
  'user.locked': { means: 'disabled, until unlocked', tells: () => ({ disabled: true }) },
  'user.unlocked': { means: 'enabled', tells: () => ({ disabled: false }) },
  'user.removed': { means: 'deleted', tells: () => ({ deleted: true }) },
};

export const zitadel: Provider<typeof settings> = {
  name: 'zitadel',
  title: 'Zitadel',
  family: 'timestamped HMAC or JWS body',
  settings,
  mirrored: listKinds(kinds),
  ignored: [
    'user.username.changed',
    'user.human.password.*',
    'user.token.added',
    'user.machine.*',
    'session.*',
  ],
  answers: 'plain',
  connect(configured) {
    const verify = toVerifier(configured);
    return async (request, nowMs) => {
      const unread = new Set<string>();
      const event = parsePayload(envelope, await verify(request, nowMs), unread);
      const { aggregateID, event_type: type } = event;
      const id = toId(event);
      const kind = event.aggregateType === 'user' ? findKind(kinds, type) : undefined;
      if (!kind) return [ignoredEvent({ id, kind: type, at: event.created_at })];
      const payload = toObject(event.event_payload);
      const { event_payload: changed } = parsePayload(
        v.object({ event_payload: v.nullish(object(delta.entries)) }),
        { event_payload: payload },
        unread,
      );
      const at = event.created_at + (type === verified ? halfMicrosecond : 0);
      const told = kind.tells(changed ?? {});
      return [
        { id, kind: type, reference: aggregateID, at, told, ...(unread.size > 0 && { unread: [...unread] }) },
      ];
    };
  },
};

const halfMicrosecond = 0.0005;

function toId({ instanceID, aggregateID, sequence }: v.InferOutput<typeof envelope>): string | null {
  return instanceID && typeof sequence === 'number' ? `${instanceID}:${aggregateID}:${sequence}` : null;
}

type Configured = v.InferOutput<v.ObjectSchema<typeof settings, undefined>>;
type Verifier = (request: WebhookRequest, nowMs: number) => Promise<unknown>;

/** Verifies a request by the configured payload type, and returns the event in it. */
function toVerifier(configured: Configured): Verifier {
  const { ZITADEL_PAYLOAD: payload, ZITADEL_SECRETS: secrets, ZITADEL_PRIVATE_KEYS: pem } = configured;
  const checkHmac =
    secrets.length > 0
      ? verifyTimestampedHmac({ header: 'zitadel-signature', secrets, unit: 's' })
      : async () => {};
  if (payload === 'json') {
    if (secrets.length === 0)
      throw new ConfigError(['ZITADEL_SECRETS must be set where the payload is json']);
    return async (request, nowMs) => {
      await checkHmac(request, nowMs);
      return parseJson(request.body);
    };
  }
  const tokens = { ...tokenRules, keys: remoteKeys(configured.ZITADEL_JWKS_URL) };
  const privateKeys = pem.replaceAll('\\n', '\n');
  const verify = payload === 'jwt' ? verifyJwsBody(tokens) : verifyJweBody({ ...tokens, privateKeys });
  return async (request, nowMs) => {
    await checkHmac(request, nowMs);
    return verify(request, nowMs);
  };
}

// The same keys sign users' tokens, which must not pass for events: an event must have all its claims and none of theirs.
const tokenRules: ClaimRules = {
  required: ['instanceID', 'aggregateID', 'aggregateType', 'sequence', 'event_type', 'created_at'],
  forbidden: ['sub', 'exp'],
  age: { of: ({ created_at }) => toInstant(created_at), maxAgeMs: 31 * 86_400_000 },
};

/** Older versions write the payload as base64 of its JSON, newer ones as JSON, and some events have none. */
function toObject(payload: unknown): unknown {
  if (typeof payload !== 'string') return payload;
  if (payload === '') return undefined;
  const value = tryJson(Buffer.from(payload, 'base64').toString());
  // What is no JSON stays text, which is no payload.
  return value === undefined ? payload : value;
}

function toTold(delta: Delta): Told {
  return tell({
    email: delta.email,
    phone: delta.phone,
    firstName: delta.firstName,
    lastName: delta.lastName,
    // "und", undetermined, stands for a language that is not set: https://www.rfc-editor.org/rfc/rfc5646
    locale: delta.preferredLanguage === 'und' ? null : delta.preferredLanguage,
  });
}
