// Ory Kratos's web hooks: not signed, so that a static credential stands in a header. What they send is up to a
// template; ours is docs/kratos.jsonnet. https://www.ory.sh/docs/guides/integrate-with-ory-cloud-through-webhooks
//
// An event's time is the latest that the identity itself tells: updated_at, and verified_at, for a verification leaves
// the former alone; or the flow's issued_at, for older versions did not renew updated_at. None is later than the state
// that is sent with them. https://github.com/ory/kratos/blob/master/selfservice/hook/web_hook.go
//
// Older versions call the hooks of verification and recovery too early, with an address that is not verified yet:
// https://github.com/ory/kratos/issues/3254, https://github.com/ory/kratos/pull/4224
//
// There are hooks on what users do for themselves, and none on the admin API: nothing is heard of a deletion.

import * as v from 'valibot';
import { credentials } from '../../config/settings.ts';
import { RejectedError } from '../../errors.ts';
import { verifyStaticCredential } from '../../signatures/static-credential.ts';
import type { Told } from '../../user.ts';
import { name, parseJson, parsePayload, reference, tell, text, toInstant, yesNo } from '../payload.ts';
import { findKind, ignoredEvent, type Kinds, listKinds, type Provider } from '../provider.ts';

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

const address = v.object({
  via: v.nullish(v.string()),
  value: text(),
  verified: yesNo(),
  verified_at: v.optional(v.unknown()),
});

const identity = v.object({
  id: reference(),
  state: v.nullish(v.string()),
  updated_at: v.optional(v.unknown()),
  verifiable_addresses: v.nullish(v.array(address), []),
  traits: v.object({
    email: text(),
    phone: text(),
    first_name: text(),
    last_name: text(),
    locale: text(),
    timezone: text(),
    avatar_url: text(),
  }),
});

type Identity = v.InferOutput<typeof identity>;

const kinds: Kinds<Identity> = {
  registration: { means: 'signed up', tells: toTold },
  settings: { means: 'profile changed', tells: toTold },
  verification: { means: 'e-mail address verified', tells: toVerified },
  recovery: { means: 'got back in, which verifies the e-mail address', tells: toTold },
  login: { means: 'signed in, with what an administrator changed since', tells: toTold },
};

// A hook that runs before a registration is stored may have this for an id.
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
      // The same for all attempts; not sent where analytics events are switched off.
      const id = request.headers['ory-webhook-trigger-id'] ?? null;
      const issuedAt = toInstant(received.issued_at);
      const kind = findKind(kinds, received.flow);
      if (!kind || !received.identity)
        return [ignoredEvent({ id, kind: received.flow, at: issuedAt ?? nowMs })];
      const known = parsePayload(identity, received.identity);
      if (known.id === noId) return [ignoredEvent({ id, kind: received.flow, at: issuedAt ?? nowMs })];
      const at = findTime(known, issuedAt);
      return [{ id, kind: received.flow, reference: known.id, at, told: kind.tells(known) }];
    };
  },
};

function findTime({ updated_at, verifiable_addresses: addresses }: Identity, issuedAt: number | undefined) {
  const told = [updated_at, ...addresses.map(({ verified_at }) => verified_at)].map(toInstant);
  const times = [issuedAt, ...told].filter((time) => time !== undefined);
  if (times.length === 0) throw new RejectedError('payload_invalid', 'the identity has no time');
  return Math.max(...times);
}

function toTold({ state, verifiable_addresses: addresses, traits }: Identity): Told {
  const email = traits.email === undefined ? findSole(addresses, 'email') : traits.email;
  return tell({
    email,
    emailVerified: addresses.find(({ via, value }) => via === 'email' && isSame(value, email))?.verified,
    phone: traits.phone === undefined ? findSole(addresses, 'sms') : traits.phone,
    firstName: traits.first_name,
    lastName: traits.last_name,
    locale: traits.locale,
    timezone: traits.timezone,
    avatarUrl: traits.avatar_url,
    disabled: state === 'inactive' || (state === 'active' ? false : undefined),
  });
}

// Where the hook comes too early, it does not say which address it was, so that only a sole one counts.
function toVerified(known: Identity): Told {
  const { verifiable_addresses: addresses } = known;
  const verified = addresses.map((address) => ({ ...address, verified: true }));
  return toTold(addresses.length === 1 ? { ...known, verifiable_addresses: verified } : known);
}

type Address = v.InferOutput<typeof address>;

/** The one address of its sort; of several, nothing says which is the user's. */
function findSole(addresses: readonly Address[], via: string): string | undefined {
  const values = addresses.flatMap((address) => (address.via === via && address.value) || []);
  return values.length === 1 ? values[0] : undefined;
}

// Kratos keeps addresses in lower case, and traits as they were typed.
function isSame(value: string | null | undefined, email: string | null | undefined): boolean {
  return value?.toLowerCase() === email?.trim().toLowerCase();
}
