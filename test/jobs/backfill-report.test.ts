import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type BackfillAnswer, createHandler } from '../../lib/handlers/backfill.ts';
import { newBackfill } from '../../lib/jobs/backfill-job.ts';
import { type BackfillReport, emptyReport } from '../../lib/jobs/backfill-report.ts';
import { startJob } from '../../lib/jobs/jobs.ts';
import { startWorld, type World } from '../support/world.ts';

const day = '2026-01-01T00:00:00.000Z';

let world: World;

beforeAll(async () => {
  world = await startWorld({ timeoutMs: 5_000 });
});
afterAll(() => world.close());
afterEach(() => {
  world.limits.count = 1_000_000;
});

describe('whom a file shuts out', () => {
  const gone = { email: 'x', deleted_at: '2026-01-02T00:00:00Z', updated_at: '2026-01-02T00:00:00Z' };
  const banned = { banned_until: '2126-01-01T00:00:00Z', updated_at: '2026-01-02T00:00:00Z' };

  test('is counted by the plan as by the run, whether or not ROQ has the user, and once', async () => {
    await world.deliver('gone-known', { email: 'gone-known@x.example' }, at(0));
    await world.deliver('ban-known', { email: 'ban-known@x.example' }, at(0));
    const users = [
      { id: 'gone-known', ...gone },
      { id: 'gone-unknown', ...gone },
      { id: 'ban-known', ...banned },
      { id: 'ban-unknown', email: 'ban-unknown@x.example', ...banned },
    ];
    const input = { users, provider: 'supabase' };
    const plan = await backfill(input);
    expect(plan).toMatchObject({
      tombstones: 2,
      disabled: 2,
      deactivated: 2,
      created: 1,
      unchanged: 0,
      waiting: 0,
    });
    expect(await backfill({ ...input, apply: true })).toEqual(plan);
    expect(world.usersOf('gone-unknown')).toEqual([]);
    expect(world.usersOf('ban-unknown')).toMatchObject([{ active: false }]);
    const again = { tombstones: 0, disabled: 0, deactivated: 0, unchanged: 4 };
    expect(await backfill(input)).toMatchObject(again);
    const later = { ...input, exportedAt: '2026-02-01T00:00:00Z' };
    expect(await backfill(later)).toMatchObject(again);
    expect(await backfill({ ...later, apply: true })).toMatchObject(again);
  });

  test('is set against what the ceiling has room for when the job begins', async () => {
    world.limits.count = 3;
    world.pass(2 * 3_600_000);
    expect((await backfill({ users: [user('room')] })).ceiling).toEqual({ room: 3 });
    await world.deliver('room-2', { email: 'room-2@x.example' }, at(0));
    await world.deliver('room-2', { disabled: true }, at(1));
    expect((await backfill({ users: [user('room')] })).ceiling).toEqual({ room: 2 });
  });
});

describe('a line', () => {
  test('whose time does not move is shown as older than what is known, and told by the time of its export', async () => {
    await world.deliver('still', { email: 'still@x.example', disabled: false }, at(10));
    const users = [{ ...user('still'), disabled: true, updated_at: at(10) - 1 }];
    const plan = await backfill({ users });
    expect(plan).toMatchObject({ older: 1, unchanged: 1, disabled: 0 });
    expect(await backfill({ users, apply: true })).toEqual(plan);
    expect(world.usersOf('still')).toMatchObject([{ active: true }]);
    const dated = { users, exportedAt: new Date(at(20)).toISOString() };
    expect(await backfill(dated)).toMatchObject({ older: 0, disabled: 1 });
    await backfill({ ...dated, apply: true });
    expect(world.usersOf('still')).toMatchObject([{ active: false }]);
  });

  test('that says what is known, or less, is not older', async () => {
    await world.deliver('same', { email: 'same@x.example', firstName: 'A' }, at(10));
    expect(await backfill({ users: [user('same')] })).toMatchObject({ older: 0, unchanged: 1 });
  });

  test('of which a member can’t be read is told without it, and that is counted by name', async () => {
    const users = [
      { ...user('odd-1'), first_name: ['A'], email_verified: 'perhaps' },
      { ...user('odd-2'), first_name: 5 },
      { ...user('odd-3'), disabled: 'perhaps' },
    ];
    const plan = await backfill({ users });
    expect(plan).toMatchObject({
      created: 2,
      invalid: 1,
      untold: { first_name: 2, email_verified: 1 },
      examples: [{ line: 3, reason: 'shape', where: 'disabled' }],
    });
    expect(await backfill({ users, apply: true })).toEqual(plan);
  });

  test('without a time is one example for all of them', async () => {
    const users = Array.from({ length: 30 }, (_, i) => ({ id: `timeless-${i}` }));
    expect(await backfill({ users })).toMatchObject({
      invalid: 30,
      examples: [{ line: 1, reason: 'no_time' }],
    });
  });
});

describe('a line that was read already', () => {
  const good = {
    is: 'user',
    line: 2,
    reference: 'sent-good',
    at: at(0),
    told: { email: 'sent-good@x.example' },
  };

  test.each([
    ['custom data that is no JSON', 'customData', { told: { customData: 'not json' } }],
    ['custom data that is no object', 'customData', { told: { customData: '"text"' } }],
    ['custom data over 48 KB', 'customData', { told: { customData: `{"a":"${'x'.repeat(48 * 1024)}"}` } }],
    [
      'custom data over 64 levels',
      'customData',
      { told: { customData: `${'{"a":'.repeat(65)}1${'}'.repeat(65)}` } },
    ],
    ['custom data over 100,000 levels', 'customData', { told: { customData: '['.repeat(100_000) } }],
    ['a flag that is none', 'disabled', { told: { disabled: 'perhaps' } }],
    ['a deletion that is none', 'deleted', { told: { deleted: false } }],
    ['a time in seconds', 'at', { at: 1_767_225_600 }],
    ['no time', 'at', { at: null }],
    ['a reference that is none', 'reference', { reference: 7 }],
    ['an empty reference', 'reference', { reference: '' }],
    ['half a character for a reference', 'reference', { reference: '\ud800' }],
    ['a word for NULL as its reference', 'reference', { reference: 'NULL' }],
  ])('is checked like any file’s, and costs nobody else anything: %s', async (_what, where, over) => {
    const bad = { is: 'user', line: 1, reference: 'sent-bad', at: at(0), told: {}, ...over };
    const report = toReport(await invoke({ lines: [bad, good], isLast: true }));
    const reason = where === 'reference' ? 'no_reference' : 'shape';
    expect(report).toMatchObject({
      lines: 2,
      invalid: 1,
      created: 1,
      examples: [{ line: 1, reason, where }],
    });
  });

  test('is told without a value that is none, and in the one form that custom data have', async () => {
    const told = {
      email: 'sent-odd@x.example',
      firstName: 7,
      phone: '\\N',
      customData: '{"b":1,"a":2}',
      locale: '',
    };
    const line = { is: 'user', line: 1, reference: 'sent-odd', at: at(0), told, untold: ['picture'] };
    const report = toReport(await invoke({ lines: [line], isLast: true, apply: true }));
    expect(report).toMatchObject({ created: 1, untold: { picture: 1, firstName: 1, phone: 1 } });
    expect((await world.record('sent-odd'))?.facts).toEqual({
      email: { value: 'sent-odd@x.example', at: at(0) },
      customData: { value: '{"a":2,"b":1}', at: at(0) },
      locale: { value: null, at: at(0) },
    });
  });
});

test('a job that an older version stored goes on, and is shown with the figures of this one', async () => {
  const { tombstones, disabled, older, untold, ceiling, ...report } = emptyReport;
  const stored = {
    ...newBackfill(false, { from: 'sender' }, null),
    line: 1,
    report: { ...report, lines: 1 },
  };
  await startJob(world.ports, 'old', stored as ReturnType<typeof newBackfill>);
  const figures = { tombstones: 0, older: 0, untold: {} };
  expect(await invoke({ job: 'old' })).toMatchObject({ report: { lines: 1, disabled: 0, ...figures } });
  const told = { email: 'old@x.example', disabled: true, firstName: 7 };
  const line = { is: 'user', line: 2, reference: 'old', at: at(0), told };
  const next = await invoke({ job: 'old', lines: [line], isLast: true });
  expect(next).toMatchObject({
    report: { lines: 2, created: 1, ...figures, disabled: 1, untold: { firstName: 1 } },
  });
});

function user(id: string) {
  return { id, email: `${id}@x.example`, updated_at: day };
}

function at(minutes: number): number {
  return Date.parse(day) + minutes * 60_000;
}

function invoke(input: unknown): Promise<BackfillAnswer> {
  return createHandler(world.ports)(input, { getRemainingTimeInMillis: () => 60_000 });
}

async function backfill(input: {
  users: readonly object[];
  provider?: string;
  exportedAt?: string;
  apply?: boolean;
}): Promise<BackfillReport> {
  return toReport(await invoke({ provider: 'generic', ...input }));
}

function toReport(answer: BackfillAnswer): BackfillReport {
  if ('error' in answer) throw new Error(answer.error.message);
  if (answer.is !== 'backfill') throw new Error('that is an audit');
  return answer.report;
}
