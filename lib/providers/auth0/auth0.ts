// Auth0's Event Streams to a webhook: not signed; a header holds a static credential.
// https://auth0.com/docs/customize/events/create-an-event-stream
//
// An event's time is the user's own updated_at, because Auth0 sends out of order and the envelope's time is that of the
// event, not of the state in it; a deletion's time is deleted_at. Without either, the envelope's time is used.
//
// No deletion is final: linking a user to another one deletes it, and unlinking brings it back under the same id; so
// does a new sign-in by the same identity provider. Later events of such a user have a newer time.
// https://auth0.com/docs/manage-users/user-accounts/user-account-linking/unlink-user-accounts
// https://auth0.com/docs/manage-users/user-accounts/identify-users
//
// Envelopes are CloudEvents. Auth0's pages differ on the name of their version (`specversion` or `spec_version`) and on
// whether their type begins with "com.auth0.":
// https://auth0.com/docs/customize/events/event-types, https://auth0.com/docs/events/user/user.updated

import * as v from 'valibot';
import { credentials, optionalText } from '../../config/settings.ts';
import { verifyStaticCredential } from '../../signatures/static-credential.ts';
import type { Told } from '../../user.ts';
import { instant, name, parseJson, parsePayload, reference, toInstant } from '../payload.ts';
import { findKind, ignoredEvent, type Kinds, listKinds, type Provider } from '../provider.ts';
import { auth0User, toTold } from './user.ts';

const settings = {
  AUTH0_CREDENTIALS: credentials(
    'The whole header that the stream sends, such as Bearer …: long and random; several, separated by commas, while you replace one.',
  ),
  AUTH0_HEADER: optionalText(
    'Which header that is, where the stream has one of its own; Authorization unless set.',
  ),
};

const envelope = v.object({
  id: name(),
  type: name(),
  time: instant(),
  a0purpose: v.nullish(v.string()),
  data: v.unknown(),
});

const change = v.object({
  object: v.object({
    ...auth0User.entries,
    user_id: reference(),
    updated_at: v.optional(v.unknown()),
    deleted_at: v.optional(v.unknown()),
  }),
  previous_object: v.nullish(auth0User),
});

type Change = v.InferOutput<typeof change>;

const kinds: Kinds<Change> = {
  'user.created': {
    means: 'signed up, created by an administrator, or back after a deletion',
    // A user who was never blocked has no member `blocked`.
    tells: (change) => ({ disabled: false, ...toChangeTold(change) }),
  },
  'user.updated': {
    means: 'profile changed, e-mail address verified, blocked, or let back in',
    tells: toChangeTold,
  },
  'user.deleted': { means: 'deleted, which is mirrored as disabled', tells: () => ({ disabled: true }) },
};

export const auth0: Provider<typeof settings> = {
  name: 'auth0',
  title: 'Auth0, event streams',
  family: 'static credential',
  settings,
  mirrored: listKinds(kinds),
  ignored: ['organization.*', 'connection.*', 'group.*', 'tests of a stream'],
  answers: 'plain',
  connect({ AUTH0_CREDENTIALS, AUTH0_HEADER }) {
    const header = AUTH0_HEADER.toLowerCase() || 'authorization';
    const verify = verifyStaticCredential({ header, credentials: AUTH0_CREDENTIALS });
    return async (request) => {
      await verify(request);
      const { id, type, time, a0purpose, data } = parsePayload(envelope, parseJson(request.body));
      const event = { id, kind: type.replace(/^com\.auth0\./, ''), at: time };
      const kind = findKind(kinds, event.kind);
      // The test that the dashboard sends is about a user who does not exist.
      if (!kind || a0purpose === 'test') return [ignoredEvent(event)];
      const received = parsePayload(change, data);
      const told = kind.tells(received);
      const { user_id, updated_at, deleted_at } = received.object;
      const at = toInstant(event.kind === 'user.deleted' ? deleted_at : updated_at) ?? time;
      return [{ ...event, reference: user_id, at, told }];
    };
  },
};

function toChangeTold({ object, previous_object: before }: Change): Told {
  const now = toTold(object);
  // An emptied member is missing from the user, and shows only in the user as it was before.
  const { email, emailVerified, disabled, ...profile } = before ? toTold(before) : {};
  const emptied = Object.keys(profile).map((name) => [name, null]);
  return { ...Object.fromEntries(emptied), ...(disabled && { disabled: false }), ...now };
}
