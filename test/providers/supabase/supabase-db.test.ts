import { expect, test } from 'vitest';
import { supabaseDb } from '../../../lib/providers/supabase/supabase-db.ts';
import type { Told } from '../../../lib/user.ts';
import { connect } from '../reader.ts';

const nowMs = Date.parse('2026-05-04T12:00:00Z');
const current = 'current-secret-of-the-trigger';
const read = connect(supabaseDb, {
  SUPABASE_DB_SECRETS: 'next-secret-of-the-trigger current-secret-of-the-trigger',
});

function send(columns: object, event: object = {}, authorization = `Bearer ${current}`) {
  const record = {
    id: 'user-1',
    email: 'ada@example.com',
    updated_at: '2026-05-04T11:59:59+00:00',
    ...columns,
  };
  const body = Buffer.from(
    JSON.stringify({ type: 'UPDATE', schema: 'auth', table: 'users', record, ...event }),
  );
  return read({ headers: { Authorization: authorization }, body }, nowMs);
}

test.each([
  ['20000-01-01T00:00:00+00:00', true],
  [null, false],
  ['2026-05-04T11:59:58.999999+00:00', false],
  ['2026-05-04T11:59:59+00:00', false],
  ['2026-05-04T11:59:59.001+00:00', true],
  ['2126-04-10T12:00:00+00:00', true],
  ['infinity', true],
  ['-infinity', false],
])('a ban until %j, by the time of the row, is disabled %j', async (banned_until, disabled) => {
  expect(await send({ banned_until })).toMatchObject([{ at: nowMs - 1_000, told: { disabled } }]);
});

test.each([
  ['of the trigger, where it tells one', { time: '2026-05-04T13:00:00.5+01:30' }, nowMs - 1_799_500],
  ['of the row', {}, nowMs - 1_000],
])('the time is that %s', async (_which, event, at) => {
  expect(await send({}, event)).toMatchObject([{ at }]);
});

test('a row that SQL wrote without a time of change has that of its creation, and must have one', async () => {
  const created_at = '2026-05-04T10:00:00+00:00';
  expect(await send({ updated_at: null, created_at })).toMatchObject([{ at: nowMs - 7_200_000 }]);
  await expect(send({ updated_at: null })).rejects.toMatchObject({ code: 'payload_invalid' });
});

test.each([
  current,
  `bearer ${current}`,
  'Bearer retired',
  `Basic ${Buffer.from(current).toString('base64')}`,
  `Bearer ${current},Bearer next-secret-of-the-trigger`,
])('the header %j is refused', async (authorization) => {
  await expect(send({}, {}, authorization)).rejects.toMatchObject({
    code: expect.stringMatching(/^(credential_mismatch|header_duplicated)$/),
  });
});

const tied = { updated_at: '2026-05-04T11:59:59.123456+00:00', email_confirmed_at: null, banned_until: null };
const tiedAt = nowMs - 877 + 0.456;
const change = (now: object, before: object = {}, event: object = {}) =>
  send({ ...tied, ...now }, { old_record: { ...tied, email: 'ada@example.com', ...before }, ...event });
const rest = { email: 'ada@example.com', emailVerified: false, disabled: false };

test.each<[string, object, object, object]>([
  ['a ban', { banned_until: 'infinity' }, {}, { disabled: true }],
  [
    'a verification, with the address that it is of',
    { email_confirmed_at: '2026-05-04T11:00:00+00:00' },
    {},
    { emailVerified: true, emailVerifiedOf: 'ada@example.com' },
  ],
  [
    'an address, with its verification',
    {},
    { email: 'old@example.com' },
    { email: 'ada@example.com', emailVerified: false },
  ],
  [
    'a name that was taken out of the metadata',
    { raw_user_meta_data: {} },
    { raw_user_meta_data: { first_name: 'Ada' } },
    { firstName: null },
  ],
  ['what can be compared', { banned_until: 'infinity' }, { email: 7 }, { disabled: true }],
])(
  'what SQL changes without a time is newer than the row before: %s',
  async (_what, now, before, changed) => {
    const events = await change(now, before);
    const whole = { ...rest, ...changed };
    expect(events).toMatchObject([{ at: tiedAt }, { at: tiedAt + 0.0005, isPartial: true }]);
    expect(events.map(({ told }) => told)).toEqual([omitOf(whole), changed]);
  },
);

function omitOf({ emailVerifiedOf: _of, ...told }: Told): Told {
  return told;
}

test.each([
  ['of the same time, of which nothing that is mirrored differs', {}, { last_sign_in_at: null }],
  [
    'that is older by a microsecond',
    { banned_until: 'infinity' },
    { updated_at: '2026-05-04T11:59:59.123455+00:00' },
  ],
  ['without a time', { banned_until: 'infinity' }, { updated_at: null }],
])('a row whose row before is one %s is told as one', async (_which, now, before) => {
  expect(await change(now, before)).toMatchObject([{ at: tiedAt }]);
});

test('a row that is older by its time than the row before is newer all the same', async () => {
  const events = await change({ banned_until: 'infinity' }, { updated_at: '2026-05-04T11:59:59.2+00:00' });
  expect(events).toMatchObject([{ at: tiedAt }, { at: nowMs - 800 + 0.0005, told: { disabled: true } }]);
});

test('what the trigger tells the time of needs no other, whatever the clock of the auth server says', async () => {
  const time = '2026-05-04T11:59:59.1+00:00';
  const events = await change({ banned_until: 'infinity' }, {}, { time });
  expect(events).toMatchObject([{ at: nowMs - 900, told: { ...rest, disabled: true } }]);
});

const had = { raw_user_meta_data: { avatar_url: 'https://img.example/a.png' } };

test.each<[string, object, object, string[]]>([
  ['a ban that is no time', { banned_until: 'null' }, {}, ['banned_until']],
  ['a verification that is a number', { email_confirmed_at: 7 }, {}, ['email_confirmed_at']],
  ['a phone number that is a number', { phone: 7 }, {}, ['phone']],
  ['metadata that are text', { raw_user_meta_data: 'hush' }, {}, ['raw_user_meta_data']],
  [
    'a picture that is a script',
    { raw_user_meta_data: { avatar_url: 'javascript:alert(1)', locale: 'de' } },
    { locale: 'de' },
    ['raw_user_meta_data.avatar_url'],
  ],
  ['columns that are left out', {}, {}, []],
  ['metadata without a member that was there', { raw_user_meta_data: {} }, { avatarUrl: null }, []],
  ['no metadata any more', { raw_user_meta_data: null }, { avatarUrl: null }, []],
])('tells the rest of a row with %s', async (_what, columns, told, unread) => {
  const [event] = await send(columns, { old_record: had });
  expect(event?.told).toEqual({ email: 'ada@example.com', ...told });
  expect(event?.unread ?? []).toEqual(unread.map((name) => `record.${name}`));
});

test('a deletion is one though its time can not be read', async () => {
  expect(await send({ deleted_at: 7 })).toMatchObject([
    { told: { deleted: true }, unread: ['record.deleted_at'] },
  ]);
});

test.each([
  ['hush', null],
  [{ id: 7 }, null],
  [7, { id: 'user-1' }],
])('an update of which the row is %j is refused, whatever the row before was', async (record, old_record) => {
  await expect(send({}, { record, old_record, time: nowMs })).rejects.toMatchObject({
    code: 'payload_invalid',
  });
});
