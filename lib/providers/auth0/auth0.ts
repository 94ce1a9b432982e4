// Auth0's Event Streams to a webhook: not signed; a header holds a static credential.
// https://auth0.com/docs/customize/events/create-an-event-stream
//
// An event's time is the user's own updated_at, because Auth0 sends out of order and the envelope's time is that of the
// event, not of the state in it; a deletion's time is deleted_at. Without either, the envelope's time is used.
//
// Every event but a deletion has the whole user, so that `email_verified` stands beside the address that it is about. By
// SAML it may be any text: https://github.com/auth0/auth0-python/issues/831
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
import { memberOf } from '../../json.ts';
import { verifyStaticCredential } from '../../signatures/static-credential.ts';
import type { Told } from '../../user.ts';
import {
  eventId,
  firstInstant,
  name,
  object,
  optionalInstant,
  parseJson,
  parsePayload,
  reference,
} from '../payload.ts';
import { findKind, ignoredEvent, type Kinds, listKinds, type Provider, withUnread } from '../provider.ts';
import { type Auth0User, auth0User, toTold } from './user.ts';

const settings = {
  AUTH0_CREDENTIALS: credentials(
    'The whole header that the stream sends, such as Bearer …: long and random; several, separated by commas, while you replace one.',
  ),
  AUTH0_HEADER: optionalText(
    'Which header that is, where the stream has one of its own; Authorization unless set.',
  ),
};

const envelope = v.object({
  id: eventId(),
  type: name(),
  time: optionalInstant(),
  a0purpose: v.nullish(v.string()),
  data: v.unknown(),
});

const change = v.object({
  object: v.object({
    ...auth0User.entries,
    user_id: reference(),
    updated_at: optionalInstant(),
    deleted_at: optionalInstant(),
  }),
  previous_object: v.nullish(object(auth0User.entries)),
});

type Change = v.InferOutput<typeof change>;

const kinds: Kinds<Change> = {
  'user.created': {
    means: 'signed up, created by an administrator, or back after a deletion',
    // A user who was never blocked has no member `blocked`.
    tells: ({ object, ...change }) => toChangeTold({ ...change, object: { blocked: false, ...object } }),
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
    return async (request, nowMs) => {
      await verify(request);
      const unread = new Set<string>();
      const { id, type, time, a0purpose, data } = parsePayload(envelope, parseJson(request.body), unread);
      const event = { id, kind: type.replace(/^com\.auth0\./, '') };
      const kind = findKind(kinds, event.kind);
      // The test that the dashboard sends is about a user who does not exist.
      if (!kind || a0purpose === 'test') return [ignoredEvent({ ...event, at: time ?? nowMs })];
      const received = parsePayload(v.object({ data: change }), { data }, unread).data;
      const told = kind.tells(received);
      const { user_id, updated_at, deleted_at } = received.object;
      const at = firstInstant(event.kind === 'user.deleted' ? deleted_at : updated_at, time);
      return [withUnread({ ...event, reference: user_id, at, told }, unread, memberOf(data, 'object'))];
    };
  },
};

function toChangeTold({ object, previous_object: before }: Change): Told {
  return toTold({ ...toEmptied(object, before ?? {}), ...object });
}

// An emptied member is missing from the user, and shows only in the user as it was before. Not so the address, which no
// user loses.
function toEmptied(user: Auth0User, { email, email_verified, blocked, ...profile }: Auth0User): Auth0User {
  const names = Object.keys(profile).filter((name) => !(name in user));
  return { ...Object.fromEntries(names.map((name) => [name, null])), ...(blocked && { blocked: false }) };
}
