// Logto: a plain HMAC of the body, in hex. https://docs.logto.io/developers/webhooks/webhooks-request
//
// An event's time is the user's own updatedAt, in milliseconds, where `data` is a user, or else the envelope's createdAt.
//
// `data` is the user where a user made the change. After a call of the Management API it is the answer of that call, which
// for some routes is only a part of the user, and may hold anything:
// https://github.com/logto-io/logto/blob/master/packages/core/src/libraries/hook/context-manager.ts

import * as v from 'valibot';
import { secrets, vouchedEmails } from '../../config/settings.ts';
import { checkAge } from '../../signatures/age.ts';
import { verifyHmac } from '../../signatures/hmac.ts';
import type { Told } from '../../user.ts';
import { instant, name, parseJson, parsePayload, reference, toInstant, vouchFor } from '../payload.ts';
import { findKind, ignoredEvent, type Kinds, listKinds, type Provider } from '../provider.ts';
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
  params: v.nullish(v.object({ userId: v.optional(reference()) })),
  data: v.optional(v.unknown()),
});

const entity = v.object({ id: v.optional(reference()), updatedAt: v.optional(v.unknown()) });

const userRoutes = ['/users', '/users/:userId', '/users/:userId/password', '/users/:userId/is-suspended'];

const kinds: Kinds<Envelope> = {
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
      const received = parsePayload(envelope, parseJson(request.body));
      const { event: type, createdAt, matchedRoute } = received;
      checkAge(createdAt, nowMs, maxAgeMs);
      const kind = findKind(kinds, type);
      if (!kind || matchedRoute === '/users/:userId/custom-data')
        return [ignoredEvent({ id: null, kind: type, at: createdAt })];
      return [
        {
          id: null,
          kind: type,
          reference: findReference(received),
          at: findTime(received),
          told: vouchFor(kind.tells(received), LOGTO_EMAILS_ARE_VERIFIED),
          // We don't know what an unknown route answers.
          ...(!holdsUser(received) && !holdsProfile(received) && { isPartial: true }),
        },
      ];
    };
  },
};

type Envelope = v.InferOutput<typeof envelope>;

/** Older versions send a deletion without data, so the route's parameter names the user. */
function findReference(received: Envelope): string {
  const { id } = readEntity(received);
  return parsePayload(v.object({ userId: reference() }), { userId: id ?? received.params?.userId }).userId;
}

function findTime(received: Envelope): number {
  // A deletion's data is the user as of its last change.
  const updatedAt = received.event === 'User.Deleted' ? undefined : readEntity(received).updatedAt;
  return toInstant(updatedAt) ?? received.createdAt;
}

function readEntity(received: Envelope): Partial<v.InferOutput<typeof entity>> {
  return holdsUser(received) ? parsePayload(entity, received.data ?? {}) : {};
}

function toEventTold(received: Envelope): Told {
  if (holdsProfile(received)) return toProfileTold(parsePayload(logtoProfile, received.data));
  return holdsUser(received) ? toTold(parsePayload(logtoUser, received.data)) : {};
}

function holdsUser({ path, matchedRoute }: Envelope): boolean {
  return matchedRoute ? userRoutes.includes(matchedRoute) : !path;
}

function holdsProfile({ matchedRoute }: Envelope): boolean {
  return matchedRoute === '/users/:userId/profile';
}
