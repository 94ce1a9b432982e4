import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Leased } from '../../lib/dynamodb/fold.ts';
import { createCeiling, type Totals } from '../../lib/sync/ceiling.ts';
import { converge } from '../../lib/sync/converge.ts';
import type { Told } from '../../lib/user.ts';
import { startWorld, type World } from '../support/world.ts';

const hourMs = 60 * 60_000;

let world: World;
let run: string;
let at: number;

beforeAll(async () => {
  world = await startWorld({ pageCap: 100, timeoutMs: 5_000 });
});
afterAll(() => world.close());
beforeEach(async () => {
  world.roqServer.fail.clear();
  world.pass(2 * hourMs);
  await world.documents.remove('total', 'users');
  run = randomUUID();
  at = world.now();
});

describe('the ceiling', () => {
  test('lets its count through in an hour and the one before together, and again when both are over', async () => {
    limit({ count: 10 });
    const toNextHour = () => world.pass(hourMs - (world.now() % hourMs));
    toNextHour();
    world.pass(hourMs - 1_000);
    expect(await world.ports.admit(7, 'disabled')).toBe(7);
    // Two seconds later it is another hour, and not another ceiling.
    world.pass(2_000);
    expect(await world.ports.admit(7, 'disabled')).toBe(3);
    expect(await world.ports.admit(7, 'disabled')).toBe(0);
    toNextHour();
    expect(await world.ports.admit(9, 'disabled')).toBe(7);
    toNextHour();
    expect(await world.ports.admit(9, 'disabled')).toBe(3);
    world.pass(2 * hourMs);
    expect(await world.ports.admit(100, 'disabled')).toBe(10);
  });

  test('is one for deletions and one for disablings: neither can use up the other', async () => {
    limit({ count: 3 });
    const users = await Promise.all(Array.from({ length: 8 }, signUpOne));
    const [attacker = '', ...others] = users;
    for (const user of others) await world.deliver(user, { deleted: true }, at);
    expect(active(...others)).toEqual([false, false, false, true, true, true, true]);
    expect(await world.deliver(attacker, { disabled: true }, at)).toMatchObject({ is: 'done' });
    expect(active(attacker)).toEqual([false]);
    // Banned and deleted at once is banned.
    const both = await signUpOne();
    await world.deliver(both, { disabled: true, deleted: true }, at);
    expect(active(both)).toEqual([false]);
  });

  test('never passes its limit, whoever counts at which moments, across hours', async () => {
    const step = fc.record({
      passMinutes: fc.integer({ min: 0, max: 90 }),
      wanted: fc.integer({ min: 1, max: 9 }),
      parallel: fc.integer({ min: 1, max: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
        const id = `hours#${randomUUID()}`;
        const admitted: { hour: number; count: number }[] = [];
        for (const { passMinutes, wanted, parallel } of steps) {
          world.pass(passMinutes * 60_000);
          const counts = await Promise.all(
            Array.from({ length: parallel }, () => world.documents.spendInHours(id, wanted, 10)),
          );
          const hour = Math.floor(world.now() / hourMs);
          for (const count of counts) admitted.push({ hour, count });
          const recent = admitted
            .filter((one) => one.hour >= hour - 1)
            .reduce((sum, one) => sum + one.count, 0);
          expect(recent).toBeLessThanOrEqual(10);
          expect(await world.documents.spentInHours(id)).toBe(recent);
          // What was asked for and not given had no room.
          if (counts.some((count) => count < wanted)) expect(recent).toBe(10);
        }
      }),
      { numRuns: 30 },
    );
  });

  test('gives a run back what the hour had no room for, and no more', async () => {
    limit({ count: 10 });
    expect(await world.ports.admitIn(run)(4, 'disabled')).toBe(4);
    expect(await world.ports.admit(4, 'disabled')).toBe(4);
    expect(await world.ports.admitIn(run)(5, 'disabled')).toBe(2);
    world.pass(2 * hourMs);
    expect(await world.ports.admitIn(run)(10, 'disabled')).toBe(4);
  });

  test('holds for one run over all its hours, and for others not', async () => {
    limit({ count: 10 });
    expect(await world.ports.admitIn(run)(8, 'disabled')).toBe(8);
    world.pass(2 * hourMs);
    expect(await world.ports.admitIn(run)(8, 'disabled')).toBe(2);
    world.pass(2 * hourMs);
    expect(await world.ports.admitIn(run)(8, 'disabled')).toBe(0);
    expect(await world.ports.admitIn(`${run}-other`)(8, 'disabled')).toBe(8);
  });

  test('is remembered for days in a run that may rest', async () => {
    const keptMs = new Map<string, number>();
    const spend: World['documents']['spend'] = (id, wanted, limit, keepMs) => {
      keptMs.set(id.split('#')[0] ?? '', keepMs);
      return world.documents.spend(id, wanted, limit, keepMs);
    };
    const ports = { documents: { ...world.documents, spend }, limits: { count: 10, share: 0 } };
    expect(await createCeiling(ports, run)(1, 'disabled')).toBe(1);
    expect(keptMs.get('run')).toBeGreaterThan(7 * 24 * hourMs);
  });

  test('counts a run within the hour too', async () => {
    limit({ count: 10 });
    expect(await world.ports.admitIn(run)(6, 'disabled')).toBe(6);
    expect(await world.ports.admit(6, 'disabled')).toBe(4);
    expect(await world.ports.admitIn(`${run}-other`)(6, 'disabled')).toBe(0);
  });

  test('counts nothing that it does not let through, neither in the hour nor in the run', async () => {
    limit({ count: 10 });
    await world.ports.admitIn(run)(10, 'disabled');
    world.pass(2 * hourMs);
    expect(await world.ports.admitIn(run)(10, 'disabled')).toBe(0);
    expect(await world.ports.admit(10, 'disabled')).toBe(10);
    expect(await world.ports.admitIn(`${run}-other`)(10, 'disabled')).toBe(0);
    world.pass(2 * hourMs);
    expect(await world.ports.admitIn(`${run}-other`)(10, 'disabled')).toBe(10);
  });

  test.each([
    { active: 1_000, share: 0.05, admitted: 50 },
    { active: 199, share: 0.1, admitted: 19 },
    { active: 100, share: 0.05, admitted: 10 },
    { active: 0, share: 0.5, admitted: 10 },
    { active: null, share: 0.5, admitted: 10 },
    { active: 1_000, share: 0, admitted: 10 },
  ])('is a share of the active users where that is more: %j', async ({ active, share, admitted }) => {
    limit({ count: 10, share });
    if (active !== null) await world.documents.put('total', 'users', { active } satisfies Totals, null);
    const admit = world.ports.admitIn(run);
    const asked = [4, 3, 5, 100, 1];
    const answers: number[] = [];
    for (const wanted of asked) answers.push(await admit(wanted, 'disabled'));
    expect(answers.every((answer, i) => answer <= (asked[i] ?? 0))).toBe(true);
    expect(answers.reduce((sum, answer) => sum + answer)).toBe(admitted);
  });

  test('is met exactly by many who ask at once, each in a run of its own', async () => {
    limit({ count: 30, share: 0.1 });
    await world.documents.put('total', 'users', { active: 500 } satisfies Totals, null);
    const gates = Array.from({ length: 20 }, (_, i) =>
      i % 2 ? world.ports.admit : world.ports.admitIn(`${run}-${i}`),
    );
    const admitted = await Promise.all(gates.map((admit, i) => admit((i % 5) + 1, 'disabled')));
    expect(admitted.reduce((sum, each) => sum + each)).toBe(50);
  });
});

describe('a deactivation over the ceiling', () => {
  test('is held, all else is done, and the user stays active', async () => {
    const user = await signUpOne();
    limit({ count: 0 });
    const outcome = await world.deliver(user, { disabled: true, firstName: 'New', emailVerified: true }, at);
    expect(outcome).toMatchObject({ is: 'held', did: 'update', deactivated: false });
    expect(world.usersOf(user)).toMatchObject([{ active: true, firstName: 'New', isOptedIn: true }]);
    expect(await world.record(user)).toMatchObject({
      queue: 'held',
      lease: null,
      syncedVersion: 1,
      version: 2,
      cleared: false,
      observed: { firstName: 'New', active: true },
    });
    expect((await Array.fromAsync(world.queries.queued('held'))).map(({ reference }) => reference)).toContain(
      user,
    );
  });

  test('asks nothing of ROQ where it is all that was told', async () => {
    const user = await signUpOne();
    limit({ count: 0 });
    const before = world.roqServer.requests.graphql;
    expect(await world.deliver(user, { deleted: true }, at)).toMatchObject({ is: 'held', did: null });
    expect(world.roqServer.requests.graphql).toBe(before);
  });

  test('is resolved by new facts that enable the user, without an operator', async () => {
    const user = await signUpOne();
    limit({ count: 0 });
    await world.deliver(user, { disabled: true }, at);
    expect(await world.deliver(user, { disabled: false }, at + 1)).toMatchObject({ is: 'done' });
    expect(world.usersOf(user)).toMatchObject([{ active: true }]);
    expect(await world.record(user)).toMatchObject({ queue: null, syncedVersion: 3, pendingSince: null });
  });

  test('is still held with new facts that say nothing of it, and let through once there is room', async () => {
    const user = await signUpOne();
    limit({ count: 0 });
    await world.deliver(user, { disabled: true }, at);
    expect(await world.deliver(user, { firstName: 'New' }, at + 1)).toMatchObject({ is: 'held' });
    expect(world.usersOf(user)).toMatchObject([{ active: true, firstName: 'New' }]);
    limit({ count: 1 });
    expect(await world.deliver(user, { lastName: 'New' }, at + 2)).toMatchObject({ is: 'done' });
    expect(world.usersOf(user)).toMatchObject([{ active: false, lastName: 'New' }]);
  });

  test('is not let through by the schedule', async () => {
    const user = await signUpOne();
    limit({ count: 0 });
    await world.deliver(user, { disabled: true }, at);
    limit({ count: 10 });
    await world.drain();
    expect(world.usersOf(user)).toMatchObject([{ active: true }]);
  });
});

describe('what counts', () => {
  test('is a user once, however often ROQ fails', async () => {
    const [user, other, third] = [await signUpOne(), await signUpOne(), await signUpOne()];
    limit({ count: 2 });
    world.roqServer.fail.always({ how: 'throttle', operation: 'updateUser' });
    for (let i = 0; i < 4; i++) {
      expect(await world.deliver(user, { disabled: true, firstName: `${i}` }, at + i)).toMatchObject({
        is: 'retry',
      });
    }
    expect(await world.record(user)).toMatchObject({ cleared: true, attempts: 1 });
    world.roqServer.fail.clear();
    expect(await world.deliver(other, { disabled: true }, at)).toMatchObject({ is: 'done' });
    expect(await world.deliver(third, { disabled: true }, at)).toMatchObject({ is: 'held' });
    await world.drain();
    expect(active(user, other, third)).toEqual([false, false, true]);
    expect(await world.record(user)).toMatchObject({ cleared: false, queue: null });
  });

  test('is a user once where an answer was lost, and where new facts came in meanwhile', async () => {
    const user = await signUpOne();
    limit({ count: 5 });
    const admit = world.ports.admitIn(run);
    world.roqServer.fail.next({ how: 'drop', operation: 'updateUser' });
    const first = await lease([user], { disabled: true });
    await world.fold(user, { firstName: 'New' }, at + 1);
    expect(await convergeAll(first, admit)).toMatchObject([{ is: 'retry', code: 'roq_ambiguous' }]);
    world.pass(2 * hourMs);
    const second = await lease([user], { lastName: 'New' }, at + 2);
    await world.fold(user, { timezone: 'UTC' }, at + 3);
    expect(await convergeAll(second, admit)).toMatchObject([{ is: 'done' }]);
    expect(active(user)).toEqual([false]);
    expect(await admit(5, 'disabled')).toBe(4);
  });

  test('is a user once where ROQ refuses and new facts send the record round again', async () => {
    const user = await signUpOne();
    limit({ count: 5 });
    const admit = world.ports.admitIn(run);
    world.roqServer.fail.always({ how: 'refuse', operation: 'updateUser', reference: user });
    const leased = await lease([user], { disabled: true });
    await world.fold(user, { firstName: 'New' }, at + 1);
    expect(await convergeAll(leased, admit)).toMatchObject([{ is: 'parked' }]);
    expect(await admit(5, 'disabled')).toBe(4);
  });

  test('is each deactivation of a user who was enabled between, even one that ROQ refuses otherwise', async () => {
    const user = await signUpOne();
    limit({ count: 1 });
    world.roqServer.fail.always({ how: 'refuse', reference: user, field: 'timezone' });
    await world.deliver(user, { timezone: 'nowhere', disabled: true }, at);
    expect(active(user)).toEqual([false]);
    await world.deliver(user, { disabled: false }, at + 1);
    expect(active(user)).toEqual([true]);
    await world.deliver(user, { disabled: true }, at + 2);
    expect(active(user)).toEqual([true]);
  });

  test('is a deactivation after another that was made, though who enabled the user between died over it', async () => {
    const user = await signUpOne();
    limit({ count: 1 });
    const told = { disabled: true, customData: 'no JSON' };
    expect(await world.deliver(user, told, at)).toMatchObject({ is: 'parked' });
    expect(active(user)).toEqual([false]);
    const died = () => Promise.reject(new Error('died'));
    const store = { ...world.ports.store, park: died };
    const enabling = await lease([user], { disabled: false }, at + 1);
    const turn = converge({ ...world.ports, store }, enabling, world.now() + 60_000);
    await expect(turn).rejects.toThrow('died');
    expect(active(user)).toEqual([true]);
    world.pass(10 * 60_000);
    await world.deliver(user, { disabled: true }, at + 2);
    expect(active(user)).toEqual([true]);
  });

  test('is no event that came before, once more or too late', async () => {
    const [user, other, third] = [await signUpOne(), await signUpOne(), await signUpOne()];
    limit({ count: 2 });
    await world.deliver(user, { disabled: true }, at);
    for (const again of [at, at, at - 1]) await world.deliver(user, { disabled: true }, again);
    await world.deliver(user, { deleted: true }, at + 1);
    expect(await world.deliver(other, { disabled: true }, at)).toMatchObject({ is: 'done' });
    expect(await world.deliver(third, { disabled: true }, at)).toMatchObject({ is: 'held' });
  });

  test('is no user who is created disabled', async () => {
    const other = await signUpOne();
    limit({ count: 1 });
    const user = randomUUID();
    const told = { email: 'a@x.example', disabled: true };
    expect(await world.deliver(user, told, at)).toMatchObject({ is: 'done', did: 'create' });
    expect(await world.deliver(other, { disabled: true }, at)).toMatchObject({ is: 'done' });
    expect(active(user, other)).toEqual([false, false]);
  });

  test('is no user whom ROQ holds deactivated already', async () => {
    limit({ count: 0 });
    const user = randomUUID();
    await world.roq.createUser({ reference: user, email: 'a@x.example', active: false });
    expect(await world.deliver(user, { disabled: true }, at)).toMatchObject({ is: 'done', did: 'adopt' });
  });
});

describe('a provider gone wrong', () => {
  test('that disables a hundred users at once disables as many as the ceiling has room for', async () => {
    const users = await signUp(100);
    limit({ count: 10 });
    const heldBefore = await world.queries.count('held');
    await Promise.all(users.map((user) => world.deliver(user, { disabled: true }, at)));
    expect(active(...users).filter((isActive) => !isActive)).toHaveLength(10);
    expect((await world.queries.count('held')) - heldBefore).toBe(90);
    await world.drain();
    expect(active(...users).filter((isActive) => !isActive)).toHaveLength(10);
  });

  test('never gets over it, however many convergers work in batches of whatever size', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 2, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(sizes, fc.nat({ max: 60 }), async (sizes, count) => {
        world.pass(2 * hourMs);
        const batches = await Promise.all(sizes.map((size) => signUp(size)));
        limit({ count });
        const leased = await Promise.all(batches.map((users) => lease(users, { disabled: true })));
        const outcomes = (await Promise.all(leased.map((batch) => convergeAll(batch)))).flat();
        const inactive = active(...batches.flat()).filter((isActive) => !isActive);
        expect(inactive).toHaveLength(Math.min(count, batches.flat().length));
        expect(outcomes.filter(({ deactivated }) => deactivated)).toHaveLength(inactive.length);
        expect(outcomes.filter(({ is }) => is === 'held')).toHaveLength(outcomes.length - inactive.length);
      }),
      { numRuns: 5 },
    );
  });
});

function limit({ count, share = 0 }: { readonly count: number; readonly share?: number }): void {
  Object.assign(world.limits, { count, share });
}

async function signUp(count: number): Promise<readonly string[]> {
  const users = Array.from({ length: count }, () => randomUUID());
  await convergeAll(await lease(users, { email: 'a@x.example', firstName: 'A' }, at - hourMs));
  return users;
}

async function signUpOne(): Promise<string> {
  const [user] = await signUp(1);
  if (user === undefined) throw new Error('nobody signed up');
  return user;
}

async function lease(users: readonly string[], told: Told, toldAt = at): Promise<readonly Leased[]> {
  const folded = await Promise.all(users.map((user) => world.fold(user, told, toldAt)));
  return folded.flatMap(({ leased }) => leased ?? []);
}

function convergeAll(leased: readonly Leased[], admit = world.ports.admit) {
  return converge({ ...world.ports, admit }, leased, world.now() + 60_000);
}

function active(...users: readonly string[]): readonly (boolean | null | undefined)[] {
  return users.map((user) => world.usersOf(user)[0]?.active);
}
