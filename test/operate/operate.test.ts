import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createHandler, type OperateAnswer } from '../../lib/handlers/operate.ts';
import { createHandler as createReconcile } from '../../lib/handlers/reconcile.ts';
import { newBackfill } from '../../lib/jobs/backfill-job.ts';
import type { JobView } from '../../lib/jobs/job-view.ts';
import { type StoredJob, startJob } from '../../lib/jobs/jobs.ts';
import type { CommandInput } from '../../lib/operate/command.ts';
import type { Diagnosis } from '../../lib/operate/doctor.ts';
import type { Receipt } from '../../lib/operate/erase.ts';
import type { Found } from '../../lib/operate/find.ts';
import type { Listing } from '../../lib/operate/listing.ts';
import type { Overview, UserStatus } from '../../lib/operate/status.ts';
import type { QueueResult } from '../../lib/operate/user-command.ts';
import { converge } from '../../lib/sync/converge.ts';
import { noteRan } from '../../lib/sync/drain.ts';
import { type Told, toFacts } from '../../lib/user.ts';
import { startWorld, type World } from '../support/world.ts';

const context = { getRemainingTimeInMillis: () => 60_000 };
const at = Date.parse('2026-02-01T00:00:00Z');
const down = { how: 'drop' } as const;
const off = { disabled: true } as const;

let world: World;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());
afterEach(() => {
  world.roqServer.fail.clear();
  world.limits.count = 1_000_000;
});

describe('a command', () => {
  test.each([
    [/command must be one of status, find, list, /, undefined],
    [/command must be one of/, []],
    [/command must be one of/, { command: 'constructor' }],
    [/reference: must be a reference/, { command: 'status', reference: 7 }],
    [/2048 bytes/, { command: 'status', reference: 'x'.repeat(2049) }],
    [/either reference or all/, { command: 'resync' }],
    [/of: must be one of pending, /, { command: 'list', of: 'users' }],
    [/limit: must be 1 or more/, { command: 'list', of: 'held', limit: 0 }],
    [/either reference or all/, { command: 'release' }],
    [/either reference or all/, { command: 'drop', reference: 'x', all: true }],
    [/roqId: must not be empty/, { command: 'relink', reference: 'x', roqId: '' }],
    [/roqId/, { command: 'relink', reference: 'x' }],
    [/reference: must not be empty/, { command: 'erase', reference: '' }],
    [/force/, { command: 'erase', reference: 'x', force: true }],
    [/job: must begin with "audit-"/, { command: 'audit', job: 'backfill-1' }],
  ])('that is wrong is refused with %s', async (message, input) => {
    const answer = await createHandler(world.ports)(input, context);
    expect(answer).toEqual({ error: { code: 'command_invalid', message: expect.stringMatching(message) } });
  });

  test('is answered by a code when DynamoDB is out of reach', async () => {
    const { UnavailableError } = await import('../../lib/errors.ts');
    const get = () => Promise.reject(new UnavailableError('store_unavailable', 'secret detail'));
    const broken = { ...world.ports, store: { ...world.store, get } };
    const answer = await createHandler(broken)({ command: 'status', reference: 'x' }, context);
    expect(answer).toMatchObject({ error: { code: 'store_unavailable' } });
    expect(JSON.stringify(answer)).not.toContain('secret');
  });

  test('that changes something is logged, one that reads is not', async () => {
    world.lines.length = 0;
    await ask({ command: 'status', reference: 'logged' });
    await ask({ command: 'resync', reference: 'logged' });
    expect(world.lines).toEqual([{ message: 'operate', command: 'resync', reference: 'logged' }]);
  });
});

describe('find', () => {
  const found = (text: string) => ask<Found>({ command: 'find', text });

  test('finds a user by reference, by ROQ id and by address in any case, deactivated ones too', async () => {
    await world.deliver('found', { email: 'Fo_und@x.example' }, at);
    await world.deliver('found', off, at + 1);
    await world.deliver('other', { email: 'foxund@x.example' }, at);
    const id = roqId('found');
    expect(await found('found')).toEqual({
      text: 'found',
      users: [{ reference: 'found', by: 'reference', roqId: id }],
      code: null,
    });
    expect(await found(id)).toMatchObject({ users: [{ reference: 'found', by: 'ROQ id' }] });
    expect(await found(' fO_UND@x.example ')).toMatchObject({
      users: [{ reference: 'found', by: 'e-mail address' }],
    });
    expect(await found('%@x.example')).toMatchObject({ users: [] });
  });

  test('finds by reference while ROQ is down, and says that it did not look there', async () => {
    await world.deliver('down@x.example', { email: 'd@x.example' }, at);
    world.roqServer.fail.always(down);
    expect(await found('down@x.example')).toMatchObject({
      users: [{ reference: 'down@x.example', by: 'reference' }],
      code: 'roq_unavailable',
    });
  });
});

describe('cancel', () => {
  test('ends a job where it is, for good; what is over stays as it is', async () => {
    const job = newBackfill(
      true,
      { from: 'url', url: 'https://x.example/secret', version: null, shape: 'generic', exportedAtMs: null },
      null,
    );
    await startJob(world.ports, 'backfill-wrong', job);
    const cancelled = await ask<JobView>({ command: 'cancel', id: 'backfill-wrong' });
    expect(cancelled).toMatchObject({ state: 'cancelled', line: 0 });
    await createReconcile(world.ports)({}, context);
    expect(await ask({ command: 'job', id: 'backfill-wrong' })).toEqual(cancelled);
    const kept = await world.ports.documents.get<StoredJob>('job', 'backfill-wrong');
    expect(JSON.stringify(kept)).not.toContain('secret');
    expect(await ask({ command: 'cancel', id: 'backfill-wrong' })).toEqual(cancelled);
    expect(await ask({ command: 'cancel', id: 'none' })).toMatchObject({ error: { code: 'job_unknown' } });
  });
});

test('a user whom ROQ refuses is listed with the field that it named', async () => {
  await world.deliver('refused', { email: 'no address' }, at);
  const { entries } = await ask<Listing>({ command: 'list', of: 'parked' });
  expect(entries).toContainEqual(expect.objectContaining({ reference: 'refused', refused: ['email'] }));
  const { record } = await status('refused');
  expect(record?.history.at(-1)).toMatchObject({ what: 'parked', fields: ['email'], code: 'roq_refused' });
  await touch({ command: 'erase', reference: 'refused' });
});

describe('status of a user', () => {
  test('says that ROQ and the record are in step, with the facts and their times', async () => {
    await world.deliver('calm', { email: 'calm@x.example', firstName: 'Calm' }, at);
    expect(await status('calm')).toMatchObject({
      found: true,
      inStep: true,
      todo: 'nothing',
      differs: [],
      duplicates: [],
      record: { queue: null, facts: { firstName: { value: 'Calm', at } } },
      roq: { answered: true, users: [{ isKept: true, state: { email: 'calm@x.example', active: true } }] },
    });
  });

  test('names the fields that differ from what ROQ holds right now', async () => {
    await world.deliver('drift', { email: 'drift@x.example', firstName: 'Right' }, at);
    await world.roq.updateUser(roqId('drift'), { firstName: 'Wrong', lastName: 'Nobody told us' });
    expect(await status('drift')).toMatchObject({ inStep: false, todo: 'update', differs: ['firstName'] });
  });

  test('says why it is out of step, and when it is tried again', async () => {
    world.roqServer.fail.always(down);
    await world.deliver('late', { email: 'late@x.example' }, at);
    const { record, roq, inStep } = await status('late');
    expect(record).toMatchObject({ queue: 'pending', attempts: 1, lastError: 'roq_unavailable' });
    expect(record?.dueAt).toBeGreaterThan(world.now());
    expect(roq).toEqual({ answered: false, code: 'roq_unavailable' });
    expect(inStep).toBeNull();
  });

  test('says that ROQ has lost the user', async () => {
    await world.deliver('gone', { email: 'gone@x.example' }, at);
    deleteAtRoq('gone');
    expect(await status('gone')).toMatchObject({ inStep: false, todo: 'ask', roq: { users: [] } });
  });

  test('says that ROQ has another user of the reference, which resync then links', async () => {
    await lose('swapped');
    const { id } = await world.roq.createUser({ reference: 'swapped', email: 'swapped@x.example' });
    expect(await status('swapped')).toMatchObject({
      inStep: false,
      todo: 'adopt',
      duplicates: [],
      roq: { users: [{ id, isKept: true }] },
    });
    await touch({ command: 'resync', reference: 'swapped' });
    expect(await world.record('swapped')).toMatchObject({ roqId: id, queue: null, lastError: null });
    expect(await status('swapped')).toMatchObject({ inStep: true, todo: 'nothing' });
  });

  test('shows every ROQ user of the reference, deactivated ones too, and which one is kept', async () => {
    await world.deliver('twice', { email: 'twice@x.example' }, at);
    const { id } = await world.roq.createUser({ reference: 'twice', email: 'other@x.example' });
    await world.roq.deactivateUser(id);
    const { roq, duplicates } = await status('twice');
    expect(duplicates).toEqual([id]);
    expect(roq).toMatchObject({ users: [{ isKept: true }, { id, isKept: false, state: { active: false } }] });
  });

  test('of an unknown reference says what ROQ has of it', async () => {
    await world.roq.createUser({ reference: 'stranger', email: 'stranger@x.example' });
    expect(await status('stranger')).toMatchObject({
      found: false,
      record: null,
      inStep: null,
      roq: { users: [{ isKept: true }] },
    });
    expect(await status('nobody')).toMatchObject({ found: false, roq: { answered: true, users: [] } });
    expect(await world.record('nobody')).toBeNull();
  });
});

describe('with a system of its own', () => {
  let own: World;
  beforeAll(async () => {
    own = await startWorld();
    const hold = async (reference: string) => {
      await own.deliver(reference, { email: `${reference}@x.example` }, at);
      own.limits.count = 0;
      await own.deliver(reference, off, at + 1);
      own.limits.count = 1_000_000;
    };
    await hold('held-1');
    await hold('held-2');
    await own.deliver('waits', { firstName: 'Nobody' }, at);
    own.roqServer.fail.next({ how: 'refuse', operation: 'createUser', reference: 'parks' });
    await own.deliver('parks', { email: 'parks@x.example' }, at);
    await own.deliver('counted', { email: 'counted@x.example' }, at);
    await own.deliver('counted', off, at + 1);
    await own.ports.noteHeard('clerk');
    own.roqServer.fail.always(down);
    await own.deliver('pends', { email: 'pends@x.example' }, at);
    own.pass(60_000);
    await own.deliver('pends-2', { email: 'pends-2@x.example' }, at);
    own.roqServer.fail.clear();
  });
  afterAll(() => own.close());

  test('status counts the queues with their oldest, and says what happened last', async () => {
    const before = await ask<Overview>({ command: 'status' }, own);
    expect(before).toMatchObject({
      queues: {
        pending: { count: 2, oldestSince: own.now() - 60_000 },
        waiting: { count: 1 },
        parked: { count: 1 },
        held: { count: 2 },
      },
      running: [],
      lastAudit: null,
      ranAt: null,
      heard: [{ provider: 'clerk' }],
      deactivations: { counted: 1, limit: 1_000_000 },
    });
    const audit = await ask<JobView>({ command: 'audit' }, own);
    expect(await ask<Overview>({ command: 'status' }, own)).toMatchObject({ lastAudit: { id: audit.id } });
  });

  test('lists say who and why, no more than asked for', async () => {
    expect(await list('parked')).toMatchObject({
      entries: [{ reference: 'parks', lastError: 'roq_refused', attempts: 1 }],
      more: false,
    });
    expect((await list('waiting')).entries).toMatchObject([{ reference: 'waits' }]);
    expect((await list('pending')).entries).toHaveLength(2);
    expect(await list('held', 1)).toMatchObject({ entries: [{}], more: true });
    expect(await list('held', 2)).toMatchObject({ entries: [{}, {}], more: false });
  });

  test('lists what the audit found, and the jobs with the newest first', async () => {
    await own.deliver('dup', { email: 'dup@x.example' }, at);
    const twin = await own.roq.createUser({ reference: 'dup', email: 'dup-2@x.example' });
    const alien = await own.roq.createUser({ reference: 'alien', email: 'alien@x.example' });
    own.pass(1_000);
    const { id } = await ask<JobView>({ command: 'audit' }, own);
    expect((await list('duplicates')).entries).toMatchObject([{ reference: 'dup', roqId: twin.id }]);
    expect((await list('strangers')).entries).toMatchObject([{ reference: 'alien', roqId: alien.id }]);
    expect((await list('jobs')).entries[0]).toMatchObject({ id, is: 'audit', state: 'done', apply: false });
  });

  test('lists of whom a provider spoke who are another one’s, and status counts them', async () => {
    const before = await ask<Overview>({ command: 'status' }, own);
    expect(before.foreign).toBe(0);
    expect(await list('foreign')).toEqual({ entries: [], more: false });
    await own.ports.noteForeign('okta', ['squatted']);
    own.pass(1_000);
    await own.ports.noteForeign('okta', ['squatted', 'shared-id']);
    expect(await list('foreign')).toEqual({
      entries: expect.arrayContaining([
        { provider: 'okta', reference: 'squatted', at: own.now() },
        { provider: 'okta', reference: 'shared-id', at: own.now() },
      ]),
      more: false,
    });
    expect(await ask<Overview>({ command: 'status' }, own)).toMatchObject({ foreign: 2 });
  });

  function list(
    of: 'foreign' | 'held' | 'parked' | 'waiting' | 'pending' | 'duplicates' | 'strangers' | 'jobs',
    limit = 9,
  ) {
    return ask<Listing>({ command: 'list', of, limit }, own);
  }
});

describe('resync', () => {
  test('looks at ROQ anew and repairs what it holds otherwise', async () => {
    await world.deliver('repair', { email: 'repair@x.example', firstName: 'Right' }, at);
    await world.roq.updateUser(roqId('repair'), { firstName: 'Wrong' });
    const { users } = await touch({ command: 'resync', reference: 'repair' });
    expect(users).toMatchObject([{ is: 'done', fields: ['firstName'] }]);
    expect(world.usersOf('repair')).toMatchObject([{ firstName: 'Right' }]);
    expect(await world.record('repair')).toMatchObject({ lease: null, queue: null });
  });

  test('sets a parked user going again', async () => {
    world.roqServer.fail.next({ how: 'refuse', operation: 'createUser', reference: 'again' });
    await world.deliver('again', { email: 'again@x.example' }, at);
    const { users } = await touch({ command: 'resync', reference: 'again' });
    expect(users).toMatchObject([{ is: 'done', was: 'parked' }]);
    expect(world.usersOf('again')).toHaveLength(1);
  });

  test('says who is unknown, and leaves a user alone on whom somebody is at work', async () => {
    const { users } = await touch({ command: 'resync', reference: 'unheard-of' });
    expect(users).toMatchObject([{ is: 'unknown' }]);
    await world.deliver('busy', { email: 'busy@x.example' }, at);
    const lease = await world.store.take('busy', randomUUID(), 40_000);
    const requests = world.roqServer.requests.graphql;
    const busy = await touch({ command: 'resync', reference: 'busy' });
    expect(busy.users).toMatchObject([{ is: 'busy', busyUntil: lease?.lease.untilMs }]);
    expect(world.roqServer.requests.graphql).toBe(requests);
  });
});

describe('a user whom ROQ has lost', () => {
  test('is made anew by recreate, and by nothing else', async () => {
    const lost = await lose('lost');
    expect(await touch({ command: 'resync', reference: 'lost' })).toMatchObject({ counts: { parked: 1 } });
    await world.deliver('lost', { email: 'lost-2@x.example' }, at + 9);
    expect(world.usersOf('lost')).toEqual([]);
    expect(await recreate('lost')).toMatchObject({
      user: { is: 'done', was: 'parked' },
      roqIdBefore: lost,
      roqId: roqId('lost'),
    });
    expect(world.usersOf('lost')).toMatchObject([
      { email: 'lost-2@x.example', firstName: 'Lou', active: true },
    ]);
    expect(await world.record('lost')).toMatchObject({
      ...{ roqId: roqId('lost'), queue: null, lease: null, lastError: null },
    });
  });

  test('is not made anew while ROQ has anybody of the reference, deactivated ones too', async () => {
    await lose('hidden');
    const { id } = await world.roq.createUser({ reference: 'hidden', email: 'hidden@x.example' });
    await world.roq.deactivateUser(id);
    expect(await recreate('hidden')).toMatchObject({
      error: { code: 'roq_user_present', message: expect.stringContaining(id) },
    });
    expect(world.usersOf('hidden')).toHaveLength(1);
    expect(await world.record('hidden')).toMatchObject({ queue: 'parked', lease: null });
  });

  test('is neither made nor linked while ROQ does not say whom it has', async () => {
    const lost = await lose('unsaid');
    world.roqServer.fail.always(down);
    expect(await recreate('unsaid')).toMatchObject({ error: { code: 'roq_unavailable' } });
    expect(await relink('unsaid', lost)).toMatchObject({ error: { code: 'roq_unavailable' } });
    world.roqServer.fail.clear();
    expect(await world.record('unsaid')).toMatchObject({ roqId: lost, queue: 'parked', lease: null });
    expect(world.usersOf('unsaid')).toEqual([]);
  });

  test('is made by the schedule where recreate ends before ROQ has made the user', async () => {
    await lose('halfway');
    const owner = randomUUID();
    const leased = await world.store.take('halfway', owner, 40_000);
    if (leased) await world.store.unlink(leased);
    await world.drain();
    expect(world.usersOf('halfway')).toHaveLength(1);
    expect(await world.record('halfway')).toMatchObject({ roqId: roqId('halfway'), queue: null });
  });

  test('is let go of by whoever has the lease, and by nobody else', async () => {
    const lost = await lose('taken-over');
    const leased = await world.store.take('taken-over', randomUUID(), 40_000);
    world.pass(50_000);
    await world.store.take('taken-over', randomUUID(), 40_000);
    expect(leased && (await world.store.unlink(leased))).toBeNull();
    expect(await world.record('taken-over')).toMatchObject({ roqId: lost });
    expect(await recreate('taken-over')).toMatchObject({ user: { is: 'busy' }, roqId: lost });
  });

  test('and whom the provider deleted as well is made by nobody, and recreate lets go of it', async () => {
    await lose('both');
    expect(await world.deliver('both', { deleted: true }, at + 9)).toMatchObject({ is: 'parked' });
    expect(await recreate('both')).toMatchObject({ user: { is: 'done' }, roqId: null });
    expect(world.usersOf('both')).toEqual([]);
    expect(await status('both')).toMatchObject({ inStep: true, record: { queue: null } });
  });

  test('is linked by relink to the one of several ROQ users who is named, who then matches the record', async () => {
    const lost = await lose('chosen');
    await world.roq.createUser({ reference: 'chosen', email: 'older@x.example' });
    world.pass(1_000);
    const { id } = await world.roq.createUser({ reference: 'chosen', email: 'younger@x.example' });
    expect(await relink('chosen', id)).toMatchObject({
      user: { is: 'done' },
      roqIdBefore: lost,
      roqId: id,
    });
    const [older, younger] = world.usersOf('chosen');
    expect(younger).toMatchObject({ id, email: 'chosen@x.example', firstName: 'Lou' });
    expect(older).toMatchObject({ email: 'older@x.example' });
    expect(await status('chosen')).toMatchObject({ inStep: true, duplicates: [older?.id] });
  });

  test('is never linked to a ROQ user of another reference, nor to one that is not there', async () => {
    const lost = await lose('own');
    const other = await world.roq.createUser({ reference: 'Own', email: 'own@x.example' });
    for (const wrong of [other.id, lost, 'no-such-id']) {
      expect(await relink('own', wrong)).toMatchObject({ error: { code: 'roq_user_unknown' } });
    }
    expect(await world.record('own')).toMatchObject({ roqId: lost, queue: 'parked', lease: null });
    expect(world.usersOf('Own')).toMatchObject([{ email: 'own@x.example', firstName: '' }]);
  });

  test('needs a record: without one, both commands say that it is unknown', async () => {
    const { id } = await world.roq.createUser({ reference: 'unrecorded', email: 'unrecorded@x.example' });
    expect(await relink('unrecorded', id)).toMatchObject({ user: { is: 'unknown' }, roqId: null });
    expect(await recreate('unrecorded-2')).toMatchObject({ user: { is: 'unknown' }, roqId: null });
    expect(await world.record('unrecorded')).toBeNull();
    expect(world.usersOf('unrecorded-2')).toEqual([]);
  });

  const relink = (reference: string, id: string) => ask({ command: 'relink', reference, roqId: id });
  const recreate = (reference: string) => ask({ command: 'recreate', reference });
});

describe('resync of all', () => {
  test('sets every parked user going again once, in batches, and leaves those who are held', async () => {
    const own = await startWorld();
    const parked = Array.from({ length: 60 }, (_, i) => `parked-${i}`);
    own.roqServer.fail.always({ how: 'refuse', operation: 'createUser' });
    for (const reference of parked) await own.deliver(reference, { email: `${reference}@x.example` }, at);
    own.roqServer.fail.clear();
    const [held] = await holdMany(own, 1);
    const [, refused] = parked;
    own.roqServer.fail.always({
      how: 'refuse',
      operation: 'createUser',
      ...(refused && { reference: refused }),
    });
    own.pass(60_000);
    const first = await ask<QueueResult>({ command: 'resync', all: true }, own);
    expect(first).toMatchObject({ counts: { done: 59, parked: 1 }, more: false, before: own.now() });
    for (const reference of parked) {
      expect(own.usersOf(reference)).toHaveLength(reference === refused ? 0 : 1);
    }
    expect(own.usersOf(held ?? '')).toMatchObject([{ active: true }]);
    own.pass(60_000);
    const { before } = first;
    const asked = { command: 'resync', all: true } as const;
    expect(await ask<QueueResult>({ ...asked, before: before - 1 }, own)).toMatchObject({ counts: {} });
    expect(await ask<QueueResult>(asked, own)).toMatchObject({ counts: { parked: 1 } });
    await own.close();
  });
});

describe('who is held', () => {
  test('is listed with why, by whom and since when, bans before deletions however long those are held', async () => {
    const own = await startWorld();
    const told = async (reference: string, what: Told, source: string) => {
      for (const [i, said] of [{ email: `${reference}@x.example` }, what].entries()) {
        own.limits.count = i === 0 ? 1_000_000 : 0;
        const heard = toFacts(said, at + i);
        const why = { by: source, what: i === 0 ? 'user.created' : 'user.changed', toldAt: at + i };
        const { leased } = await own.store.fold(reference, heard, randomUUID(), 40_000, { source, why });
        if (leased) await converge(own.ports, [leased], own.now() + 2_000);
      }
      own.pass(60_000);
    };
    const since = own.now();
    for (const i of [0, 1, 2]) await told(`left-${i}`, { deleted: true }, 'okta');
    await told('banned', off, 'clerk');
    await told('banned-and-left', { ...off, deleted: true }, 'clerk');
    const ban = {
      ...{ reason: 'disabled', sources: ['clerk'] },
      told: { by: 'clerk', what: 'user.changed', at: expect.any(Number) },
    };
    const { entries } = await ask<Listing>({ command: 'list', of: 'held' }, own);
    expect(entries).toMatchObject([
      { reference: 'banned', ...ban, pendingSince: since + 180_000 },
      { reference: 'banned-and-left', ...ban },
      { reference: 'left-0', reason: 'deleted', sources: ['okta'], pendingSince: since },
      { reference: 'left-1', reason: 'deleted' },
      { reference: 'left-2', reason: 'deleted' },
    ]);
    const two = await ask<Listing>({ command: 'list', of: 'held', limit: 2 }, own);
    expect(two).toMatchObject({ entries: [ban, ban], more: true });
    const one = await ask<UserStatus>({ command: 'status', reference: 'left-0' }, own);
    expect(one.record).toMatchObject({ queue: 'held', reason: 'deleted', sources: ['okta'] });
    expect(one.record?.history).toMatchObject([
      { by: 'okta', what: 'user.created', fields: ['email'] },
      { by: 'roq', what: 'create' },
      { by: 'okta', what: 'user.changed', fields: ['deleted'] },
      { by: 'roq', what: 'held' },
    ]);
    await own.close();
  });

  test('says nothing of why somebody is held who is not', async () => {
    await world.deliver('free', { email: 'free@x.example', ...off }, at);
    expect((await status('free')).record).toMatchObject({ queue: null, reason: null });
  });
});

describe('the history of a user', () => {
  const stepsOf = async (reference: string) => {
    const { record } = await ask<UserStatus>({ command: 'status', reference });
    return record?.history.map(({ by, what }) => `${by} ${what}`) ?? [];
  };

  test('has what an operator did, and then what came of it', async () => {
    await hold('storied', off);
    await touch({ command: 'release', reference: 'storied' });
    await touch({ command: 'drop', reference: 'storied' });
    await touch({ command: 'resync', reference: 'storied' });
    expect((await stepsOf('storied')).slice(-6)).toEqual([
      ...['roq held', 'operator release', 'roq update', 'operator drop', 'roq update', 'operator resync'],
    ]);
  });

  test('is gone with the user, but for that', async () => {
    await world.deliver('storied-and-erased', { email: 's@x.example' }, at);
    await ask<Receipt>({ command: 'erase', reference: 'storied-and-erased' });
    expect(await stepsOf('storied-and-erased')).toEqual(['operator erase', 'roq update']);
  });
});

describe('release', () => {
  test('lets one held deactivation through, and no other', async () => {
    await hold('let-1', off);
    await hold('let-2', off);
    world.limits.count = 0;
    const { users } = await touch({ command: 'release', reference: 'let-1' });
    expect(users).toMatchObject([{ is: 'done', was: 'held', fields: ['active'] }]);
    expect(isActive('let-1')).toBe(false);
    expect(isActive('let-2')).toBe(true);
  });

  test('of a user at a ROQ that is down is not held again later', async () => {
    await hold('down', off);
    world.limits.count = 0;
    world.roqServer.fail.always(down);
    expect(await touch({ command: 'release', reference: 'down' })).toMatchObject({ counts: { retry: 1 } });
    world.roqServer.fail.clear();
    await world.drain();
    expect(isActive('down')).toBe(false);
  });

  test('sets a parked user going again', async () => {
    world.roqServer.fail.next({ how: 'refuse', operation: 'createUser', reference: 'unpark' });
    await world.deliver('unpark', { email: 'unpark@x.example' }, at);
    const { users } = await touch({ command: 'release', reference: 'unpark' });
    expect(users).toMatchObject([{ is: 'done', was: 'parked' }]);
  });

  test('of all lets every one through, in batches', async () => {
    const own = await startWorld();
    const references = await holdMany(own, 30);
    const { counts, users, more } = await ask<QueueResult>({ command: 'release', all: true }, own);
    expect({ counts, more }).toEqual({ counts: { done: 30 }, more: false });
    expect(users).toHaveLength(30);
    expect(references.map((reference) => own.usersOf(reference)[0]?.active)).toEqual(Array(30).fill(false));
    await own.close();
  });
});

describe('drop', () => {
  test('takes back what is held; the same event sent again stays dropped, a newer one is believed', async () => {
    await hold('spared', off);
    const { users } = await touch({ command: 'drop', reference: 'spared' });
    expect(users).toMatchObject([{ is: 'done', was: 'held' }]);
    expect(await world.record('spared')).toMatchObject({ queue: null });
    await world.deliver('spared', off, at + 1);
    expect(isActive('spared')).toBe(true);
    await world.deliver('spared', off, at + 5);
    expect(isActive('spared')).toBe(false);
  });

  test('takes back a deletion too, also one that ROQ has made', async () => {
    await world.deliver('risen', { email: 'risen@x.example' }, at);
    await world.deliver('risen', { deleted: true }, at + 1);
    expect(isActive('risen')).toBe(false);
    const { users } = await touch({ command: 'drop', reference: 'risen' });
    expect(users).toMatchObject([{ is: 'done', was: null, fields: ['active'] }]);
    expect(isActive('risen')).toBe(true);
    await world.deliver('risen', { deleted: true }, at + 9);
    expect(isActive('risen')).toBe(false);
  });

  test('does nothing where nothing was told', async () => {
    await world.deliver('active', { email: 'active@x.example' }, at);
    expect(await touch({ command: 'drop', reference: 'active' })).toMatchObject({ counts: { nothing: 1 } });
    expect(await touch({ command: 'drop', reference: 'unheard-of' })).toMatchObject({
      counts: { unknown: 1 },
    });
    expect(await world.record('unheard-of')).toBeNull();
  });

  test('is recorded for whoever is at work on the user', async () => {
    await hold('at-work', off);
    await world.store.take('at-work', randomUUID(), 40_000);
    expect(await touch({ command: 'drop', reference: 'at-work' })).toMatchObject({ counts: { retry: 1 } });
    await world.drain();
    expect(await world.record('at-work')).toMatchObject({ queue: null });
    expect(isActive('at-work')).toBe(true);
  });

  test('of all spares every one that is held, and no other', async () => {
    const own = await startWorld();
    await own.deliver('really', { email: 'really@x.example' }, at);
    await own.deliver('really', off, at + 1);
    const references = await holdMany(own, 27);
    const { counts, more } = await ask<QueueResult>({ command: 'drop', all: true }, own);
    expect({ counts, more }).toEqual({ counts: { done: 27 }, more: false });
    for (const reference of references) {
      expect(own.usersOf(reference)).toMatchObject([{ active: true }]);
      expect(await own.record(reference)).toMatchObject({ queue: null });
    }
    expect(own.usersOf('really')).toMatchObject([{ active: false }]);
    await own.close();
  });
});

describe('erase', () => {
  const profile = {
    email: 'eve@x.example',
    phone: '+15550100',
    firstName: 'Eve',
    lastName: 'Eden',
    locale: 'de',
    timezone: 'Europe/Rome',
    avatarUrl: 'https://x.example/eve.png',
    customData: '{"pet":"cat"}',
    emailVerified: true,
  };

  test('leaves nothing of the user on either side, whatever the ceiling, and no later event brings it back', async () => {
    await world.deliver('eve', profile, at);
    world.limits.count = 0;
    const receipt = await erase('eve');
    expect(receipt).toMatchObject({ reference: 'eve', state: 'erased', recordHolds: [], code: null });
    expect(receipt.roqUsers).toEqual([{ id: roqId('eve'), holds: [] }]);
    expect([...receipt.overwritten].sort()).toEqual(
      ['active', ...Object.keys(profile).filter((name) => name !== 'emailVerified')].sort(),
    );
    await expectNothingOf('eve', /eve@|Eve|Eden|15550100|Rome|png|cat/);
    await world.deliver('eve', { ...profile, disabled: false }, Date.parse('2099-01-01'));
    await world.deliver('eve', { ...profile, deleted: true }, at + 1);
    await world.drain();
    await expectNothingOf('eve', /eve@|Eve|Eden|15550100|Rome|png|cat/);
  });

  test('erases every ROQ user of the reference', async () => {
    await world.deliver('twins', { email: 'twins@x.example', firstName: 'Zoe' }, at);
    await world.roq.createUser({ reference: 'twins', email: 'twins-2@x.example', firstName: 'Zoe' });
    expect((await erase('twins')).roqUsers).toMatchObject([{ holds: [] }, { holds: [] }]);
    await expectNothingOf('twins', /twins@|twins-2@|Zoe/);
    const emails = world.usersOf('twins').map(({ email }) => email);
    expect(new Set(emails).size).toBe(2);
    for (const email of emails) expect(email).toMatch(/^erased-[\w-]+@erased\.invalid$/);
  });

  test('erases users of ROQ that have no record, and of one unknown to both keeps a tombstone', async () => {
    await world.roq.createUser({ reference: 'foreign', email: 'foreign@x.example', firstName: 'Kim' });
    expect(await erase('foreign')).toMatchObject({ state: 'erased', roqUsers: [{ holds: [] }] });
    await expectNothingOf('foreign', /foreign@|Kim/);
    expect(await erase('never-seen')).toMatchObject({ state: 'erased', roqUsers: [], overwritten: [] });
    await world.deliver('never-seen', { email: 'late@x.example' }, at + 1_000);
    expect(world.usersOf('never-seen')).toEqual([]);
  });

  test('is pending while ROQ is down: the record holds nothing, and ROQ follows', async () => {
    await world.deliver('slow', { email: 'slow@x.example', firstName: 'Sam' }, at);
    world.roqServer.fail.always(down);
    expect(await erase('slow')).toMatchObject({
      state: 'pending',
      recordHolds: [],
      roqUsers: null,
      code: 'roq_unavailable',
    });
    expect(JSON.stringify(await world.record('slow'))).not.toMatch(/slow@|Sam/);
    world.roqServer.fail.clear();
    world.limits.count = 0;
    await world.drain();
    await expectNothingOf('slow', /slow@|Sam/);
    expect(await erase('slow')).toMatchObject({ state: 'erased', overwritten: [] });
  });

  test('says so when ROQ refuses, and done again it ends well', async () => {
    await world.deliver('stuck', { email: 'stuck@x.example', firstName: 'Lee' }, at);
    world.roqServer.fail.always({
      how: 'refuse',
      operation: 'updateUser',
      reference: 'stuck',
      field: 'firstName',
    });
    expect(await erase('stuck')).toMatchObject({ state: 'refused', code: 'roq_refused' });
    expect(isActive('stuck')).toBe(false);
    world.roqServer.fail.clear();
    expect(await erase('stuck')).toMatchObject({ state: 'erased' });
    await expectNothingOf('stuck', /stuck@|Lee/);
  });

  test('by somebody while another is at work on the user is recorded, and goes through', async () => {
    await world.deliver('shared', { email: 'shared@x.example', firstName: 'Max' }, at);
    await world.store.take('shared', randomUUID(), 40_000);
    expect(await erase('shared')).toMatchObject({ state: 'pending' });
    world.pass(50_000);
    expect(await erase('shared')).toMatchObject({ state: 'erased' });
    await expectNothingOf('shared', /shared@|Max/);
  });

  test('leaves no digest of a value either that ROQ keeps in a form of its own', async () => {
    const own = await startWorld({ roq: { lowersEmails: true } });
    await own.deliver('mixed', { email: 'Mixed@x.example' }, at);
    await ask({ command: 'audit', apply: true }, own);
    expect((await own.record('mixed'))?.contested).toHaveProperty('email');
    expect(await ask({ command: 'erase', reference: 'mixed' }, own)).toMatchObject({
      ...{ state: 'erased', recordHolds: [] },
    });
    expect((await own.record('mixed'))?.contested).toEqual({});
    await own.close();
  });

  test('takes the user out of lists and of the reports of jobs, and leaves everybody else in them', async () => {
    const own = await startWorld();
    for (const reference of ['anna', 'ben']) {
      await own.deliver(reference, { email: `${reference}@x.example`, firstName: 'Right' }, at);
      await own.roq.updateUser(own.usersOf(reference)[0]?.id ?? '', { firstName: 'Wrong' });
      await own.roq.createUser({ reference, email: `${reference}-2@x.example` });
      await own.ports.noteForeign('okta', [reference]);
    }
    await own.roq.createUser({ reference: 'carl', email: 'carl@x.example' });
    own.pass(1_000);
    const { id } = await ask<JobView>({ command: 'audit' }, own);
    const receipt = await ask<Receipt>({ command: 'erase', reference: 'anna' }, own);
    expect(receipt).toMatchObject({ state: 'erased', forgotten: { listed: 2, jobs: 1 }, jobsLeft: 0 });
    expect(await remembered(own)).not.toContain('anna');
    for (const of of ['duplicates', 'foreign'] as const) {
      expect(await ask({ command: 'list', of }, own)).toMatchObject({ entries: [{ reference: 'ben' }] });
    }
    expect(await ask<JobView>({ command: 'job', id }, own)).toMatchObject({
      ...{ state: 'done', report: { drifted: 2, examples: { drifted: ['ben'], strangers: ['carl'] } } },
    });
    const stranger = await ask<Receipt>({ command: 'erase', reference: 'carl' }, own);
    expect(stranger).toMatchObject({ state: 'erased', forgotten: { listed: 1, jobs: 1 } });
    expect(await remembered(own)).not.toContain('carl');
    await own.close();
  });

  test('says so where a job moves on every time, and is proved once it has ended', async () => {
    const own = await startWorld();
    await own.deliver('dora', { email: 'dora@x.example', firstName: 'Right' }, at);
    await own.roq.updateUser(own.usersOf('dora')[0]?.id ?? '', { firstName: 'Wrong' });
    const { id } = await ask<JobView>({ command: 'audit' }, own);
    const put: typeof own.documents.put = (kind, of, ...rest) =>
      of === id ? Promise.resolve(false) : own.documents.put(kind, of, ...rest);
    const busy = { ...own.ports, documents: { ...own.documents, put } };
    expect(await createHandler(busy)({ command: 'erase', reference: 'dora' }, context)).toMatchObject({
      ...{ state: 'pending', forgotten: { jobs: 0 }, jobsLeft: 1 },
    });
    const again = await ask<Receipt>({ command: 'erase', reference: 'dora' }, own);
    expect(again).toMatchObject({ state: 'erased', forgotten: { jobs: 1 }, jobsLeft: 0 });
    await own.close();
  });

  test('forgets the address of the file of a job that was over before addresses were', async () => {
    const own = await startWorld();
    const url = 'https://files.example/users.ndjson?X-Amz-Signature=secret';
    const source = { from: 'url', url, shape: 'generic', exportedAtMs: null, version: null } as const;
    for (const state of ['done', 'running'] as const) {
      await startJob(own.ports, state, newBackfill(true, source, 'generic'));
      const entry = await own.documents.get<StoredJob>('job', state);
      await own.documents.put('job', state, { ...entry?.document, state }, 1);
    }
    await ask({ command: 'erase', reference: 'erna' }, own);
    expect(JSON.stringify(await own.documents.get('job', 'done'))).not.toContain('secret');
    expect(JSON.stringify(await own.documents.get('job', 'running'))).toContain('secret');
    await own.close();
  });

  /** All that the table of state has. */
  async function remembered({ documents }: World): Promise<string> {
    const kinds = ['count', 'job', 'running', 'duplicate', 'stranger', 'total', 'heard', 'foreign'] as const;
    const entries = await Promise.all(kinds.map((kind) => Array.fromAsync(documents.list(kind))));
    return JSON.stringify(entries);
  }

  test('can not be dropped', async () => {
    await erase('final');
    expect(await touch({ command: 'drop', reference: 'final' })).toMatchObject({ counts: { erased: 1 } });
  });

  async function expectNothingOf(reference: string, traces: RegExp) {
    for (const user of world.usersOf(reference)) {
      expect(JSON.stringify({ ...user, reference: '' })).not.toMatch(traces);
      expect(user).toMatchObject({ active: false, isOptedIn: false });
    }
    const record = await world.record(reference);
    expect(JSON.stringify({ ...record, reference: '' })).not.toMatch(traces);
    expect(record).toMatchObject({ queue: null, lease: null });
  }
});

describe('audit', () => {
  test('finds drift and changes nothing; applied, it repairs the same', async () => {
    await world.deliver('adrift', { email: 'adrift@x.example', firstName: 'Right' }, at);
    await world.roq.updateUser(roqId('adrift'), { firstName: 'Wrong' });
    world.pass(1_000);
    const dry = await ask<JobView>({ command: 'audit' });
    expect(dry).toMatchObject({ is: 'audit', state: 'done', report: { repaired: 0 } });
    expect(dry).toMatchObject({ report: { examples: { drifted: expect.arrayContaining(['adrift']) } } });
    expect(world.usersOf('adrift')).toMatchObject([{ firstName: 'Wrong' }]);
    await ask({ command: 'audit', apply: true, job: 'audit-now' });
    expect(world.usersOf('adrift')).toMatchObject([{ firstName: 'Right' }]);
    expect(await ask({ command: 'job', id: 'audit-now' })).toMatchObject({ id: 'audit-now', apply: true });
  });

  test('of which there is no job is said so', async () => {
    expect(await ask({ command: 'job', id: 'nothing' })).toMatchObject({ error: { code: 'job_unknown' } });
  });
});

describe('doctor', () => {
  const checksOf = async (probe: boolean, through = world) =>
    Object.fromEntries(
      (await ask<Diagnosis>({ command: 'doctor', probe }, through)).checks.map((found) => [
        found.check,
        found,
      ]),
    );

  test('finds everything in place', async () => {
    await noteRan(world.ports);
    const checks = await checksOf(false);
    for (const name of [
      'settings',
      'ROQ token',
      'ROQ query',
      'table of users',
      'table of state',
      'schedule',
    ]) {
      expect(checks[name]).toMatchObject({ ok: true, remedy: null });
    }
    expect(checks['ROQ token']?.detail).toContain('3600 s');
  });

  test.each([
    [{ how: 'throttle' }, /^roq_throttled, HTTP 429, after \d+ ms$/, /Nothing is wrong with the settings/],
    [{ how: 'drop' }, /^roq_unavailable, after \d+ ms$/, /down, slow or out of reach/],
    [{ how: 'slow', delayMs: 2_000 }, /^roq_unavailable, after \d+ ms$/, /raise ROQ_TIMEOUT_MS/],
  ] as const)('says of a ROQ that does %j what that is', async (fault, detail, remedy) => {
    world.roqServer.fail.always({ ...fault, operation: 'users' });
    const checks = await checksOf(false);
    expect(checks['ROQ query']).toMatchObject({
      ok: false,
      detail: expect.stringMatching(detail),
      remedy: expect.stringMatching(remedy),
    });
  });

  test('says what is wrong and what to do', async () => {
    world.roqServer.fail.always({ how: 'fail', operation: 'token' });
    const checks = await checksOf(true);
    expect(checks['ROQ token']).toMatchObject({
      ok: false,
      detail: expect.stringMatching(/roq_unavailable/),
    });
    expect(checks['ROQ token']?.remedy).toContain('ROQ_API_KEY');
    expect(checks.probe).toMatchObject({ ok: false });
    expect(checks['table of users']).toMatchObject({ ok: true });
  });

  // The world's clock stands still, far from the real one by which ROQ dates its answers.
  test('sees that the clocks disagree', async () => {
    expect((await checksOf(false)).clock).toMatchObject({
      ok: false,
      remedy: expect.stringMatching(/clock/),
    });
  });

  test('sees that nothing takes up what is due', async () => {
    world.roqServer.fail.always(down);
    await world.deliver('unattended', { email: 'unattended@x.example' }, at);
    world.roqServer.fail.clear();
    world.pass(60 * 60_000);
    await noteRan(world.ports);
    expect((await checksOf(false)).schedule).toMatchObject({
      ok: false,
      detail: expect.stringContaining('due'),
    });
    await world.drain();
    await noteRan(world.ports);
    expect((await checksOf(false)).schedule).toMatchObject({ ok: true });
  });

  test('sees that the schedule does not run, even where nothing is due', async () => {
    const own = await startWorld();
    const schedule = async () => (await checksOf(false, own)).schedule;
    expect(await schedule()).toMatchObject({ ok: false, detail: 'has never run' });
    await createReconcile(own.ports)({}, context);
    expect(await schedule()).toMatchObject({ ok: true });
    own.pass(20 * 60_000);
    expect(await schedule()).toMatchObject({ ok: false, detail: 'last ran 20 minutes ago' });
    await own.close();
  });

  test('by its probe finds out how ROQ behaves, and leaves no active user behind', async () => {
    const checks = await checksOf(true);
    expect(checks.references?.detail).toContain('not unique');
    expect(checks['deactivated users']?.detail).toContain('hidden unless asked for');
    expect(checks['several changes at once']?.detail).toContain(
      'that before it is made, that after it not made',
    );
    expect(checks.page?.detail).toContain('5 users at most');
    expect(checks['probe users']).toMatchObject({ ok: true });
    expect(probes().length).toBeGreaterThan(3);
    expect(probes().filter(({ active }) => active)).toEqual([]);
  });

  test.each(['createUser', 'updateUser', 'users', 'user'] as const)(
    'leaves no active user behind when a call of %s fails, or its answer is lost',
    async (operation) => {
      for (const how of ['fail', 'answer-lost', 'bad-gateway'] as const) {
        world.roqServer.fail.next({ how, operation });
        await checksOf(true);
        expect(probes().filter(({ active }) => active)).toEqual([]);
      }
    },
  );

  test('says so when it could not deactivate its users, and does it the next time', async () => {
    world.roqServer.fail.always({ how: 'fail', operation: 'updateUser' });
    expect((await checksOf(true))['probe users']).toMatchObject({ ok: false });
    world.roqServer.fail.clear();
    expect((await checksOf(true))['probe users']).toMatchObject({ ok: true });
    expect(probes().filter(({ active }) => active)).toEqual([]);
  });

  function probes() {
    return world.roqServer.users.filter(({ reference }) => reference.startsWith('roq-sync-probe-'));
  }
});

async function ask<Found = OperateAnswer>(command: CommandInput, through = world): Promise<Found> {
  return (await createHandler(through.ports)(command, context)) as Found;
}

const status = (reference: string) => ask<UserStatus>({ command: 'status', reference });
const touch = (command: CommandInput) => ask<QueueResult>(command);
const erase = (reference: string) => ask<Receipt>({ command: 'erase', reference });

function roqId(reference: string): string {
  return world.usersOf(reference)[0]?.id ?? '';
}

/** As somebody does by hand in ROQ. */
function deleteAtRoq(reference: string): void {
  for (const { id } of world.usersOf(reference)) world.roqServer.remove(id);
}

/** A user who was deleted in ROQ, and is parked for it since; answers their ROQ id. */
async function lose(reference: string): Promise<string> {
  await world.deliver(reference, { email: `${reference}@x.example`, firstName: 'Lou' }, at);
  const lost = roqId(reference);
  deleteAtRoq(reference);
  expect(await world.deliver(reference, { lastName: 'Lane' }, at + 1)).toMatchObject({
    is: 'parked',
    code: 'roq_user_missing',
  });
  return lost;
}

function isActive(reference: string): boolean | null | undefined {
  return world.usersOf(reference)[0]?.active;
}

async function hold(reference: string, told: Told): Promise<void> {
  await world.deliver(reference, { email: `${reference}@x.example` }, at);
  world.limits.count = 0;
  expect(await world.deliver(reference, told, at + 1)).toMatchObject({ is: 'held' });
  world.limits.count = 1_000_000;
}

async function holdMany(own: World, count: number): Promise<readonly string[]> {
  const references = Array.from({ length: count }, (_, i) => `many-${i}`);
  for (const reference of references) await own.deliver(reference, { email: `${reference}@x.example` }, at);
  own.limits.count = 0;
  for (const reference of references) await own.deliver(reference, off, at + 1);
  return references;
}
