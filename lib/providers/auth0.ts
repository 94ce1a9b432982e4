// Auth0's Event Streams to a webhook: not signed, so that a static credential stands in a header.
// https://auth0.com/docs/customize/events/create-an-event-stream
//
// An event's time is the user's own updated_at, for Auth0 sends out of order and the envelope's time is that of the
// event and not of the state it holds; a deletion has only the envelope's. Envelopes are CloudEvents: their version is
// in `specversion` or `spec_version`, and their type begins with "com.auth0." or does not, by which page one reads:
// https://auth0.com/docs/customize/events/event-types, https://auth0.com/docs/events/user/user.updated

import * as v from 'valibot';
import { credentials, optionalText } from '../settings.ts';
import { verifyStaticCredential } from '../signatures/static-credential.ts';
import type { Told } from '../user.ts';
import { auth0User, toAuth0Told } from './auth0-user.ts';
import { instant, name, parseJson, parsePayload, reference, toInstant } from './payload.ts';
import { findKind, ignoredEvent, type Kinds, listKinds, type Provider } from './provider.ts';

const settings = {
  AUTH0_CREDENTIALS: credentials(
    'The whole header that the stream sends, such as Bearer …: long and random; several, separated by commas, while you replace one.',
  ),
  AUTH0_HEADER: optionalText(
    'Which header that is, where the stream has one of its own; Authorization unless set.',
  ),
};

const envelope = v.object({ id: name(), type: name(), time: instant(), data: v.unknown() });

const change = v.object({
  object: v.object({
    ...auth0User.entries,
    user_id: reference(),
    updated_at: v.optional(v.unknown()),
  }),
  previous_object: v.nullish(auth0User),
});

type Change = v.InferOutput<typeof change>;

const kinds: Kinds<Change> = {
  'user.created': { means: 'signed up, or created by an administrator', tells: toTold },
  'user.updated': {
    means: 'profile changed, e-mail address verified, blocked, or let back in',
    tells: toTold,
  },
  'user.deleted': { means: 'deleted', tells: () => ({ deleted: true }) },
};

export const auth0: Provider<typeof settings> = {
  name: 'auth0',
  title: 'Auth0, event streams',
  family: 'static credential',
  settings,
  mirrored: listKinds(kinds),
  ignored: ['organization.*', 'connection.*', 'group.*'],
  answers: 'plain',
  connect({ AUTH0_CREDENTIALS, AUTH0_HEADER }) {
    const header = AUTH0_HEADER.toLowerCase() || 'authorization';
    const verify = verifyStaticCredential({ header, credentials: AUTH0_CREDENTIALS });
    return async (request) => {
      await verify(request);
      const { id, type, time, data } = parsePayload(envelope, parseJson(request.body));
      const event = { id, kind: type.replace(/^com\.auth0\./, ''), at: time };
      const kind = findKind(kinds, event.kind);
      if (!kind) return [ignoredEvent(event)];
      const received = parsePayload(change, data);
      const told = kind.tells(received);
      const at = told.deleted ? time : (toInstant(received.object.updated_at) ?? time);
      return [{ ...event, reference: received.object.user_id, at, told }];
    };
  },
};

function toTold({ object, previous_object: before }: Change): Told {
  const now = toAuth0Told(object);
  // A member that is gone shows only in the user as it was before.
  const { email, emailVerified, disabled, ...profile } = before ? toAuth0Told(before) : {};
  const emptied = Object.keys(profile).map((name) => [name, null]);
  return { ...Object.fromEntries(emptied), ...(disabled && { disabled: false }), ...now };
}
