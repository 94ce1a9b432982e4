// Logto: a plain HMAC of the body, in hex. https://docs.logto.io/developers/webhooks/webhooks-request
//
// An event's time is the user's own updatedAt, in milliseconds, where `data` is a user; else the envelope's createdAt.
//
// `data` is the user where the user changed something, but what the management API answered where that was called, and
// for some of its routes that is only a part, which may hold anything:
// https://github.com/logto-io/logto/blob/master/packages/core/src/libraries/hook/context-manager.ts

import * as v from 'valibot';
import { secrets, vouchedEmails } from '../../config/settings.ts';
import { checkAge } from '../../signatures/age.ts';
import { verifyHmac } from '../../signatures/hmac.ts';
import type { Told } from '../../user.ts';
import {
  instant,
  name,
  parseJson,
  parsePayload,
  reference,
  tell,
  text,
  toInstant,
  vouchFor,
  yesNo,
} from '../payload.ts';
import { findKind, ignoredEvent, type Kinds, listKinds, type Provider } from '../provider.ts';

const settings = {
  LOGTO_SECRETS: secrets("The webhook's signing key; several, separated by spaces, while you replace one."),
  LOGTO_EMAILS_ARE_VERIFIED: vouchedEmails('Logto'),
};

// The signature has no time of its own, but the body, which it covers, does.
const maxAgeMs = 31 * 86_400_000;

const envelope = v.object({
  event: name(),
  createdAt: instant(),
  path: v.nullish(v.string()),
  matchedRoute: v.nullish(v.string()),
  params: v.nullish(v.object({ userId: v.optional(reference()) })),
  data: v.optional(v.unknown()),
});

const entity = v.object({ id: v.optional(reference()), updatedAt: v.optional(v.unknown()) });

const profile = v.object({ givenName: text(), familyName: text(), locale: text(), zoneinfo: text() });

const user = v.object({
  primaryEmail: text(),
  primaryPhone: text(),
  avatar: text(),
  isSuspended: yesNo(),
  profile: v.nullish(profile),
});

const userRoutes = ['/users', '/users/:userId', '/users/:userId/password', '/users/:userId/is-suspended'];

const kinds: Kinds<Envelope> = {
  'User.Created': { means: 'signed up, or created by an administrator', tells: toTold },
  'User.Data.Updated': { means: 'profile changed', tells: toTold },
  'User.SuspensionStatus.Updated': { means: 'disabled, or let back in', tells: toTold },
  'User.Deleted': { means: 'deleted', tells: () => ({ deleted: true }) },
};

export const logto: Provider<typeof settings> = {
  name: 'logto',
  title: 'Logto',
  family: 'HMAC',
  settings,
  mirrored: listKinds(kinds),
  // A registration sends User.Created too.
  ignored: [
    'PostRegister',
    'PostSignIn',
    'PostResetPassword',
    'Identifier.Lockout',
    'Role.*',
    'Organization.*',
  ],
  answers: 'plain',
  connect({ LOGTO_SECRETS, LOGTO_EMAILS_ARE_VERIFIED }) {
    const verify = verifyHmac({ header: 'logto-signature-sha-256', secrets: LOGTO_SECRETS, encoding: 'hex' });
    return async (request, nowMs) => {
      await verify(request);
      const received = parsePayload(envelope, parseJson(request.body));
      const event = { id: null, kind: received.event, at: received.createdAt };
      checkAge(event.at, nowMs, maxAgeMs);
      const kind = findKind(kinds, received.event);
      if (!kind || received.matchedRoute === '/users/:userId/custom-data') return [ignoredEvent(event)];
      const told = vouchFor(kind.tells(received), LOGTO_EMAILS_ARE_VERIFIED);
      return [{ ...event, ...toSubject(received), told, ...toPartial(received) }];
    };
  },
};

type Envelope = v.InferOutput<typeof envelope>;

/** Of whom, and when. */
function toSubject(received: Envelope): { reference: string; at: number } {
  const { id, updatedAt } = isUser(received) ? parsePayload(entity, received.data ?? {}) : {};
  const at = received.event === 'User.Deleted' ? undefined : toInstant(updatedAt);
  // Older versions send a deletion with no data at all.
  const known = parsePayload(v.object({ userId: reference() }), { userId: id ?? received.params?.userId });
  return { reference: known.userId, at: at ?? received.createdAt };
}

function toTold(received: Envelope): Told {
  if (isProfile(received)) return toNames(parsePayload(profile, received.data));
  if (!isUser(received)) return {};
  const known = parsePayload(user, received.data);
  return tell({
    email: known.primaryEmail,
    phone: known.primaryPhone,
    avatarUrl: known.avatar,
    disabled: known.isSuspended,
    // `name` is left alone: it is first and last name in one, or neither.
    ...toNames(known.profile ?? {}),
  });
}

function toNames(known: Partial<v.InferOutput<typeof profile>>): Told {
  return tell({
    firstName: known.givenName,
    lastName: known.familyName,
    locale: known.locale,
    timezone: known.zoneinfo,
  });
}

function isUser({ path, matchedRoute }: Envelope): boolean {
  return matchedRoute ? userRoutes.includes(matchedRoute) : !path;
}

function isProfile({ matchedRoute }: Envelope): boolean {
  return matchedRoute === '/users/:userId/profile';
}

/** A route that we don't know answers we don't know what. */
function toPartial(received: Envelope): { isPartial?: true } {
  return isUser(received) || isProfile(received) ? {} : { isPartial: true };
}
