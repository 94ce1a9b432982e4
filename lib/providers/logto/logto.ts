// Logto: a plain HMAC of the body, in hex. https://docs.logto.io/developers/webhooks/webhooks-request
//
// An event's time is the user's own updatedAt, in milliseconds, where `data` is a user, or else the envelope's createdAt.
//
// `data` is the user where a user made the change. After a call of the Management API it is the answer of that call, which
// for some routes is only a part of the user, and may hold anything:
// https://github.com/logto-io/logto/blob/master/packages/core/src/libraries/hook/context-manager.ts
//
// No event says that an e-mail address is verified: that is the operator's to say.

import * as v from 'valibot';
import { secrets, vouchedEmails } from '../../config/settings.ts';
import { checkAge } from '../../signatures/age.ts';
import { verifyHmac } from '../../signatures/hmac.ts';
import type { Told } from '../../user.ts';
import {
  instant,
  isUnread,
  name,
  object,
  optionalInstant,
  parseJson,
  parsePayload,
  reference,
  vouchFor,
} from '../payload.ts';
import { findKind, ignoredEvent, type Kinds, listKinds, type Provider, withUnread } from '../provider.ts';
import { logtoProfile, logtoUser, toProfileTold, toTold } from './user.ts';

const settings = {
  LOGTO_SECRETS: secrets("The webhook's signing key; several, separated by spaces, while you replace one."),
  LOGTO_EMAILS_ARE_VERIFIED: vouchedEmails('Logto'),
};

// The signature has no time, but it covers the body, which has one.
const maxAgeMs = 31 * 86_400_000;

const envelope = v.object({
  event: name(),
  createdAt: instant(),
  path: v.nullish(v.string()),
  matchedRoute: v.nullish(v.string()),
  params: v.nullish(object({ userId: v.optional(reference()) })),
  data: v.optional(v.unknown()),
});

const entity = object({
  ...logtoUser.entries,
  id: v.optional(reference()),
  updatedAt: optionalInstant(),
});

const userRoutes = ['/users', '/users/:userId', '/users/:userId/password', '/users/:userId/is-suspended'];

const kinds: Kinds<Received> = {
  'User.Created': { means: 'signed up, or created by an administrator', tells: toEventTold },
  'User.Data.Updated': { means: 'profile changed', tells: toEventTold },
  'User.SuspensionStatus.Updated': { means: 'disabled, or let back in', tells: toEventTold },
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
      const unread = new Set<string>();
      const { data, ...rest } = parsePayload(envelope, parseJson(request.body), unread);
      const { event: type, createdAt, matchedRoute } = rest;
      checkAge(createdAt, nowMs, maxAgeMs);
      const kind = findKind(kinds, type);
      if (!kind || matchedRoute === '/users/:userId/custom-data')
        return [ignoredEvent({ id: null, kind: type, at: createdAt })];
      const received = { ...rest, ...readData(rest, data, unread) };
      const told = vouchFor(kind.tells(received), LOGTO_EMAILS_ARE_VERIFIED);
      const event = {
        id: null,
        kind: type,
        reference: findReference(received),
        at: findTime(received),
        told,
        // We don't know what an unknown route answers.
        ...(!received.user && !received.profile && !told.deleted && { isPartial: true }),
      };
      return [withUnread(event, unread, received.user && data)];
    };
  },
};

type Envelope = Omit<v.InferOutput<typeof envelope>, 'data'>;

/** What `data` holds: a user, a part of one, or neither. */
type Data = {
  readonly user?: v.InferOutput<typeof entity> | null | undefined;
  readonly profile?: v.InferOutput<typeof logtoProfile> | null | undefined;
};

type Received = Envelope & Data;

function readData(received: Envelope, data: unknown, unread: Set<string>): Data {
  const read = <const Schema extends v.GenericSchema>(schema: Schema) =>
    parsePayload(v.object({ data: v.nullish(schema) }), { data }, unread).data;
  if (received.matchedRoute === '/users/:userId/profile')
    return { profile: read(object(logtoProfile.entries)) };
  return holdsUser(received) ? { user: read(entity) } : {};
}

/** Older versions send a deletion without data, so the route's parameter names the user. */
function findReference({ user, params }: Received): string {
  return parsePayload(v.object({ userId: reference() }), { userId: user?.id ?? params?.userId }).userId;
}

function findTime({ event, user, createdAt }: Received): number {
  // A deletion's data is the user as of its last change.
  return (event === 'User.Deleted' ? null : user?.updatedAt) ?? createdAt;
}

function toEventTold({ user, profile }: Received): Told {
  if (profile) return toProfileTold(profile);
  return user ? toTold(user) : {};
}

// A path or route that can't be read may be any.
function holdsUser(received: Envelope): boolean {
  const { path, matchedRoute } = received;
  if (matchedRoute) return userRoutes.includes(matchedRoute);
  return !path && !isUnread(received, 'path') && !isUnread(received, 'matchedRoute');
}
