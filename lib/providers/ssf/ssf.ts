// Security event tokens (RFC 8417, pushed by RFC 8935): RISC events, and SCIM events (RFC 9967).
// https://openid.net/specs/openid-sharedsignals-framework-1_0.html
//
// No event says that an e-mail address is verified: that is the operator's to say. A subject that is named by anything but
// an id of this issuer's is left alone, and its member `sub_id` named: addresses and numbers pass from one to another.

import * as v from 'valibot';
import * as setting from '../../config/settings.ts';
import { RejectedError } from '../../errors.ts';
import type { UserEvent } from '../../event.ts';
import { isObject } from '../../json.ts';
import { issuedAtMs } from '../../signatures/claims.ts';
import { verifyJwsBody } from '../../signatures/jws-body.ts';
import { remoteKeys } from '../../signatures/keys.ts';
import { verifyStaticCredential } from '../../signatures/static-credential.ts';
import type { Told } from '../../user.ts';
import { emailAddress, eventId, instant, parsePayload, reference, tell, vouchFor } from '../payload.ts';
import { findKind, ignoredEvent, type Kinds, listKinds, type Provider, withUnread } from '../provider.ts';
import { type ScimEvent, toPatchTold, toUserTold } from './scim.ts';
import { findReference, isNamedOtherwise, isNoUser, type SubjectRules } from './subject-identifiers.ts';

const settings = {
  SSF_JWKS_URL: setting.url("Address of the transmitter's keys, `jwks_uri` of its configuration."),
  SSF_ISSUER: setting.text("The transmitter's `iss`, to the letter."),
  SSF_AUDIENCE: setting.names(
    'The `aud` by which the transmitter means you; several are separated by commas.',
  ),
  SSF_SUBJECT_ISSUER: setting.optionalText(
    'The `iss` within subjects, where it is not that of the transmitter.',
  ),
  SSF_AUTHORIZATION: setting.optionalCredentials(
    'The Authorization header that you agreed on with the transmitter, if any; several are separated by commas.',
  ),
  SSF_REQUIRE_TYP: setting.flag(
    true,
    'Whether tokens must be of the type secevent+jwt and without `exp`, as the standard demands. Google needs "false".',
  ),
  SSF_SCIM_REFERENCE: setting.choice(
    ['id', 'externalId'],
    "Which member of a SCIM subject is your app's reference of a user.",
  ),
  SSF_EMAILS_ARE_VERIFIED: setting.vouchedEmails('A security event'),
};

// Keycloak keeps for 30 days what it could not deliver.
const maxAgeMs = 31 * 86_400_000;

const risc = 'https://schemas.openid.net/secevent/risc/event-type/';
const scim = 'urn:ietf:params:scim:event:prov:';

const kinds: Kinds<ScimEvent> = {
  [`${risc}account-disabled`]: { means: 'disabled', tells: () => ({ disabled: true }) },
  [`${risc}account-enabled`]: { means: 'enabled', tells: () => ({ disabled: false }) },
  [`${risc}account-purged`]: { means: 'deleted', tells: () => ({ deleted: true }) },
  [`${risc}identifier-changed`]: { means: 'e-mail address or phone number changed', tells: toIdentifierTold },
  [`${scim}create:full`]: { means: 'signed up', tells: toUserTold },
  [`${scim}put:full`]: { means: 'profile changed, disabled or enabled', tells: toUserTold },
  [`${scim}patch:full`]: { means: 'profile changed, disabled or enabled', tells: toPatchTold },
  [`${scim}create:notice`]: { means: 'exists; waits until its e-mail address is known', tells: () => ({}) },
  [`${scim}put:notice`]: { means: 'exists; what changed is not told', tells: () => ({}) },
  [`${scim}patch:notice`]: { means: 'exists; what changed is not told', tells: () => ({}) },
  [`${scim}activate`]: { means: 'enabled', tells: () => ({ disabled: false }) },
  [`${scim}deactivate`]: { means: 'disabled', tells: () => ({ disabled: true }) },
  [`${scim}delete`]: { means: 'deleted', tells: () => ({ deleted: true }) },
};

const claims = v.object({
  jti: eventId(),
  iat: v.number(),
  toe: v.nullish(v.number()),
  sub_id: v.optional(v.unknown()),
  events: v.pipe(v.record(v.string(), v.unknown()), v.minEntries(1), v.maxEntries(16)),
});

export const ssf: Provider<typeof settings> = {
  name: 'ssf',
  title: 'Security event tokens (SSF, RISC, SCIM events)',
  family: 'JWS body',
  settings,
  mirrored: listKinds(kinds),
  ignored: [
    'https://schemas.openid.net/secevent/ssf/event-type/verification',
    'https://schemas.openid.net/secevent/ssf/event-type/stream-updated',
    'https://schemas.openid.net/secevent/caep/event-type/*',
    `${risc}* (others)`,
    'urn:ietf:params:scim:event:feed:*',
    'urn:ietf:params:scim:event:misc:asyncresp',
  ],
  answers: 'set',
  connect(configured) {
    const checkAuthorization = toAuthorizationCheck(configured.SSF_AUTHORIZATION);
    const verify = verifyJwsBody({
      keys: remoteKeys(configured.SSF_JWKS_URL),
      issuer: configured.SSF_ISSUER,
      audience: configured.SSF_AUDIENCE,
      required: ['jti', 'iat', 'events'],
      age: { of: issuedAtMs, maxAgeMs },
      ...toTypeRules(configured.SSF_REQUIRE_TYP),
    });
    const rules: SubjectRules = {
      issuer: configured.SSF_SUBJECT_ISSUER || configured.SSF_ISSUER,
      scimMember: configured.SSF_SCIM_REFERENCE,
    };
    return async (request, nowMs) => {
      await checkAuthorization(request);
      const unread = new Set<string>();
      const token = parsePayload(claims, await verify(request, nowMs), unread);
      const events = Object.keys(token.events).map((uri) => toEvent(token, uri, rules, unread));
      return events.map(({ told, ...event }) => ({
        ...event,
        told: told && vouchFor(told, configured.SSF_EMAILS_ARE_VERIFIED),
      }));
    };
  },
};

// A user's own token has `sub`, and mostly `exp`; the framework forbids both in an event, so that neither passes for the
// other.
function toTypeRules(isStrict: boolean) {
  if (isStrict) return { typ: 'secevent+jwt', forbidden: ['sub', 'exp'] };
  // An event stays true after its token has expired; its age has a bound of its own.
  return { forbidden: ['sub'], ignoresExpiry: true };
}

function toAuthorizationCheck(credentials: readonly string[]) {
  return credentials.length > 0
    ? verifyStaticCredential({ header: 'authorization', credentials })
    : async () => {};
}

type Token = v.InferOutput<typeof claims>;

function toEvent(token: Token, uri: string, rules: SubjectRules, unclear: ReadonlySet<string>): UserEvent {
  const content = token.events[uri];
  const payload = isObject(content) ? content : {};
  const event = { id: token.jti, kind: uri, at: toAt(token, payload) };
  // By drafts of the SCIM events, some senders write "SCIM" in capitals; a URN's prefix has no case.
  const kind = findKind(kinds, uri.startsWith('urn:') ? uri.toLowerCase() : uri);
  // Google and older senders put the subject inside the event.
  const subject = token.sub_id ?? payload.subject;
  if (!kind || isNoUser(subject)) return ignoredEvent(event);
  const found = findReference(subject, rules);
  if (found === null) {
    if (isNamedOtherwise(subject, rules)) return withUnread(ignoredEvent(event), new Set(['sub_id']));
    throw new RejectedError('subject_unsupported', 'the subject names no user by its id');
  }
  const unread = new Set<string>();
  const told = kind.tells({ payload, unread });
  const isPartial = unread.size > 0 || uri.endsWith(':notice');
  return withUnread(
    { ...event, reference: parsePayload(reference(), found), told, ...(isPartial && { isPartial }) },
    new Set([...unclear, ...unread]),
  );
}

// Both that and when it was noticed are no later than when it was signed: what is later, as milliseconds are in place of
// seconds, is no time of theirs.
const skewSeconds = 300;

/** When it happened, else when it was noticed, else when it was signed; all in seconds. */
function toAt({ toe, iat }: Token, { event_timestamp: noticed }: ScimEvent['payload']): number {
  const told = [toe, noticed].find((time) => typeof time === 'number' && time <= iat + skewSeconds);
  return parsePayload(v.object({ toe: instant() }), { toe: Math.round(Number(told ?? iat) * 1000) }).toe;
}

const identifier = v.object({ 'new-value': emailAddress() });

// The new value does not say whether it is an e-mail address or a phone number.
function toIdentifierTold({ payload, unread }: ScimEvent): Told {
  const value = parsePayload(identifier, payload, unread)['new-value'];
  if (value?.includes('@')) return tell({ email: value });
  if (value && /^\+\d+$/.test(value)) return tell({ phone: value });
  unread.add('new-value');
  return {};
}
