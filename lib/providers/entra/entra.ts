// Microsoft Entra by change notifications of Microsoft Graph. Not signed; each repeats the subscription's secret.
// https://learn.microsoft.com/graph/change-notifications-delivery-webhooks
//
// A notification only names a user, so the profile is read from Graph after every one but a deletion. Most have no time.
// Our clock is used where there is no eventTime, which does no harm: `created` and `updated` tell no facts of their own,
// and a deletion is final. It comes once the user is gone for good; moving one to the recycle bin comes as `updated`.
// https://learn.microsoft.com/graph/api/resources/subscription
//
// Graph does not say that an e-mail address is verified: that is the operator's to say.

import * as v from 'valibot';
import {
  optionalSecretText,
  optionalText,
  optionalUrl,
  secrets,
  vouchedEmails,
} from '../../config/settings.ts';
import { ConfigError } from '../../errors.ts';
import type { UserEvent, WebhookRequest } from '../../event.ts';
import { verifyCredentialText } from '../../signatures/static-credential.ts';
import { findText } from '../../signatures/unread-json.ts';
import {
  eventId,
  list,
  name,
  object,
  optionalInstant,
  parseJson,
  parsePayload,
  reference,
} from '../payload.ts';
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
import { connectGraph } from './graph.ts';

const settings = {
  ENTRA_CLIENT_STATES: secrets(
    'The clientState of your subscription: long and random, 128 characters at most, no spaces in it; several, separated by spaces, while you replace one.',
    { matches: (state) => state.length <= 128, description: 'texts of 128 characters at most' },
  ),
  ENTRA_TENANT_ID: optionalText('Id of your tenant; for reading users, whom notifications only name.'),
  ENTRA_CLIENT_ID: optionalText('Id of an app registration with the application permission User.Read.All.'),
  ENTRA_CLIENT_SECRET: optionalSecretText(
    'Client secret of that app. All three or none; without them users wait for their e-mail address.',
  ),
  ENTRA_EMAILS_ARE_VERIFIED: vouchedEmails('Entra'),
  ENTRA_LOGIN_URL: optionalUrl(
    'Where tokens come from, in national clouds; https://login.microsoftonline.com where nothing is set.',
  ),
  ENTRA_GRAPH_URL: optionalUrl(
    'Microsoft Graph, in national clouds; https://graph.microsoft.com where nothing is set.',
  ),
};

// Graph takes 128 characters, each of which may be written as an escape of six.
const maxStateChars = 768;

type Configured = v.InferOutput<v.ObjectSchema<typeof settings, undefined>>;

const envelope = v.object({
  value: v.pipe(list(v.looseObject({ clientState: v.nullish(v.string()) })), v.minLength(1)),
});

const notification = v.object({
  id: eventId(),
  changeType: v.nullish(name()),
  lifecycleEvent: v.nullish(name()),
  resourceData: v.nullish(
    object({
      '@odata.type': v.nullish(v.string()),
      id: v.optional(v.unknown()),
      eventTime: optionalInstant(),
    }),
  ),
});

const kinds: Kinds<void> = {
  'user.created': { means: 'was created; the profile is read back', tells: () => ({}) },
  'user.updated': {
    means:
      'was created, profile changed, disabled, let back in, put into the recycle bin or restored; it is read back',
    tells: () => ({}),
  },
  'user.deleted': { means: 'deleted for good', tells: () => ({ deleted: true }) },
};

export const entra: Provider<typeof settings> = {
  name: 'entra',
  title: 'Microsoft Entra',
  family: 'static credential',
  settings,
  mirrored: listKinds(kinds),
  ignored: ['group.*', 'any other resource'],
  notices: ['lifecycle.missed', 'lifecycle.subscriptionRemoved', 'lifecycle.reauthorizationRequired'],
  answers: 'plain',
  connect({ ENTRA_CLIENT_STATES }) {
    const check = verifyCredentialText(ENTRA_CLIENT_STATES);
    return async (request, nowMs) => {
      // The first one before anything else is read: to parse a body of anybody's takes far longer.
      check(findText(request.body, 'clientState', maxStateChars));
      const { value } = parsePayload(envelope, parseJson(request.body));
      // One request may hold notifications of several subscriptions, and each must be known.
      for (const { clientState } of value) check(clientState);
      return readEach(value, (item) => toUserEvent(item, nowMs));
    };
  },
  lookUp: (configured) => {
    const needed = [
      configured.ENTRA_TENANT_ID,
      configured.ENTRA_CLIENT_ID,
      configured.ENTRA_CLIENT_SECRET,
    ].filter(Boolean);
    if (needed.length === 0) return null;
    if (needed.length < 3)
      throw new ConfigError([
        'ENTRA_TENANT_ID, ENTRA_CLIENT_ID and ENTRA_CLIENT_SECRET must be set all, or none',
      ]);
    return connectGraph(toGraphOptions(configured));
  },
  challenge: toChallengeAnswer,
};

function toUserEvent(item: unknown, nowMs: number): UserEvent {
  const unread = new Set<string>();
  const { id, changeType, lifecycleEvent, resourceData } = parsePayload(notification, item, unread);
  const resource =
    /\.(\w{1,100})$/.exec(resourceData?.['@odata.type'] ?? '')?.[1]?.toLowerCase() ?? 'unknown';
  const kind = lifecycleEvent ? `lifecycle.${lifecycleEvent}` : `${resource}.${changeType ?? 'unknown'}`;
  const event = { id, kind, at: resourceData?.eventTime ?? nowMs };
  const found = findKind(kinds, kind);
  if (!found) return lifecycleEvent ? { ...ignoredEvent(event), isNotice: true } : ignoredEvent(event);
  const user = parsePayload(v.object({ id: reference() }), { id: resourceData?.id });
  const told = found.tells();
  return withUnread(
    { ...event, reference: user.id, told, ...(!told.deleted && { isPartial: true }) },
    unread,
  );
}

function toGraphOptions(configured: Configured) {
  return {
    graphUrl: configured.ENTRA_GRAPH_URL || 'https://graph.microsoft.com',
    loginUrl: configured.ENTRA_LOGIN_URL || 'https://login.microsoftonline.com',
    tenantId: configured.ENTRA_TENANT_ID,
    clientId: configured.ENTRA_CLIENT_ID,
    clientSecret: configured.ENTRA_CLIENT_SECRET,
    isVouched: configured.ENTRA_EMAILS_ARE_VERIFIED,
  };
}

// Graph puts a token into the address when the subscription is made, and wants it back. Anybody can send one, so nothing
// goes back that a browser might take for markup.
function toChallengeAnswer({ method, query }: WebhookRequest): ChallengeAnswer | null {
  const token = query?.validationToken ?? '';
  if (method !== 'POST' || !/^[^<>\p{C}]{1,1024}$/u.test(token)) return null;
  return { contentType: 'text/plain', body: token };
}
