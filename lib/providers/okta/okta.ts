// Okta's event hooks. Not signed; a header holds a static credential. One request holds several events.
// https://developer.okta.com/docs/concepts/event-hooks/
//
// An event's time is its `published`, set by Okta when it happened; the envelope's eventTime is the time of sending.
// The user is the target of type User; the actor is the one who acted, often an admin. Events hold no profile, so it is
// read from the Users API; a profile's time is the user's own lastUpdated. Neither says that an e-mail address is verified:
// that is the operator's to say.

import * as v from 'valibot';
import { optionalSecretText, optionalUrl, secrets, vouchedEmails } from '../../config/settings.ts';
import { ConfigError } from '../../errors.ts';
import type { LookUp, UserEvent, WebhookRequest } from '../../event.ts';
import { isObject, parseJson as parseText } from '../../json.ts';
import { verifyStaticCredential } from '../../signatures/static-credential.ts';
import { eventId, instant, name, object, parseJson, parsePayload, reference, vouchFor } from '../payload.ts';
import {
  type ChallengeAnswer,
  findKind,
  ignoredEvent,
  type Kinds,
  listKinds,
  type Provider,
  readEach,
  withUnread,
} from '../provider.ts';
import { apiUnavailable, askApi, expectJson, userTimeLimit } from '../provider-api.ts';
import { oktaUser, toTold } from './user.ts';

const settings = {
  OKTA_SECRETS: secrets(
    "The hook's authentication secret, which Okta sends as the whole Authorization header: long and random, no spaces in it; several, separated by spaces, while you replace one.",
  ),
  OKTA_API_URL: optionalUrl(
    'Address of your Okta organization, https://<name>.okta.com; for reading profiles, which events leave out.',
  ),
  OKTA_API_TOKEN: optionalSecretText(
    'API token of an admin who may read users, and no more. Both or neither; without them users wait for their e-mail address.',
  ),
  OKTA_EMAILS_ARE_VERIFIED: vouchedEmails('Okta'),
};

const envelope = v.object({ data: v.object({ events: v.array(v.unknown()) }) });

const logEvent = v.object({
  uuid: eventId(),
  published: instant(),
  eventType: name(),
  outcome: v.nullish(object({ result: v.nullish(v.string()) })),
  target: v.nullish(v.array(v.unknown()), []),
});

const kinds: Kinds<void> = {
  'user.lifecycle.create': { means: 'was created; the profile is read back', tells: () => ({}) },
  'user.lifecycle.activate': { means: 'activated, or let back in', tells: () => ({ disabled: false }) },
  'user.lifecycle.deactivate': { means: 'deactivated', tells: () => ({ disabled: true }) },
  'user.lifecycle.suspend': { means: 'suspended', tells: () => ({ disabled: true }) },
  'user.lifecycle.unsuspend': { means: 'let back in', tells: () => ({ disabled: false }) },
  // Only deactivated users can be deleted, and a deletion can't be undone:
  // https://help.okta.com/en-us/Content/Topics/users-groups-profiles/usgp-deactivate-user-account.htm
  'user.lifecycle.delete.initiated': { means: 'deleted', tells: () => ({ deleted: true }) },
  'user.account.update_profile': { means: 'profile changed; it is read back', tells: () => ({}) },
};

const datedUser = v.object({ ...oktaUser.entries, lastUpdated: instant() });

export const okta: Provider<typeof settings> = {
  name: 'okta',
  title: 'Okta',
  family: 'static credential',
  settings,
  mirrored: listKinds(kinds),
  ignored: [
    'user.account.lock',
    'user.account.unlock',
    'user.lifecycle.reactivate',
    'user.lifecycle.delete.completed',
    'user.session.*',
    'group.*',
    'any event whose outcome is not SUCCESS',
  ],
  answers: 'plain',
  connect({ OKTA_SECRETS }) {
    const verify = verifyStaticCredential({ header: 'authorization', credentials: OKTA_SECRETS });
    return async (request) => {
      await verify(request);
      const { data } = parsePayload(envelope, parseJson(request.body));
      return readEach(data.events, toUserEvent);
    };
  },
  lookUp: ({ OKTA_API_URL, OKTA_API_TOKEN, OKTA_EMAILS_ARE_VERIFIED }) => {
    if (!OKTA_API_URL && !OKTA_API_TOKEN) return null;
    if (!OKTA_API_URL || !OKTA_API_TOKEN)
      throw new ConfigError(['OKTA_API_URL and OKTA_API_TOKEN must be set both, or neither']);
    return connectUsers(OKTA_API_URL, OKTA_API_TOKEN, OKTA_EMAILS_ARE_VERIFIED);
  },
  challenge: toChallengeAnswer,
};

function toUserEvent(item: unknown): UserEvent {
  const unread = new Set<string>();
  const { uuid: id, published: at, eventType, outcome, target } = parsePayload(logEvent, item, unread);
  const kind = findKind(kinds, eventType);
  if (!kind || outcome?.result !== 'SUCCESS')
    return withUnread(ignoredEvent({ id, kind: eventType, at }), unread);
  const userTarget = target.filter(isObject).find(({ type }) => type === 'User');
  const user = parsePayload(v.object({ id: reference() }), { id: userTarget?.id });
  const told = kind.tells();
  const isPartial = Object.keys(told).length === 0;
  const event = { id, kind: eventType, reference: user.id, at, told, ...(isPartial && { isPartial }) };
  return withUnread(event, unread);
}

// https://developer.okta.com/docs/api/openapi/okta-management/management/tag/User/#tag/User/operation/getUser
function connectUsers(apiUrl: string, token: string, isVouched: boolean): LookUp {
  const headers = { authorization: `SSWS ${token}`, accept: 'application/json' };
  return async (id) => {
    const url = new URL(`/api/v1/users/${encodeURIComponent(id)}`, apiUrl);
    const answer = await askApi(url, { headers, signal: userTimeLimit() });
    if (answer.status === 404) return null;
    const unread = new Set<string>();
    const user = expectJson(datedUser, answer, unread);
    // Okta takes names, and "me", in place of ids.
    if (user.id !== id) throw apiUnavailable('the answer is of another user');
    return withUnread(
      { told: vouchFor(toTold(user), isVouched), at: user.lastUpdated },
      unread,
      parseText(answer.body),
    );
  };
}

// Okta asks once, when the hook is verified, and without the secret, so the answer holds it only as text in JSON.
function toChallengeAnswer({ method, headers }: WebhookRequest): ChallengeAnswer | null {
  const verification = headers['x-okta-verification-challenge'] ?? '';
  if (method !== 'GET' || !/^[\x20-\x7e]{1,512}$/.test(verification)) return null;
  return { contentType: 'application/json', body: JSON.stringify({ verification }) };
}
