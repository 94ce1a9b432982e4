// Supabase's database webhooks on auth.users. Not signed; a header holds a static credential.
// https://supabase.com/docs/guides/database/webhooks
//
// An event's time is the row's updated_at, which the auth server sets with every change. SQL that writes to the table must
// set it too, and a deleted row has only that of its last change. A trigger function of your own can send the real time,
// and can keep password hashes and one-time codes in the database:
//
//   perform net.http_post(
//     url := 'https://…/webhooks/supabase-db', timeout_milliseconds := 5000,
//     headers := jsonb_build_object('Content-Type', 'application/json', 'Authorization', 'Bearer …'),
//     body := jsonb_build_object('type', tg_op, 'schema', tg_table_schema, 'table', tg_table_name,
//       'time', clock_timestamp(), 'record', to_jsonb(new) - secret_columns, 'old_record', to_jsonb(old) - secret_columns));

import * as v from 'valibot';
import { secrets } from '../../config/settings.ts';
import { RejectedError } from '../../errors.ts';
import { verifyStaticCredential } from '../../signatures/static-credential.ts';
import type { Told } from '../../user.ts';
import { name, parseJson, parsePayload, toInstant } from '../payload.ts';
import { findKind, ignoredEvent, type Kinds, listKinds, type Provider } from '../provider.ts';
import { supabaseMetadata, supabaseUser, toMetadataTold, toTold } from './user.ts';

const settings = {
  SUPABASE_DB_SECRETS: secrets(
    'What follows "Bearer " in the Authorization header of your trigger: long and random; several, separated by spaces, while you replace one.',
  ),
};

const times = { updated_at: v.optional(v.unknown()), created_at: v.optional(v.unknown()) };

const envelope = v.object({
  type: name(),
  schema: name(),
  table: name(),
  time: v.optional(v.unknown()),
  record: v.nullish(v.looseObject(times)),
  old_record: v.nullish(v.looseObject(times)),
});

const row = v.object({ ...supabaseUser.entries, raw_user_meta_data: supabaseMetadata });

type Row = v.InferOutput<typeof row>;
type Change = { readonly row: Row; readonly before: Row | null; readonly at: number };

const kinds: Kinds<Change> = {
  'auth.users.INSERT': { means: 'signed up', tells: toChangeTold },
  'auth.users.UPDATE': {
    means: 'profile changed, e-mail address verified, banned, let back in, or deleted softly',
    tells: toChangeTold,
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
      const { type, schema, table, ...event } = parsePayload(envelope, parseJson(request.body));
      const { record, old_record: old } = event;
      const name = `${schema}.${table}.${type}`;
      const at = [event.time, record?.updated_at, old?.updated_at, record?.created_at, old?.created_at]
        .map(toInstant)
        .find((time) => time !== undefined);
      const kind = findKind(kinds, name);
      // A row of another table may have no time, and tells nothing.
      if (!kind) return [ignoredEvent({ id: null, kind: name, at: at ?? nowMs })];
      if (at === undefined) throw new RejectedError('payload_invalid', 'the row has no time');
      const rows = { row: record ?? old, before: record && old ? old : null };
      const change = parsePayload(v.object({ row, before: v.nullable(row) }), rows);
      return [{ id: null, kind: name, reference: change.row.id, at, told: kind.tells({ ...change, at }) }];
    };
  },
};

function toChangeTold({ row, before, at }: Change): Told {
  const now = toTold(row, row.raw_user_meta_data, at);
  if (!before || now.deleted) return now;
  // An emptied member of the metadata is missing, and shows only in the row as it was before.
  const emptied = Object.keys(toMetadataTold(before.raw_user_meta_data)).filter((name) => !(name in now));
  return { ...now, ...Object.fromEntries(emptied.map((name) => [name, null])) };
}
