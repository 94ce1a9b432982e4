// Auth0's log streams to a custom webhook, for tenants without event streams, which tell more. Not signed; a header holds
// a static credential. https://auth0.com/docs/customize/log-streams/custom-log-streams
//
// An event's time is the entry's `date`: when it happened. Entries have no other time.

import * as v from 'valibot';
import { credentials } from '../../config/settings.ts';
import type { UserEvent } from '../../event.ts';
import { isObject } from '../../json.ts';
import { verifyStaticCredential } from '../../signatures/static-credential.ts';
import type { Told } from '../../user.ts';
import { parseJson, parsePayload, reference, tell } from '../payload.ts';
import { findKind, ignoredEvent, listKinds, type Provider, readEach, withUnread } from '../provider.ts';
import { findLogUser, isPartialEntry, logEntry, logKinds } from './log-kinds.ts';

const settings = {
  AUTH0_LOGS_CREDENTIALS: credentials(
    'The authorization token of the stream, which Auth0 sends as the whole Authorization header: long and random; several, separated by commas, while you replace one.',
  ),
};

const maxEntries = 1_000;

export const auth0Logs: Provider<typeof settings> = {
  name: 'auth0-logs',
  title: 'Auth0, log streams',
  family: 'static credential',
  settings,
  mirrored: listKinds(logKinds),
  ignored: [
    's',
    'f',
    'fs',
    'slo',
    'scp',
    'scu',
    'seacft',
    'limit_wc',
    'calls that change no user, and those that link users to one another',
    'any other code',
  ],
  answers: 'plain',
  connect({ AUTH0_LOGS_CREDENTIALS: credentials }) {
    const verify = verifyStaticCredential({ header: 'authorization', credentials });
    return async (request) => {
      await verify(request);
      return readEach(parsePayload(batch, readBatch(request.body)), toEvent);
    };
  },
};

const batch = v.pipe(v.array(v.unknown()), v.maxLength(maxEntries));

/** The entries, which the stream's content format puts into a list, one object, or one object a line. */
function readBatch(body: Uint8Array): unknown[] {
  // One byte a character, so that no byte is changed before it is parsed.
  const parts = Buffer.from(body).toString('latin1').split(lineEnd);
  return parts
    .flatMap((part) => parseJson(Buffer.from(part, 'latin1')))
    .map((item) => (isObject(item) && 'data' in item ? item.data : item));
}

// Stands between two JSON documents and never within one. The first line end matches in one way only, so that a body of
// many line ends costs no backtracking.
const lineEnd = /(?<=\})[ \t\r]*\n\s*(?=\{)/;

function toEvent(item: unknown): UserEvent {
  const unread = new Set<string>();
  const entry = parsePayload(logEntry, item, unread);
  const event = { id: entry.log_id, kind: entry.type, at: entry.date };
  const kind = findKind(logKinds, entry.type);
  const userId = findLogUser(entry);
  if (!kind || userId === undefined) return ignoredEvent(event);
  const user = parsePayload(v.object({ user_id: reference() }), { user_id: userId });
  const told = withoutMasks(kind.tells({ entry, unread }));
  const isPartial = isPartialEntry(entry, told);
  return withUnread({ ...event, reference: user.user_id, told, ...(isPartial && { isPartial }) }, unread);
}

// A stream may mask or hash personal data. A masked address shows by its missing @; other masked values look real.
function withoutMasks({ email, ...told }: Told): Told {
  return tell({ ...told, email: email?.includes('@') === false ? undefined : email });
}
