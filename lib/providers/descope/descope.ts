// Descope's audit webhook: a static credential, or a plain HMAC of the body in base64, or both.
// https://docs.descope.com/connectors/connector-configuration-guides/network/audit-webhook
//
// Descope's pages differ on what is signed: "a JSON string, not the raw post body", or "the payload". Only the raw body is
// accepted, because writing the JSON again would be a guess; where that fails, use the credential.
// https://docs.descope.com/connectors/connector-hmac-usage
//
// One request holds up to 100 events. In each, `userId` is the user, `actorId` the one who acted, and `occurred` the event's
// time, in milliseconds. They leave out the profile, which only Descope's own API has, with what is verified.

import * as v from 'valibot';
import { optionalCredentials, optionalSecrets } from '../../config/settings.ts';
import { ConfigError } from '../../errors.ts';
import type { UserEvent, WebhookRequest } from '../../event.ts';
import { verifyHmac } from '../../signatures/hmac.ts';
import { verifyStaticCredential } from '../../signatures/static-credential.ts';
import { instant, name, parseJson, parsePayload, reference } from '../payload.ts';
import { findKind, ignoredEvent, type Kinds, listKinds, type Provider, readEach } from '../provider.ts';

const settings = {
  DESCOPE_SECRETS: optionalSecrets(
    "The connector's HMAC secret; several, separated by spaces, while you replace one. This, the credential, or both.",
  ),
  DESCOPE_CREDENTIALS: optionalCredentials(
    'The whole Authorization header that the connector sends, such as Bearer …; several, separated by commas.',
  ),
};

const maxEvents = 100;

const audit = v.object({
  action: name(),
  // Descope's API writes it as text: https://github.com/descope/node-sdk
  occurred: v.pipe(v.unknown(), v.transform(toNumber), instant()),
  userId: v.optional(v.unknown()),
});

// A list, or one event alone.
const body = v.union([v.pipe(v.array(v.unknown()), v.minLength(1), v.maxLength(maxEvents)), audit]);

const kinds: Kinds<void> = {
  UserCreated: { means: 'signed up, or created by an administrator', tells: () => ({}) },
  UserModified: { means: 'profile changed, disabled, or let back in', tells: () => ({}) },
  UserDeleted: { means: 'deleted', tells: () => ({ deleted: true }) },
  // https://docs.descope.com/audit-trails-and-integrations
  LoginExceedMaxAttempts: {
    means: 'disabled after too many failed sign-ins',
    tells: () => ({ disabled: true }),
  },
};

export const descope: Provider<typeof settings> = {
  name: 'descope',
  title: 'Descope',
  family: 'HMAC',
  settings,
  mirrored: listKinds(kinds),
  // The plural ones do not name their users: use backfill after them.
  ignored: ['LoginSucceed', 'LoginFailed', 'UsersCreated', 'UsersModified', 'UsersDeleted', 'AccessKey*'],
  answers: 'plain',
  connect({ DESCOPE_SECRETS, DESCOPE_CREDENTIALS }) {
    const checks = toChecks(DESCOPE_SECRETS, DESCOPE_CREDENTIALS);
    return async (request) => {
      for (const check of checks) await check(request);
      const events = parsePayload(body, parseJson(request.body));
      return readEach([events].flat(), toEvent);
    };
  },
};

function toNumber(value: unknown): unknown {
  return typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
}

type Check = (request: WebhookRequest) => Promise<void>;

function toChecks(secrets: readonly string[], credentials: readonly string[]): readonly Check[] {
  const checks: Check[] = [];
  if (secrets.length > 0)
    checks.push(verifyHmac({ header: 'x-descope-webhook-s256', secrets, encoding: 'base64' }));
  if (credentials.length > 0) checks.push(verifyStaticCredential({ header: 'authorization', credentials }));
  if (checks.length === 0)
    throw new ConfigError(['DESCOPE_SECRETS or DESCOPE_CREDENTIALS must be set, or both']);
  return checks;
}

function toEvent(item: unknown): UserEvent {
  const { action, occurred: at, userId } = parsePayload(audit, item);
  const kind = findKind(kinds, action);
  if (!kind) return ignoredEvent({ id: null, kind: action, at });
  const told = kind.tells();
  const user = parsePayload(v.object({ userId: reference() }), { userId });
  const event = { id: null, kind: action, reference: user.userId, at, told };
  return Object.keys(told).length > 0 ? event : { ...event, isPartial: true };
}
