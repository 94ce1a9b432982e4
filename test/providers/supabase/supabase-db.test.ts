import { expect, test } from 'vitest';
import { supabaseDb } from '../../../lib/providers/supabase/supabase-db.ts';
import { connect } from '../reader.ts';

const nowMs = Date.parse('2026-05-04T12:00:00Z');
const read = connect(supabaseDb, { SUPABASE_DB_SECRETS: 'next current' });

function send(columns: object, event: object = {}, authorization = 'Bearer current') {
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
  'current',
  'bearer current',
  'Bearer retired',
  'Basic Y3VycmVudA==',
  'Bearer current,Bearer next',
])('the header %j is refused', async (authorization) => {
  await expect(send({}, {}, authorization)).rejects.toMatchObject({
    code: expect.stringMatching(/^(credential_mismatch|header_duplicated)$/),
  });
});
