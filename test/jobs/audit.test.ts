import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Finding } from '../../lib/dynamodb/documents.ts';
import type { UserRecord } from '../../lib/dynamodb/record.ts';
import { auditPage } from '../../lib/jobs/audit.ts';
import { type AuditJob, type AuditReport, newAudit } from '../../lib/jobs/audit-job.ts';
import { RoqError } from '../../lib/roq/faults.ts';
import { createConcurrency } from '../../lib/sync/concurrency.ts';
import { converge } from '../../lib/sync/converge.ts';
import type { Told } from '../../lib/user.ts';
import type { RoqUser } from '../../local/roq-user.ts';
import { startWorld, type World } from '../support/world.ts';

const tenantId = randomUUID();
const otherTenantId = randomUUID();

const base = {
  email: 'anna@x.example',
  phone: '+4930',
  firstName: 'Anna',
  lastName: 'W',
  locale: 'de-DE',
  timezone: 'Europe/Berlin',
  avatarUrl: 'https://x.example/a.png',
  customData: '{"plan":"pro"}',
  tenantId,
  emailVerified: true,
  disabled: false,
} satisfies Told;

let world: World;

describe('drift of a field', () => {
  beforeAll(start);
  afterAll(() => world.close());

  const drifts: readonly {
    readonly field: string;
    readonly inRoq: Partial<RoqUser>;
    readonly told?: Told;
  }[] = [
    { field: 'email', inRoq: { email: 'else@x.example' } },
    { field: 'phone', inRoq: { phone: null } },
    { field: 'firstName', inRoq: { firstName: 'Else' } },
    { field: 'lastName', inRoq: { lastName: '' } },
    { field: 'locale', inRoq: { locale: 'en-US' } },
    { field: 'timezone', inRoq: { timezone: 'UTC' } },
    { field: 'avatarUrl', inRoq: { avatarUrl: 'https://x.example/b.png' } },
    { field: 'customData', inRoq: { customData: { plan: 'free' } } },
    { field: 'tenantId', inRoq: { tenantId: otherTenantId } },
    { field: 'isOptedIn', inRoq: { isOptedIn: false } },
    { field: 'active', inRoq: { active: false } },
    { field: 'active', inRoq: { active: true }, told: { disabled: true } },
    { field: 'active', inRoq: { active: true }, told: { deleted: true } },
    { field: 'isOptedIn', inRoq: { isOptedIn: true }, told: { emailVerified: false } },
    { field: 'firstName', inRoq: { firstName: 'Else' }, told: { firstName: null } },
  ];

  test.each(drifts)(
    'of $field by hand ($inRoq) is found, and put right',
    async ({ field, inRoq, told = {} }) => {
      const user = await signUpOne(told);
      const right = { ...timeless(user), ...(told.firstName === null && { firstName: null }) };
      Object.assign(roqUser(user), inRoq);
      const found = { drifted: 1, fields: { [field]: 1 }, examples: { drifted: [user] } };
      expect(await audit({ apply: false })).toMatchObject({ ...found, repaired: 0 });
      expect(roqUser(user)).toMatchObject(inRoq);
      expect(await audit()).toMatchObject({ ...found, repaired: 1 });
      expect(timeless(user)).toEqual(right);
      expect(await audit()).toMatchObject({ drifted: 0, repaired: 0, fields: {} });
    },
  );
});

describe('who is left out by the scope', () => {
  beforeAll(start);
  afterAll(() => world.close());

  test('and is in ROQ is counted and named, and stays as they are there; who never was there is not', async () => {
    const left = await signUpOne();
    await world.deliver(left, { outOfScope: true, firstName: 'New' }, world.now());
    await world.deliver('never', { outOfScope: true }, world.now());
    Object.assign(roqUser(left), { firstName: 'By hand' });
    expect(await audit()).toMatchObject({ outOfScope: 1, drifted: 0, examples: { outOfScope: [left] } });
    expect(roqUser(left)).toMatchObject({ firstName: 'By hand', active: true });
    expect(world.usersOf('never')).toEqual([]);
  });
});

describe('drift', () => {
  eachInItsOwnWorld();

  test('of several fields of many users is counted by field', async () => {
    const users = await signUp(30);
    for (const user of users) Object.assign(roqUser(user), { firstName: 'Else', isOptedIn: false });
    Object.assign(roqUser(users[0] ?? ''), { phone: '+1' });
    const report = await audit();
    expect(report).toMatchObject({
      drifted: 30,
      repaired: 30,
      fields: { firstName: 30, isOptedIn: 30, phone: 1 },
    });
    expect(report.examples.drifted).toHaveLength(10);
    for (const user of users) expect(roqUser(user)).toMatchObject({ firstName: 'Anna', isOptedIn: true });
  });

  test('is none where ROQ holds what nobody told otherwise, of which nothing is written', async () => {
    const user = randomUUID();
    await world.deliver(user, { email: 'anna@x.example' }, 1);
    Object.assign(roqUser(user), { phone: '+49', customData: { b: 1, a: 2 } });
    const record = await world.record(user);
    expect(await audit()).toMatchObject({ drifted: 0, inStep: 1, repaired: 0 });
    expect(await world.record(user)).toEqual(record);
    expect(record?.observed).toEqual({ email: 'anna@x.example', isOptedIn: false, active: true });
    const before = await wholeState();
    expect(await audit()).toMatchObject({ inStep: 1 });
    expect(await wholeState()).toEqual(before);
  });
});

describe('of every kind of trouble', () => {
  eachInItsOwnWorld();

  test('a dry run finds the same and changes nothing; what can be is repaired; the next finds nothing', async () => {
    const planted = await plant();
    const before = await wholeState();
    const dry = await audit({ apply: false });
    expect(await wholeState()).toEqual(before);
    const applied = await audit();
    expect({ ...applied, repaired: 0, examples: {} }).toEqual({ ...dry, examples: {} });
    expect(applied).toMatchObject({
      records: 12,
      inStep: 8,
      drifted: 3,
      repaired: 3,
      missing: 1,
      users: 13,
      strangers: 1,
      adopted: 0,
      duplicates: 2,
      fields: { firstName: 1, active: 2 },
      examples: { missing: [planted.missing], strangers: ['stranger'] },
    });
    expect(applied.examples.drifted?.toSorted()).toEqual(
      [planted.changed, planted.deactivated, planted.reactivated].toSorted(),
    );
    expect(applied.examples.duplicates?.toSorted()).toEqual([planted.twice, planted.twice]);
    expect(roqUser(planted.changed).firstName).toBe('Anna');
    expect(roqUser(planted.deactivated).active).toBe(true);
    expect(roqUser(planted.reactivated).active).toBe(false);
    expect(await audit()).toMatchObject({ inStep: 11, drifted: 0, repaired: 0, missing: 0, parked: 1 });
  });

  test('a user that ROQ no longer has is for a person, and not made anew', async () => {
    const { missing } = await plant();
    await audit();
    expect(await world.record(missing)).toMatchObject({ queue: 'parked', lastError: 'roq_user_missing' });
    expect(world.usersOf(missing)).toEqual([]);
    expect(await world.record(missing)).toMatchObject({ facts: { email: { value: base.email } } });
  });

  test('duplicates and strangers are listed, and no longer once they are gone', async () => {
    const { twice } = await plant();
    await audit({ apply: false });
    const [, second, third] = world.usersOf(twice).map(({ id }) => id);
    expect((await listed('duplicate')).toSorted()).toEqual(
      [
        [second, twice],
        [third, twice],
      ].toSorted(),
    );
    expect(await listed('stranger')).toEqual([[roqUser('stranger').id, 'stranger']]);
    removeFromRoq(({ id, reference }) => reference === 'stranger' || id === second);
    await audit({ apply: false });
    expect(await listed('duplicate')).toEqual([[third, twice]]);
    expect(await listed('stranger')).toEqual([]);
  });

  test('the active users are counted for the ceiling', async () => {
    await plant();
    await audit();
    const total = await world.documents.get('total', 'users');
    // Of two who were changed by hand one is active, before the repair as after it.
    expect(total?.document).toEqual({ active: 9 });
    await audit();
    expect((await world.documents.get('total', 'users'))?.document).toEqual({ active: 9 });
  });
});

describe('records that are out of step already', () => {
  eachInItsOwnWorld();

  test('are left alone and counted', async () => {
    const [held, pending] = [await signUpOne(), await signUpOne()];
    const [parked, other] = [await signUpOne(), await signUpOne()];
    const waiting = randomUUID();
    await world.deliver(waiting, { firstName: 'A' }, 2);
    Object.assign(world.limits, { count: 0 });
    await world.deliver(held, { disabled: true }, 2);
    world.roqServer.fail.next({ how: 'throttle' });
    await world.deliver(pending, { firstName: 'B' }, 2);
    world.roqServer.fail.always({ how: 'refuse', operation: 'updateUser', reference: parked });
    await world.deliver(parked, { firstName: 'B' }, 2);
    world.roqServer.fail.clear();
    const before = await wholeState();
    expect(await audit()).toMatchObject({
      records: 5,
      inStep: 1,
      drifted: 0,
      pending: 1,
      waiting: 1,
      parked: 1,
      held: 1,
    });
    const { records, users } = await wholeState();
    expect(users).toEqual(before.users);
    const isOut = ({ reference }: UserRecord) => reference !== other;
    expect(records.filter(isOut)).toEqual(before.records.filter(isOut));
    expect((await world.documents.get('total', 'users'))?.document).toEqual({ active: 4 });
  });

  test('are joined by deactivations over the ceiling, which counts an audit with all other doors', async () => {
    const users = await signUp(10, { disabled: true });
    const live = await signUpOne();
    world.pass(2 * 60 * 60_000);
    for (const user of users) Object.assign(roqUser(user), { active: true, firstName: 'Else' });
    Object.assign(world.limits, { count: 4 });
    await world.deliver(live, { disabled: true }, 2);
    const report = await audit({}, { ...world.ports, admit: world.ports.admitIn('audit-1') });
    expect(report).toMatchObject({ drifted: 10, repaired: 3 });
    expect(users.filter((user) => roqUser(user).active === false)).toHaveLength(3);
    for (const user of users) expect(roqUser(user)).toMatchObject({ firstName: 'Anna' });
    expect(await audit()).toMatchObject({ inStep: 4, held: 7, drifted: 0 });
  });
});

describe('strangers that are adopted', () => {
  eachInItsOwnWorld();

  test('are recorded once each, and found by their next event without a create', async () => {
    for (const reference of ['a', 'b', 'b'])
      await world.roq.createUser({ reference, email: `${reference}@x.example` });
    const [first] = world.usersOf('b');
    expect(await audit({ adopt: true })).toMatchObject({ users: 3, strangers: 2, adopted: 2, duplicates: 1 });
    expect(await world.record('b')).toMatchObject({ roqId: first?.id, facts: {}, queue: null, lease: null });
    const creates = world.roqServer.requests.createUser;
    expect(
      await world.deliver('a', { email: 'a@x.example', firstName: 'A', emailVerified: true }, 1),
    ).toMatchObject({
      is: 'done',
    });
    await world.deliver('b', { email: 'new@x.example' }, 1);
    expect(world.usersOf('a')).toMatchObject([{ email: 'a@x.example', firstName: 'A', isOptedIn: true }]);
    expect(world.usersOf('b')).toMatchObject([{ email: 'new@x.example' }, { email: 'b@x.example' }]);
    expect(world.roqServer.requests.createUser).toBe(creates);
    expect(await audit({ adopt: true })).toMatchObject({
      strangers: 0,
      adopted: 0,
      duplicates: 1,
      inStep: 2,
    });
  });

  test('and changed in ROQ before anybody told of them are in step, as they are now', async () => {
    await world.roq.createUser({ reference: 'a', email: 'a@x.example' });
    await audit({ adopt: true });
    Object.assign(roqUser('a'), { phone: '+49' });
    expect(await audit()).toMatchObject({ inStep: 1, drifted: 0 });
    expect(await world.record('a')).toMatchObject({
      observed: { active: true, isOptedIn: false },
      queue: null,
      lease: null,
    });
  });
});

describe('in pages', () => {
  eachInItsOwnWorld();

  test('broken off after each and carried on from what is stored gives the report of one go', async () => {
    await plant();
    const users = await signUp(38);
    for (const user of users.slice(0, 9)) Object.assign(roqUser(user), { lastName: 'Else' });
    const whole = await audit({ apply: false });
    const paged = await audit({ apply: true }, world.ports, 7);
    expect(paged).toMatchObject({
      records: 50,
      drifted: 12,
      repaired: 12,
      strangers: 1,
      duplicates: 2,
      users: 51,
    });
    expect({ ...paged, repaired: 0, examples: {} }).toEqual({ ...whole, examples: {} });
    for (const kind of ['drifted', 'duplicates', 'strangers'] as const) {
      expect(paged.examples[kind]?.length).toBe(whole.examples[kind]?.length);
    }
  });

  test.each([
    { how: 'bad-gateway', times: 1 },
    { how: 'bad-gateway', times: 4 },
    { how: 'answer-lost', times: 1 },
  ] as const)(
    'that meet $how $times times at any request find what one finds that meets none',
    async (fault) => {
      const users = await signUp(14);
      for (const reference of ['a', 'b', users[7] ?? ''])
        await world.roq.createUser({ reference, email: 'a@x.example' });
      const drift = () => users.slice(0, 8).map((user) => Object.assign(roqUser(user), { lastName: 'Else' }));
      drift();
      const whole = await audit({ apply: false }, world.ports, 8);
      expect(whole).toMatchObject({ drifted: 8, strangers: 2, duplicates: 1 });
      for (let nth = 1, asked = nth; asked >= nth; nth += fault.times) {
        drift();
        asked = 0;
        world.roqServer.fail.sometimes({ how: fault.how }, 0.5, () => {
          asked += 1;
          return asked >= nth && asked < nth + fault.times ? 0 : 1;
        });
        const report = await audit({}, world.ports, 8);
        world.roqServer.fail.clear();
        const left = await world.queries.count('pending');
        expect({ nth, ...report, examples: {} }).toEqual({ nth, ...whole, repaired: 8 - left, examples: {} });
        await world.drain();
        for (const user of users) expect(roqUser(user).lastName).toBe('W');
      }
    },
  );

  test('whose repairs ROQ does not take leave every one of them to the schedule', async () => {
    const users = await signUp(80);
    for (const user of users) Object.assign(roqUser(user), { lastName: 'Else' });
    world.roqServer.fail.always({ how: 'throttle', operation: 'updateUser' });
    expect(await audit()).toMatchObject({ drifted: 80, repaired: 0 });
    expect(await world.queries.count('pending')).toBe(80);
    world.roqServer.fail.clear();
    await world.drain();
    expect(users.filter((user) => roqUser(user).lastName !== 'W')).toEqual([]);
  });

  test('without ROQ stand still, and lose and change nothing', async () => {
    await plant();
    const before = await wholeState();
    const job = newAudit({ apply: true, adopt: false });
    world.roqServer.fail.always({ how: 'drop' });
    expect(await auditPage(world.ports, job, budget(createConcurrency({ max: 8 })))).toBe(job);
    expect(await wholeState()).toEqual(before);
  });
});

async function start(): Promise<void> {
  world = await startWorld({ pageCap: 100, timeoutMs: 5_000 });
}

// An audit is of the whole table.
function eachInItsOwnWorld(): void {
  beforeEach(start);
  afterEach(() => world.close());
}

/** A whole audit, each page from the job as it was stored; a page that ROQ broke off is taken again. */
async function audit(
  { apply = true, adopt = false } = {},
  ports: World['ports'] = world.ports,
  pageSize?: number,
): Promise<AuditReport> {
  let job: AuditJob = newAudit({ apply, adopt });
  for (let page = 0; page < 60 && job.cursor !== null; page++) {
    const stored = structuredClone(job);
    try {
      job = await auditPage(ports, stored, budget(createConcurrency({ max: 8 })), pageSize);
    } catch (error) {
      if (!(error instanceof RoqError)) throw error;
    }
  }
  expect(job.cursor).toBeNull();
  return job.report;
}

function budget(concurrency: ReturnType<typeof createConcurrency>) {
  return { deadline: world.now() + 60_000, leaseMs: 90_000, concurrency };
}

/** Users whom ROQ holds as they were told. */
async function signUp(count: number, later: Told = {}): Promise<readonly string[]> {
  const users = Array.from({ length: count }, () => randomUUID());
  for (const [at, told] of [
    [1, base],
    [2, later],
  ] as const) {
    const folded = await Promise.all(users.map((user) => world.fold(user, told, at)));
    await converge(
      world.ports,
      folded.flatMap(({ leased }) => leased ?? []),
      world.now() + 60_000,
    );
  }
  return users;
}

async function signUpOne(later: Told = {}): Promise<string> {
  const [user] = await signUp(1, later);
  if (user === undefined) throw new Error('nobody signed up');
  return user;
}

/** One of every kind of trouble among users who are in step. */
async function plant() {
  await signUp(6);
  await world.deliver(randomUUID(), { deleted: true }, 1);
  const [changed, deactivated] = [await signUpOne(), await signUpOne()];
  const reactivated = await signUpOne({ disabled: true });
  const [missing, twice] = [await signUpOne(), await signUpOne()];
  Object.assign(roqUser(changed), { firstName: 'Else' });
  Object.assign(roqUser(deactivated), { active: false });
  Object.assign(roqUser(reactivated), { active: true });
  removeFromRoq(({ reference }) => reference === missing);
  await world.roq.createUser({ reference: twice, email: 'second@x.example' });
  await world.roq.createUser({ reference: twice, email: 'third@x.example', active: false });
  await world.roq.createUser({ reference: 'stranger', email: 'stranger@x.example', active: false });
  return { changed, deactivated, reactivated, missing, twice };
}

function removeFromRoq(isGone: (user: RoqUser) => boolean): void {
  const rows = world.roqServer.users as RoqUser[];
  rows.splice(0, rows.length, ...rows.filter((user) => !isGone(user)));
}

function roqUser(reference: string): RoqUser {
  const [user] = world.usersOf(reference);
  if (!user) throw new Error(`${reference} is not in ROQ`);
  return user;
}

function timeless(reference: string) {
  const { updatedAt: _updatedAt, optedInAt: _optedInAt, ...user } = structuredClone(roqUser(reference));
  return user;
}

async function wholeState() {
  const { records } = await world.queries.page(null, 1_000);
  return { records, users: structuredClone(world.roqServer.users) };
}

async function listed(kind: 'stranger' | 'duplicate'): Promise<readonly (readonly string[])[]> {
  const entries = await Array.fromAsync(world.documents.list<Finding>(kind));
  return entries.map(({ id, document }) => [id, document.reference]);
}
