// Ory Kratos's web hooks. Not signed; a header holds a static credential. A template decides what they send; ours is
// docs/kratos.jsonnet. https://www.ory.sh/docs/guides/integrate-with-ory-cloud-through-webhooks
//
// An event's time is the latest of three, none of which is later than the state sent with them: the identity's updated_at;
// verified_at, because a verification leaves updated_at alone; and the flow's issued_at, because older versions do not
// renew updated_at. https://github.com/ory/kratos/blob/master/selfservice/hook/web_hook.go
//
// Older versions call the hooks of verification and recovery too early, with an address that is not verified yet:
// https://github.com/ory/kratos/issues/3254, https://github.com/ory/kratos/pull/4224
//
// Every event tells the e-mail trait, and its verification where a verifiable address is that very trait; of any other
// address nothing is told.
//
// Only what users do for themselves has hooks, and the admin API has none, so deletions are not heard. Who is inactive can
// neither sign in, recover nor change anything: of the hooks only verification ever tells it.
// https://github.com/ory/kratos/blob/master/session/manager_http.go (ActivateSession)
//
// Up to 1.3.1 two changes made in one settings flow have the same time, for neither updated_at nor issued_at moves.

import * as v from 'valibot';
import { credentials } from '../../config/settings.ts';
import { RejectedError } from '../../errors.ts';
import { verifyStaticCredential } from '../../signatures/static-credential.ts';
import type { Told } from '../../user.ts';
import { name, parseJson, parsePayload, toInstant } from '../payload.ts';
import { findKind, ignoredEvent, type Kinds, listKinds, type Provider, withUnread } from '../provider.ts';
import { type KratosIdentity, kratosIdentity, toTold } from './user.ts';

const settings = {
  KRATOS_CREDENTIALS: credentials(
    'The whole Authorization header of the hooks, such as Bearer …: long and random; several, separated by commas, while you replace one.',
  ),
};

const body = v.object({
  flow: name(),
  issued_at: v.optional(v.unknown()),
  identity: v.optional(v.unknown()),
});

const kinds: Kinds<KratosIdentity> = {
  registration: { means: 'signed up', tells: toTold },
  settings: { means: 'profile changed', tells: toTold },
  verification: { means: 'e-mail address verified', tells: toVerificationTold },
  recovery: { means: 'got back in, which verifies the e-mail address', tells: toTold },
  login: { means: 'signed in, with what an administrator changed since', tells: toTold },
};

// The id in a hook that runs before the registration is stored.
const noId = '00000000-0000-0000-0000-000000000000';

export const kratos: Provider<typeof settings> = {
  name: 'kratos',
  title: 'Ory Kratos',
  family: 'static credential',
  settings,
  mirrored: listKinds(kinds),
  ignored: ['hooks before a flow', 'any other flow'],
  answers: 'plain',
  connect({ KRATOS_CREDENTIALS: credentials }) {
    const verify = verifyStaticCredential({ header: 'authorization', credentials });
    return async (request, nowMs) => {
      await verify(request);
      const received = parsePayload(body, parseJson(request.body));
      // The same at every attempt; not sent where analytics events are switched off.
      const id = request.headers['ory-webhook-trigger-id'] ?? null;
      const issuedAt = toInstant(received.issued_at);
      const kind = findKind(kinds, received.flow);
      if (!kind || !received.identity)
        return [ignoredEvent({ id, kind: received.flow, at: issuedAt ?? nowMs })];
      const unread = new Set<string>();
      const { identity } = parsePayload(v.object({ identity: kratosIdentity }), received, unread);
      if (identity.id === noId) return [ignoredEvent({ id, kind: received.flow, at: issuedAt ?? nowMs })];
      const at = findTime(identity, issuedAt);
      const event = { id, kind: received.flow, reference: identity.id, at, told: kind.tells(identity) };
      return [withUnread(event, unread, received.identity)];
    };
  },
};

function findTime(
  { updated_at, verifiable_addresses: addresses }: KratosIdentity,
  issuedAt: number | undefined,
) {
  const told = [updated_at, ...addresses.map(({ verified_at }) => verified_at)].map(toInstant);
  const times = [issuedAt, ...told].filter((time) => time !== undefined);
  if (times.length === 0) throw new RejectedError('payload_invalid', 'the identity has no time');
  return Math.max(...times);
}

// Where the hook comes too early, it does not say which address was verified, so only a sole one counts.
function toVerificationTold(identity: KratosIdentity): Told {
  const { verifiable_addresses: addresses } = identity;
  const verified = addresses.map((address) => ({ ...address, verified: true }));
  return toTold(addresses.length === 1 ? { ...identity, verifiable_addresses: verified } : identity);
}
