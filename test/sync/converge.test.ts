import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Leased } from '../../lib/dynamodb/fold.ts';
import { RoqError } from '../../lib/roq/faults.ts';
import { type ConvergePorts, converge } from '../../lib/sync/converge.ts';
import { backoffMs, landingMs, maxBackoffMs } from '../../lib/sync/outcome.ts';
import type { Told } from '../../lib/user.ts';
import type { RoqUser } from '../../local/roq-user.ts';
import { startWorld, type World } from '../support/world.ts';

const anna: Told = { email: 'anna@x.example', firstName: 'Anna', customData: '{"plan":"pro"}' };

let world: World;
let reference: string;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());
beforeEach(() => {
  world.roqServer.fail.clear();
  reference = randomUUID();
});

describe('a user follows its facts', () => {
  test('signed up, verified, disabled, enabled, changed, deleted', async () => {
    await world.deliver(reference, anna, 1);
    expectUser({ email: 'anna@x.example', isOptedIn: false, active: true, customData: { plan: 'pro' } });
    await world.deliver(reference, { emailVerified: true }, 2);
    expectUser({ isOptedIn: true, active: true });
    await world.deliver(reference, { disabled: true }, 3);
    expectUser({ isOptedIn: true, active: false });
    await world.deliver(reference, { disabled: false }, 4);
    expectUser({ active: true });
    await world.deliver(reference, { firstName: null, lastName: 'W' }, 5);
    expectUser({ firstName: null, lastName: 'W', email: 'anna@x.example' });
    await world.deliver(reference, { deleted: true }, 6);
    expectUser({ active: false });
    await expectInStep();
  });

  test('whose verification arrives before its signup waits, and is then created opted in', async () => {
    expect(await world.deliver(reference, { emailVerified: true }, 2)).toMatchObject({ is: 'waiting' });
    expect(world.usersOf(reference)).toHaveLength(0);
    expect(await world.record(reference)).toMatchObject({ queue: 'waiting' });
    await world.deliver(reference, anna, 1);
    expectUser({ isOptedIn: true, active: true });
    await expectInStep();
  });

  test('who was deleted before we heard of them is not created', async () => {
    await world.deliver(reference, { deleted: true }, 2);
    await world.deliver(reference, anna, 1);
    expect(world.usersOf(reference)).toHaveLength(0);
    expect(await world.record(reference)).toMatchObject({ queue: null, syncedVersion: 2 });
  });

  test('and who existed in ROQ before us is adopted, and keeps what nobody told us about', async () => {
    await world.roq.createUser({
      reference,
      email: 'old@x.example',
      phone: '+4930',
      isOptedIn: true,
      active: true,
    });
    await world.deliver(reference, anna, 1);
    // ROQ was told nothing of this address.
    expectUser({ email: 'anna@x.example', phone: '+4930', isOptedIn: false, active: true });
    await expectInStep();
  });

  test('and is still opted in with the address that ROQ has', async () => {
    await world.roq.createUser({ reference, email: 'anna@x.example', isOptedIn: true });
    await world.deliver(reference, anna, 1);
    expectUser({ email: 'anna@x.example', firstName: 'Anna', isOptedIn: true });
    await expectInStep();
  });

  test('is disabled at once even if all we know of them is that', async () => {
    await world.roq.createUser({ reference, email: 'old@x.example' });
    await world.deliver(reference, { disabled: true }, 1);
    expectUser({ email: 'old@x.example', active: false });
  });

  test('is found though ROQ hides deactivated users', async () => {
    await world.roq.createUser({ reference, email: 'old@x.example', active: false });
    await world.deliver(reference, { ...anna, disabled: false }, 1);
    expectUser({ active: true });
  });

  test('is never taken for another one who has the same e-mail address', async () => {
    await world.roq.createUser({
      reference: `${reference}-other`,
      email: 'anna@x.example',
      firstName: 'Other',
    });
    await world.deliver(reference, anna, 1);
    expectUser({ firstName: 'Anna' });
    expect(world.usersOf(`${reference}-other`)).toMatchObject([{ firstName: 'Other' }]);
  });

  test('who is in ROQ several times is kept in the oldest, and the others are reported', async () => {
    const oldest = await world.roq.createUser({ reference, email: 'a@x.example' });
    const newer = await world.roq.createUser({ reference, email: 'b@x.example', active: false });
    expect(await world.deliver(reference, anna, 1)).toMatchObject({ is: 'done', did: 'adopt' });
    expect(await world.documents.get('duplicate', newer.id)).toMatchObject({ document: { reference } });
    expect(await world.documents.get('duplicate', oldest.id)).toBeNull();
    expect(await world.record(reference)).toMatchObject({ roqId: oldest.id });
    expect(world.usersOf(reference)).toMatchObject([{ email: 'anna@x.example' }, { email: 'b@x.example' }]);
  });
});

describe('an outcome says what was done', () => {
  test('to a user who is made, changed, deactivated, or was found', async () => {
    const nothing = { code: null, did: null, fields: [], deactivated: false };
    const tell = (told: Told, at: number) => world.deliver(reference, told, at);
    expect(await tell({ emailVerified: true }, 1)).toEqual({ reference, is: 'waiting', ...nothing });
    expect(await tell(anna, 2)).toEqual({ reference, is: 'done', ...nothing, did: 'create' });
    // Said again, it needs nobody to converge it.
    expect(await tell({ firstName: 'Anna' }, 3)).toBeUndefined();
    const update = { reference, is: 'done', ...nothing, did: 'update' };
    expect(await tell({ lastName: 'W' }, 4)).toEqual({ ...update, fields: ['lastName'] });
    expect(await tell({ disabled: true }, 5)).toEqual({ ...update, fields: ['active'], deactivated: true });
    expect(await tell({ disabled: false }, 6)).toEqual({ ...update, fields: ['active'] });
    reference = randomUUID();
    await world.roq.createUser({ reference, email: 'old@x.example' });
    const adopted = { ...update, reference, did: 'adopt', fields: ['email', 'firstName', 'customData'] };
    expect(await tell(anna, 1)).toEqual(adopted);
  });

  test('to nobody, where it failed', async () => {
    world.roqServer.fail.always({ how: 'refuse', operation: 'createUser', reference });
    const refused = {
      reference,
      is: 'parked',
      code: 'roq_refused',
      did: null,
      fields: [],
      deactivated: false,
    };
    expect(await world.deliver(reference, anna, 1)).toEqual(refused);
  });

  test('and that the lease was lost, where it was', async () => {
    const { leased } = await world.fold(reference, anna, 1);
    if (!leased) throw new Error('the lease is taken');
    world.pass(60_000);
    await taken();
    expect(await converge(world.ports, [leased], world.now() + 2_000)).toMatchObject([{ is: 'lost' }]);
  });
});

describe('round trips to ROQ', () => {
  test('two for a signup, one for every other event, none for a repeat or where nothing differs', async () => {
    expect(await roqCalls(() => world.deliver(reference, anna, 1))).toBe(2);
    expect(await roqCalls(() => world.deliver(reference, { emailVerified: true }, 2))).toBe(1);
    expect(await roqCalls(() => world.deliver(reference, { emailVerified: true }, 2))).toBe(0);
    expect(await roqCalls(() => world.deliver(reference, { firstName: 'Anna' }, 3))).toBe(0);
  });

  test('two for a whole batch of signups', async () => {
    const leased = await leaseMany(20);
    // One page of the look-up: none of them is there yet.
    expect(await roqCalls(() => converge(world.ports, leased, world.now() + 5_000))).toBe(2);
    for (const record of leased) expect(world.usersOf(record.reference)).toHaveLength(1);
  });
});

describe('when something fails', () => {
  test.each(['drop', 'bad-gateway', 'throttle', 'answer-lost'] as const)(
    'a signup that meets "%s" ends with one user',
    async (how) => {
      world.roqServer.fail.next({ how, operation: 'createUser' });
      await world.deliver(reference, anna, 1);
      await world.drain();
      expectUser({ email: 'anna@x.example' });
      await expectInStep();
    },
  );

  test('a lost answer to a create is cleared up at once when the user is there', async () => {
    world.roqServer.fail.next({ how: 'no-answer', operation: 'createUser' });
    expect(await world.deliver(reference, anna, 1)).toMatchObject({ is: 'done' });
    expectUser({ email: 'anna@x.example' });
  });

  test('a create without an answer that is not there yet may still land: nobody touches the user meanwhile', async () => {
    world.roqServer.fail.next({ how: 'drop', operation: 'createUser' });
    expect(await world.deliver(reference, anna, 1)).toMatchObject({ is: 'retry', code: 'roq_ambiguous' });
    await world.deliver(reference, { emailVerified: true }, 2);
    expect(world.usersOf(reference)).toHaveLength(0);
    const untilMs = world.now() + landingMs;
    expect(await world.record(reference)).toMatchObject({ lease: { untilMs }, dueAt: untilMs });
    await world.roq.createUser({ reference, email: 'anna@x.example', firstName: 'late' });
    world.pass(landingMs);
    await world.deliver(reference, { lastName: 'W' }, 3);
    expectUser({ isOptedIn: true, firstName: 'Anna', lastName: 'W' });
    await expectInStep();
  });

  test('an update without an answer is looked up before it is believed', async () => {
    await world.deliver(reference, anna, 1);
    world.roqServer.fail.next({ how: 'answer-lost', operation: 'updateUser' });
    world.roqServer.fail.next({ how: 'drop', operation: 'users' });
    await world.deliver(reference, { disabled: true }, 2);
    expectUser({ active: false });
    await world.deliver(reference, { disabled: false }, 3);
    await world.drain();
    expectUser({ active: true });
    await expectInStep();
  });

  test('what ROQ refuses is parked with its code, and new facts set it going again', async () => {
    world.roqServer.fail.always({ how: 'refuse', operation: 'createUser', reference });
    expect(await world.deliver(reference, anna, 1)).toMatchObject({ is: 'parked', code: 'roq_refused' });
    expect(await world.record(reference)).toMatchObject({
      queue: 'parked',
      lastError: 'roq_refused',
      lease: null,
    });
    world.roqServer.fail.clear();
    await world.deliver(reference, { emailVerified: true }, 2);
    expectUser({ isOptedIn: true });
    await expectInStep();
  });

  test('a profile value that ROQ refuses does not keep a disabled user active', async () => {
    await world.deliver(reference, anna, 1);
    world.roqServer.fail.always({ how: 'refuse', operation: 'updateUser', field: 'timezone' });
    await world.deliver(reference, { timezone: 'nowhere', disabled: true }, 2);
    expectUser({ active: false, timezone: null });
    expect(await world.record(reference)).toMatchObject({ queue: 'parked', observed: { active: false } });
  });

  test('nor one who confirmed his address from being opted in', async () => {
    await world.deliver(reference, anna, 1);
    world.roqServer.fail.always({ how: 'refuse', operation: 'updateUser', field: 'timezone' });
    await world.deliver(reference, { timezone: 'nowhere', emailVerified: true }, 2);
    expectUser({ isOptedIn: true, active: true, timezone: null });
    expect(await world.record(reference)).toMatchObject({ queue: 'parked', observed: { isOptedIn: true } });
  });

  test('nor one who was let back in, however often ROQ has no time for that', async () => {
    await world.deliver(reference, { ...anna, disabled: true }, 1);
    expectUser({ active: false });
    world.roqServer.fail.always({ how: 'refuse', operation: 'updateUser', field: 'timezone' });
    const { roq } = world.ports;
    const change: typeof roq.change = async (changes, call) => {
      const isStatusAlone = changes.every((one) => 'update' in one && !('timezone' in one.update.user));
      if (isStatusAlone) throw new RoqError('roq_throttled', 'none');
      return roq.change(changes, call);
    };
    const busy = { ...world.ports, roq: { ...roq, change } };
    const back = { timezone: 'nowhere', disabled: false };
    expect(await world.deliver(reference, back, 2, busy)).toMatchObject({
      is: 'retry',
      code: 'roq_throttled',
    });
    await world.drain();
    expectUser({ active: true, timezone: null });
    expect(await world.record(reference)).toMatchObject({ queue: 'parked', lastError: 'roq_refused' });
  });

  test('what ROQ refuses is not sent again where there is no status beside it', async () => {
    await world.deliver(reference, anna, 1);
    world.roqServer.fail.always({ how: 'refuse', operation: 'updateUser' });
    expect(await roqCalls(() => world.deliver(reference, { timezone: 'nowhere' }, 2))).toBe(1);
    expect(await roqCalls(() => world.deliver(reference, { disabled: true, emailVerified: true }, 3))).toBe(
      // Both in one request, a look at what became of it, and what takes away by itself.
      3,
    );
  });

  test('a batch that fails in the middle is finished one by one, without the one that ROQ refuses', async () => {
    const leased = await leaseMany(6);
    const refused = leased[2]?.reference ?? '';
    world.roqServer.fail.always({ how: 'refuse', operation: 'createUser', reference: refused });
    const outcomes = await converge(world.ports, leased, world.now() + 5_000);
    for (const { reference, is } of outcomes) {
      expect(is).toBe(reference === refused ? 'parked' : 'done');
      expect(world.usersOf(reference)).toHaveLength(reference === refused ? 0 : 1);
    }
    expect(outcomes).toHaveLength(6);
  });

  test('a batch that is not answered leaves nobody twice', async () => {
    const leased = await leaseMany(6);
    world.roqServer.fail.next({ how: 'drop', operation: 'createUser' });
    await converge(world.ports, leased, world.now() + 5_000);
    await world.drain();
    for (const record of leased) expect(world.usersOf(record.reference)).toHaveLength(1);
  });

  test('a user that ROQ no longer has is not made anew: a person is asked', async () => {
    await world.deliver(reference, anna, 1);
    vanish();
    expect(await world.deliver(reference, { lastName: 'W' }, 2)).toMatchObject({
      is: 'parked',
      code: 'roq_user_missing',
    });
    expect(world.usersOf(reference)).toHaveLength(0);
  });

  test('and who was made there anew by hand is taken up by the next event', async () => {
    await world.deliver(reference, anna, 1);
    vanish();
    await world.deliver(reference, { lastName: 'W' }, 2);
    await world.roq.createUser({ reference, email: 'anna@x.example' });
    expect(await world.deliver(reference, { lastName: 'V' }, 3)).toMatchObject({ is: 'done' });
    expectUser({ lastName: 'V', firstName: 'Anna' });
    await expectInStep();
  });

  test('facts that come in during a failing attempt are not put off by the failures before them', async () => {
    await world.deliver(reference, anna, 1);
    world.roqServer.fail.always({ how: 'throttle', operation: 'updateUser' });
    const { leased } = await world.fold(reference, { lastName: 'W' }, 2);
    if (!leased) throw new Error('the lease is taken');
    const failing = { ...leased, attempts: 12 };
    const roq: ConvergePorts['roq'] = {
      ...world.roq,
      change: async (...args) => {
        await world.fold(reference, { disabled: true }, 3);
        return world.roq.change(...args);
      },
    };
    await converge({ ...world.ports, roq }, [failing], world.now() + 2_000);
    const record = await world.record(reference);
    expect(record?.facts.disabled?.value).toBe(true);
    expect((record?.dueAt ?? 0) - world.now()).toBeLessThan(10_000);
  });

  test('and wait for an unanswered change to land, and no longer', async () => {
    await world.deliver(reference, anna, 1);
    const { leased } = await world.fold(reference, { lastName: 'W' }, 2);
    if (!leased) throw new Error('the lease is taken');
    world.roqServer.fail.always({ how: 'drop' });
    const roq: ConvergePorts['roq'] = {
      ...world.roq,
      change: async (...args) => {
        await world.fold(reference, { disabled: true }, 3);
        return world.roq.change(...args);
      },
    };
    await converge({ ...world.ports, roq }, [{ ...leased, attempts: 12 }], world.now() + 2_000);
    expect(await world.record(reference)).toMatchObject({
      dueAt: world.now() + landingMs,
      lease: { untilMs: world.now() + landingMs },
    });
  });

  test('without time left nothing is begun, and the record is pending', async () => {
    const { leased } = await world.fold(reference, anna, 1);
    if (!leased) throw new Error('the lease is taken');
    expect(await roqCalls(() => converge(world.ports, [leased], world.now()))).toBe(0);
    expect(await world.record(reference)).toMatchObject({ queue: 'pending', lease: null });
    await world.drain();
    expectUser({ email: 'anna@x.example' });
  });
});

describe('two at once on one user', () => {
  test('make one user, with the facts of both', async () => {
    await Promise.all([
      world.deliver(reference, anna, 1),
      world.deliver(reference, { email: 'anna@x.example', emailVerified: true }, 2),
      world.deliver(reference, { email: 'anna@x.example', lastName: 'W' }, 3),
    ]);
    await world.drain();
    expectUser({ isOptedIn: true, lastName: 'W', firstName: 'Anna' });
    await expectInStep();
  });

  test('a fold that arrives while the lease is held is converged by its holder', async () => {
    const { leased } = await world.fold(reference, anna, 1);
    if (!leased) throw new Error('the lease is taken');
    await world.deliver(reference, { disabled: true }, 2);
    expect(world.usersOf(reference)).toHaveLength(0);
    await converge(world.ports, [leased], world.now() + 2_000);
    expectUser({ active: false });
    await expectInStep();
  });
});

describe('a crash', () => {
  const steps = ['look-up', 'change', 'mark'] as const;
  const crashes = steps.flatMap((step) => [
    { step, when: 'before' as const },
    { step, when: 'after' as const },
  ]);

  test.each(crashes)('$when the $step of a signup ends with one user, in step', async ({ step, when }) => {
    await expect(world.deliver(reference, anna, 1, crashing(step, when))).rejects.toThrow('crash');
    await world.drain();
    expectUser({ email: 'anna@x.example' });
    await expectInStep();
  });

  test.each(crashes.slice(2))(
    '$when the $step of a disabling, then enabled: active',
    async ({ step, when }) => {
      await world.deliver(reference, anna, 1);
      await expect(world.deliver(reference, { disabled: true }, 2, crashing(step, when))).rejects.toThrow(
        'crash',
      );
      await world.deliver(reference, { disabled: false }, 3);
      await world.drain();
      expectUser({ active: true });
      await expectInStep();
    },
  );

  test.each(crashes.slice(2))(
    '$when the $step, and the lease run out as the next event comes',
    async ({ step, when }) => {
      await world.deliver(reference, anna, 1);
      await expect(world.deliver(reference, { disabled: true }, 2, crashing(step, when))).rejects.toThrow(
        'crash',
      );
      world.pass(60_000);
      await world.deliver(reference, { disabled: false }, 3);
      expectUser({ active: true });
      await expectInStep();
    },
  );
});

test('back-off grows with full jitter up to an hour, and never undercuts what ROQ said', () => {
  expect(backoffMs(0, null, () => 0)).toBe(0);
  expect(backoffMs(0, null, () => 0.999)).toBeLessThanOrEqual(5_000);
  expect(backoffMs(4, null, () => 0.5)).toBe(40_000);
  expect(backoffMs(99, null, () => 0.999)).toBeLessThanOrEqual(maxBackoffMs);
  expect(backoffMs(0, 30_000, () => 0)).toBe(30_000);
  expect(backoffMs(0, 2 * maxBackoffMs, () => 0)).toBe(2 * maxBackoffMs);
  expect(backoffMs(0, 1_000 * maxBackoffMs, () => 0)).toBe(24 * maxBackoffMs);
});

function crashing(step: 'look-up' | 'change' | 'mark', when: 'before' | 'after'): ConvergePorts {
  const { store, roq } = world.ports;
  async function crash<Answer>(work: () => Promise<Answer>): Promise<Answer> {
    if (when === 'after') await work();
    throw new Error('crash');
  }
  return {
    ...world.ports,
    store: { ...store, ...(step === 'mark' && { mark: (...args) => crash(() => store.mark(...args)) }) },
    roq: {
      change: step === 'change' ? (...args) => crash(() => roq.change(...args)) : roq.change,
      usersOf: step === 'look-up' ? (...args) => crash(() => roq.usersOf(...args)) : roq.usersOf,
    },
  };
}

function vanish(): void {
  const users = world.roqServer.users as RoqUser[];
  users.splice(
    users.findIndex((user) => user.reference === reference),
    1,
  );
}

function expectUser(expected: object): void {
  expect(world.usersOf(reference)).toMatchObject([expected]);
}

async function expectInStep(): Promise<void> {
  const record = await world.record(reference);
  expect(record).toMatchObject({ syncedVersion: record?.version, queue: null, lease: null, lastError: null });
  expect(record?.roqId).toBe(world.usersOf(reference)[0]?.id);
}

async function taken(): Promise<Leased> {
  const leased = await world.store.take(reference, randomUUID(), 1_000);
  if (!leased) throw new Error('the lease is taken');
  return leased;
}

async function leaseMany(count: number): Promise<readonly Leased[]> {
  const folds = Array.from({ length: count }, (_, i) => world.fold(`${reference}-${i}`, anna, 1));
  return (await Promise.all(folds)).flatMap(({ leased }) => leased ?? []);
}

async function roqCalls(work: () => Promise<unknown>): Promise<number> {
  const before = world.roqServer.requests.graphql;
  await work();
  return world.roqServer.requests.graphql - before;
}
