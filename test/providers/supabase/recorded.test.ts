// What Supabase Auth 2.196 and Postgres' triggers sent, and what is right for each.

import { describe, expect, test } from 'vitest';
import type { UserEvent } from '../../../lib/event.ts';
import { supabase } from '../../../lib/providers/supabase/supabase.ts';
import { supabaseDb } from '../../../lib/providers/supabase/supabase-db.ts';
import { desired, type Facts, fold, type Told, toFacts } from '../../../lib/user.ts';
import { newWebhookSecret, signWebhook } from '../../../local/providers/signing.ts';
import { listRecorded, readRecorded } from '../../support/recorded.ts';
import { startWorld } from '../../support/world.ts';
import { connect } from '../reader.ts';

type Row = Readonly<Record<string, unknown>>;
type Change = { readonly type: string; readonly record: Row | null; readonly old_record: Row | null };
type Sent<Body> = { readonly body: Body };
type Hook = { readonly metadata: { readonly uuid: string }; readonly user: { readonly id: string } };

const secret = 'the-secret-of-the-trigger';
const zoe = {
  email: 'zoe.test+1@example.com',
  emailVerified: false,
  phone: null,
  disabled: false,
  firstName: 'Zoë',
  lastName: 'Łukasiewicz-山田',
};

const cases: readonly (readonly [file: string, why: string, at: number, told: Told])[] = [
  ['supabase-db-INSERT.json', 'a sign-up', Date.parse('2026-11-25T22:49:43.704Z') + 0.168, zoe],
  ['supabase-db-UPDATE.json', 'it gets its role', Date.parse('2026-11-25T22:49:43.724Z') + 0.6, zoe],
  [
    'supabase-db-UPDATE-ban.json',
    'a ban that has not ended; a last name that was taken out before is not told again',
    Date.parse('2026-11-25T22:50:17.435Z') + 0.653,
    {
      email: 'abe.new@example.com',
      emailVerified: true,
      phone: null,
      disabled: true,
      firstName: 'Zoe',
      avatarUrl: 'https://example.com/a.png',
      locale: 'de-CH',
      timezone: 'Europe/Zurich',
    },
  ],
  [
    'supabase-db-UPDATE-soft-delete.json',
    'the rest of the user is unrecognizable',
    Date.parse('2026-11-25T22:50:42.420Z') + 0.218,
    { deleted: true },
  ],
  [
    'supabase-db-DELETE.json',
    'the row that is gone has the time of its last change',
    Date.parse('2026-11-25T22:50:42.422Z') + 0.055,
    { deleted: true },
  ],
  [
    'supabase-db-own-function.json',
    'the time is that of the trigger',
    Date.parse('2026-11-25T23:17:12.397Z') + 0.804,
    {
      email: 'own.1795648632@example.com',
      emailVerified: true,
      phone: null,
      disabled: false,
      firstName: 'Own',
      lastName: 'Fn',
    },
  ],
];

async function read(change: Change) {
  const headers = { Authorization: `Bearer ${secret}` };
  const readOne = connect(supabaseDb, { SUPABASE_DB_SECRETS: secret });
  return readOne({ headers, body: Buffer.from(JSON.stringify(change)) }, Date.parse('2026-11-26T00:00:00Z'));
}

async function readAll(file: string) {
  return (await Promise.all(readRecorded<Change[]>('supabase', file).map(read))).flat();
}

const foldAll = (events: readonly UserEvent[], known: Facts = {}) =>
  events.reduce((facts, { told, at }) => fold(facts, toFacts(told ?? {}, at)), known);

describe('Supabase, as recorded', () => {
  test('supabase-after-user-created.json: the user as the row is, at its time; their address is not verified', async () => {
    const { body } = readRecorded<Sent<Hook>>('supabase', 'supabase-after-user-created.json');
    const hookSecret = newWebhookSecret();
    const nowMs = Date.parse('2026-11-25T22:49:44Z');
    const request = signWebhook(body, hookSecret, nowMs, 'webhook');
    expect(await connect(supabase, { SUPABASE_SECRETS: `v1,${hookSecret}` })(request, nowMs)).toEqual([
      {
        id: body.metadata.uuid,
        kind: 'after-user-created',
        reference: body.user.id,
        at: Date.parse('2026-11-25T22:49:43.746Z'),
        told: zoe,
      },
    ]);
  });

  test.each(cases)('%s: %s', async (file, _why, at, told) => {
    const content = readRecorded<Sent<Change> | Change>('supabase', file);
    const change = 'body' in content ? content.body : content;
    const reference = (change.record ?? change.old_record)?.id;
    const kind = `auth.users.${change.type}`;
    expect(await read(change)).toEqual([{ id: null, kind, reference, at, told }]);
  });

  test('supabase-db-unban-same-ms.json: a ban that ends within the millisecond of another change has ended', async () => {
    const events = await readAll('supabase-db-unban-same-ms.json');
    for (const order of [events, events.toReversed(), [...events, ...events]]) {
      expect(desired(foldAll(order))).toMatchObject({
        email: 'aa-t3-9-1795647405@example.com',
        isOptedIn: true,
        active: true,
        firstName: 'Ann',
        lastName: 'Abe',
      });
    }
  });

  test('supabase-db-unban-same-ms.json: microseconds are kept apart in the table, and ROQ has who was let back in', async () => {
    const world = await startWorld();
    for (const { reference, told, at } of (await readAll('supabase-db-unban-same-ms.json')).toReversed())
      await world.deliver(reference ?? '', told ?? {}, at);
    const [user, ...others] = world.usersOf('4bb63263-2f10-427e-894e-31d68224943b');
    expect(user).toMatchObject({ email: 'aa-t3-9-1795647405@example.com', isOptedIn: true, active: true });
    expect(others).toEqual([]);
    await world.close();
  });

  test.each([
    ['supabase-db-sql-without-updated_at.json', { firstName: 'Zoe' }, { firstName: 'Ann' }],
    ['supabase-db-sql-unban.json', { active: false }, { active: true }],
  ])(
    '%s: the row is newer than the one before it, though their times are the same',
    async (file, was, is) => {
      const [change] = readRecorded<Change[]>('supabase', file);
      const earlier = { ...change?.old_record, updated_at: '2026-11-25T23:09:53.800183+00:00' };
      // What made the row as it was before, which had a time of its own.
      const events = await read({
        type: 'UPDATE',
        schema: 'auth',
        table: 'users',
        record: change?.old_record ?? null,
        old_record: earlier,
      } as Change);
      const known = foldAll(events);
      expect(desired(known)).toMatchObject(was);
      const fresh = await readAll(file);
      expect(desired(foldAll(fresh, known))).toMatchObject(is);
      expect(foldAll(events, foldAll(fresh))).toEqual(foldAll(fresh, known));
      expect(fresh.map(({ isPartial }) => isPartial)).toEqual([undefined, true]);
    },
  );

  test('every file has its case', () => {
    const others = [
      'supabase-after-user-created.json',
      'supabase-db-unban-same-ms.json',
      'supabase-db-sql-without-updated_at.json',
      'supabase-db-sql-unban.json',
    ];
    expect([...cases.map(([file]) => file), ...others].sort()).toEqual([...listRecorded('supabase')].sort());
  });
});
