// Supabase's database webhooks on auth.users. Not signed; a header holds a static credential.
// https://supabase.com/docs/guides/database/webhooks
//
// An event's time is that of the trigger where it tells one, as docs/supabase.sql does, else the row's updated_at; both to
// the microsecond, for the auth server writes a row more than once in a millisecond. A deleted row has only the time of its
// last change.
//
// SQL leaves updated_at alone unless it sets it, yet the row is newer than the one before it. So what differs from a row of
// the same time or a later one is told once more, dated half a microsecond after that row. It wins against what the row
// before told, and loses against whatever is written with a time later, in any order and number of deliveries. Two changes
// of one member that both leave updated_at alone have one time: the safer holds until the next change that has a time,
// which is why such an event is partial.

import * as v from 'valibot';
import { secrets } from '../../config/settings.ts';
import { RejectedError } from '../../errors.ts';
import type { UserEvent } from '../../event.ts';
import { isObject } from '../../json.ts';
import { verifyStaticCredential } from '../../signatures/static-credential.ts';
import type { Told } from '../../user.ts';
import { exactInstant, name, parseJson, parsePayload, tell } from '../payload.ts';
import { findKind, ignoredEvent, type Kinds, listKinds, type Provider, withUnread } from '../provider.ts';
import { supabaseMetadata, supabaseUser, toEmptiedTold, toTold } from './user.ts';

const settings = {
  SUPABASE_DB_SECRETS: secrets(
    'What follows "Bearer " in the Authorization header of your trigger: long and random; several, separated by spaces, while you replace one.',
  ),
};

const someRow = v.pipe(
  v.custom<Readonly<Record<string, unknown>>>(isObject),
  v.looseObject({ updated_at: v.nullish(exactInstant()), created_at: v.nullish(exactInstant()) }),
);

const envelope = v.object({
  type: name(),
  schema: name(),
  table: name(),
  time: v.nullish(exactInstant()),
  record: v.nullish(someRow),
  old_record: v.nullish(someRow),
});

type Envelope = v.InferOutput<typeof envelope>;

const row = v.object({ ...supabaseUser.entries, raw_user_meta_data: supabaseMetadata });

/** Only compared with the row: nothing of it must be there. */
const rowBefore = v.nullish(v.object({ ...row.entries, id: v.optional(v.unknown()) }));

type Change = {
  readonly row: v.InferOutput<typeof row>;
  readonly before: v.InferOutput<typeof rowBefore>;
  /** Whether all of the row before could be read. */
  readonly isWhole: boolean;
  readonly at: number;
};

const kinds: Kinds<Change> = {
  'auth.users.INSERT': { means: 'signed up', tells: toRowTold },
  'auth.users.UPDATE': {
    means: 'profile changed, e-mail address verified, banned, let back in, or deleted softly',
    tells: toRowTold,
  },
  'auth.users.DELETE': { means: 'deleted', tells: () => ({ deleted: true }) },
};

export const supabaseDb: Provider<typeof settings> = {
  name: 'supabase-db',
  title: 'Supabase, database webhooks',
  family: 'static credential',
  settings,
  mirrored: listKinds(kinds),
  ignored: ['any other table'],
  answers: 'plain',
  connect({ SUPABASE_DB_SECRETS }) {
    const credentials = SUPABASE_DB_SECRETS.map((secret) => `Bearer ${secret}`);
    const verify = verifyStaticCredential({ header: 'authorization', credentials });
    return async (request, nowMs) => {
      await verify(request);
      const unread = new Set<string>();
      const event = parsePayload(envelope, parseJson(request.body), unread);
      const name = `${event.schema}.${event.table}.${event.type}`;
      const at = event.time ?? findTime(event.record) ?? findTime(event.old_record);
      const kind = findKind(kinds, name);
      // A row of another table may have no time, and tells nothing.
      if (!kind) return [ignoredEvent({ id: null, kind: name, at: at ?? nowMs })];
      if (at === undefined) throw new RejectedError('payload_invalid', 'the row has no time');
      const change = { ...readRows(event, unread), at };
      return toParts(event, change, kind.tells(change)).map((part) =>
        withUnread({ id: null, kind: name, reference: change.row.id, ...part }, unread, event.record),
      );
    };
  },
};

function readRows({ type, record, old_record: old }: Envelope, unread: Set<string>): Omit<Change, 'at'> {
  const isDeletion = type === 'DELETE';
  const rows = parsePayload(
    v.object({ record: row, old_record: rowBefore }),
    isDeletion ? { record: old } : { record, old_record: old },
    unread,
  );
  const isWhole = ![...unread].some((name) => name.startsWith('old_record'));
  return { row: rows.record, before: rows.old_record, isWhole };
}

function toRowTold({ row, before, at }: Change): Told {
  const now = toTold(row, row.raw_user_meta_data, at);
  if (!before || now.deleted) return now;
  return { ...toEmptiedTold(before.raw_user_meta_data, row.raw_user_meta_data), ...now };
}

type Part = Pick<UserEvent, 'at' | 'told' | 'isPartial'>;

const halfMicrosecond = 0.0005;

/** What a row tells; and once more, later, what differs from a row before that is not older by its time. */
function toParts(
  { time, old_record: old }: Envelope,
  { before, isWhole, at }: Change,
  told: Told,
): readonly Part[] {
  const beforeAt = findTime(old);
  if (typeof time === 'number' || !before || beforeAt === undefined || at > beforeAt) return [{ at, told }];
  const was = toTold(before, before.raw_user_meta_data, at);
  const names = Object.keys(told) as (keyof Told)[];
  const changed = names.filter((name) => told[name] !== was[name] && (isWhole || name in was));
  // A verification goes with its address.
  if (changed.includes('email') && told.emailVerified !== undefined) changed.push('emailVerified');
  if (changed.length === 0 && isWhole) return [{ at, told }];
  return [
    { at, told },
    { at: beforeAt + halfMicrosecond, told: pick(told, changed), isPartial: true },
  ];
}

function pick(told: Told, names: readonly (keyof Told)[]): Told {
  const picked = Object.fromEntries(names.map((name) => [name, told[name]]));
  const isOfEmail = 'emailVerified' in picked && !('email' in picked);
  return tell({ ...picked, emailVerifiedOf: isOfEmail ? (told.email ?? undefined) : undefined });
}

function findTime(row: Envelope['record']): number | undefined {
  return row?.updated_at ?? row?.created_at ?? undefined;
}
