import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Noted } from '../../lib/dynamodb/documents.ts';
import { UnavailableError } from '../../lib/errors.ts';
import type { UserEvent } from '../../lib/event.ts';
import { toSteps } from '../../lib/history.ts';
import { type ReceivePorts, receive, type Sender } from '../../lib/sync/receive.ts';
import type { Told } from '../../lib/user.ts';
import { startWorld, type World } from '../support/world.ts';

const clerk: Sender = { name: 'clerk', source: 'clerk', prefix: '', isExclusive: false, lookUp: null };

let world: World;
let reference: string;

beforeAll(async () => {
  world = await startWorld({ pageCap: 100, timeoutMs: 5_000 });
});
afterAll(() => world.close());
beforeEach(() => {
  world.roqServer.fail.clear();
  world.lines.length = 0;
  reference = randomUUID();
});

describe('a request of several events', () => {
  test('records those beside one that is dated ahead, which tells nothing', async () => {
    const other = randomUUID();
    const ahead = world.now() + 6 * 60_000;
    await tell([
      event(reference, { email: 'a@x.example' }, 1),
      event(other, { email: 'b@x.example' }, ahead),
    ]);
    expect(world.usersOf(reference)).toHaveLength(1);
    expect(await world.record(other)).toBeNull();
    expect(outcomes()).toEqual(['done', 'rejected']);
  });

  test('is refused where all of it is dated ahead', async () => {
    const ahead = world.now() + 6 * 60_000;
    const request = [
      event(reference, { email: 'a@x.example' }, ahead),
      { ...event(reference, {}, 1), told: null },
    ];
    await expect(tell(request)).rejects.toMatchObject({ code: 'from_the_future' });
    expect(await world.record(reference)).toBeNull();
  });

  test('of a thousand users records every one, and makes those in ROQ that there is time for', async () => {
    const references = Array.from({ length: 1_000 }, () => randomUUID());
    await tell(references.map((one) => event(one, { email: `${one}@x.example` }, 1)));
    const records = await world.queries.getMany(references);
    expect(records.size).toBe(1_000);
    const made = references.filter((one) => world.usersOf(one).length > 0);
    expect(made).toHaveLength(100);
    // The schedule need not wait for any lease.
    expect([...records.values()].filter(({ lease }) => lease !== null)).toEqual([]);
    expect([...records.values()].filter(({ queue }) => queue === 'pending')).toHaveLength(900);
  });

  test('that can’t be recorded in time is answered that it must come again, and then gets further', async () => {
    const references = Array.from({ length: 120 }, () => randomUUID());
    const events = references.map((one) => event(one, { email: `${one}@x.example` }, 1));
    const store: ReceivePorts['store'] = {
      ...world.store,
      fold: async (...args) => {
        world.pass(50);
        return world.store.fold(...args);
      },
    };
    await expect(tell(events, clerk, { ...world.ports, store })).rejects.toBeInstanceOf(UnavailableError);
    const recorded = (await world.queries.getMany(references)).size;
    expect(recorded).toBeGreaterThan(20);
    expect(recorded).toBeLessThan(120);
    await tell(events);
    expect((await world.queries.getMany(references)).size).toBe(120);
  });
});

test('of thirty events at once for one user none is lost, and none is sent back', async () => {
  await tell([event(reference, { email: 'a@x.example' }, 1)]);
  const names = ['firstName', 'lastName', 'phone', 'locale'] as const;
  const told = Array.from({ length: 30 }, (_, i) => ({ [names[i % 4] ?? 'phone']: `${i}` }));
  await Promise.all(told.map((one, i) => tell([event(reference, one, 2 + i)])));
  await world.drain();
  expect(world.usersOf(reference)).toMatchObject([
    { firstName: '28', lastName: '29', phone: '26', locale: '27' },
  ]);
});

test('what becomes of the events is waited for even where it can’t be noted who was heard', async () => {
  world.roqServer.fail.next({ how: 'slow', delayMs: 150 });
  const noteHeard = async () => {
    throw new UnavailableError('store_unavailable', 'the table is throttled');
  };
  await tell([event(reference, { email: 'a@x.example' }, 1)], clerk, { ...world.ports, noteHeard });
  expect(world.usersOf(reference)).toHaveLength(1);
  expect(world.lines).toContainEqual({ message: 'failure', code: 'store_unavailable', cause: null });
});

test('names in the event’s line what could not be read of it, nor of the user who was read back for it', async () => {
  const lookUp = async () => ({ told: { email: 'a@x.example' }, at: 2, unread: ['profile.firstName'] });
  const partial = { ...event(reference, {}, 1), isPartial: true, unread: ['id'] };
  await tell([partial, event(reference, { firstName: 'A' }, 1)], { ...clerk, lookUp });
  expect(world.usersOf(reference)).toMatchObject([{ email: 'a@x.example', firstName: 'A' }]);
  const lines = world.lines.filter(({ message }) => message === 'event');
  expect(lines.map((line) => 'unread' in line && line.unread)).toEqual([['id', 'profile.firstName'], false]);
});

test('writes into the user’s history which expression of the mapping failed', async () => {
  await tell([{ ...event(reference, { email: 'a@x.example' }, 1), unread: ['phone', 'mapping.tenantId'] }]);
  const record = await world.store.get(reference);
  expect(toSteps(record?.steps ?? [])).toMatchObject([
    { by: 'clerk', code: 'mapping.tenantId' },
    { by: 'roq' },
  ]);
});

describe('of a provider that can be asked', () => {
  const asked: Sender = { ...clerk, asks: 'open' };
  const toAsk = () =>
    Array.fromAsync(world.documents.list<Noted>('ask'), ({ document }) => document.reference);
  beforeEach(async () => {
    for await (const { id } of world.documents.list('ask')) await world.documents.remove('ask', id);
  });

  test('an event that leaves out what changed is noted, and answered when that is written', async () => {
    await tell([{ ...event(reference, {}, 1), isPartial: true }], asked);
    expect(await toAsk()).toEqual([reference]);
    const noteAsk = async () => {
      throw new UnavailableError('store_unavailable', 'the table is throttled');
    };
    const again = tell([{ ...event(randomUUID(), {}, 1), isPartial: true }], asked, {
      ...world.ports,
      noteAsk,
    });
    await expect(again).rejects.toMatchObject({ code: 'store_unavailable' });
  });

  test('two events of one moment that say otherwise are noted, and repeats and whole events are not', async () => {
    await tell([event(reference, { email: 'a@x.example', disabled: true }, 7)], asked);
    await tell([event(reference, { email: 'a@x.example', disabled: true }, 7)], asked);
    await tell([event(reference, { email: 'a@x.example', disabled: true }, 8)], asked);
    expect(await toAsk()).toEqual([]);
    await tell([event(reference, { disabled: false }, 8)], asked);
    expect(await toAsk()).toEqual([reference]);
    expect(world.usersOf(reference)).toMatchObject([{ active: false }]);
  });

  test('an event that only names a user has them asked for, and is left alone where nobody asks', async () => {
    const ping = (of: string) => ({ ...event(of, {}, 1), told: null, isPing: true as const });
    const [one, other] = [randomUUID(), randomUUID()];
    await tell([ping(one)], asked);
    await tell([ping(other)], clerk);
    expect(await toAsk()).toEqual([one]);
    expect(await world.store.get(one)).toBeNull();
    expect(world.lines.slice(-2)).toMatchObject([{ outcome: 'asked' }, { outcome: 'ignored' }]);
  });

  test('after every event the user is asked for, where the operator wants it', async () => {
    await tell([event(reference, { email: 'a@x.example' }, 7)], { ...asked, asks: 'always' });
    expect(await toAsk()).toEqual([reference]);
  });

  test('a notice that events were lost is kept until all users are asked for', async () => {
    const notice = { ...event(reference, {}, 1), reference: null, told: null, isNotice: true as const };
    const notices = () => Array.fromAsync(world.documents.list('notice'), ({ id }) => id);
    await tell([notice], clerk);
    expect(await notices()).toEqual([]);
    await tell([notice], asked);
    expect(await notices()).toEqual([asked.source]);
    const noteNotice = async () => {
      throw new UnavailableError('store_unavailable', 'the table is throttled');
    };
    await expect(tell([notice], asked, { ...world.ports, noteNotice })).rejects.toMatchObject({
      code: 'store_unavailable',
    });
  });

  test('nobody is noted where nobody asks, or where the user was read back at once', async () => {
    await tell([{ ...event(reference, {}, 1), isPartial: true }], clerk);
    const lookUp = async () => ({ told: { email: 'a@x.example' }, at: 2 });
    await tell([{ ...event(randomUUID(), {}, 1), isPartial: true }], { ...asked, lookUp });
    expect(await toAsk()).toEqual([]);
  });
});

test('a verification that names no address counts anew when it or the address is told again', async () => {
  const [email, verified] = [{ email: 'a@x.example' }, { emailVerified: true }];
  const isOptedIn = () => world.usersOf(reference)[0]?.isOptedIn;
  await tell([event(reference, email, 1), event(reference, verified, 1)]);
  expect(isOptedIn()).toBe(false);
  await tell([event(reference, verified, 2)]);
  expect(isOptedIn()).toBe(true);
  await tell([event(reference, email, 3)]);
  expect(isOptedIn()).toBe(false);
});

describe('where several providers are configured', () => {
  const [own, foreign] = ['clerk', 'okta'].map((name) => ({
    name,
    source: name,
    prefix: '',
    isExclusive: true,
    lookUp: null,
  })) as [Sender, Sender];

  test('one changes nothing of a user whom another told of first; that is listed', async () => {
    await tell([event(reference, { email: 'a@x.example', emailVerified: true }, 1)], own);
    const before = await world.record(reference);
    await tell([event(reference, { email: 'thief@x.example', disabled: true, deleted: true }, 2)], foreign);
    expect(await world.record(reference)).toEqual(before);
    expect(world.usersOf(reference)).toMatchObject([{ email: 'a@x.example', isOptedIn: true, active: true }]);
    expect(outcomes()).toEqual(['done', 'foreign']);
    const listed = await Array.fromAsync(world.documents.list('foreign'), ({ document }) => document);
    expect(listed).toContainEqual({ provider: 'okta', reference, at: world.now() });
  });

  test('each goes on with its own users', async () => {
    await tell([event(reference, { email: 'a@x.example' }, 1)], own);
    await tell([event(reference, { disabled: true }, 2)], own);
    expect(world.usersOf(reference)).toMatchObject([{ active: false }]);
  });

  test('a record of before, which names no provider, is claimed by the first that tells something', async () => {
    await world.deliver(reference, { email: 'a@x.example' }, 1);
    expect((await world.record(reference))?.sources).toEqual([]);
    await tell([event(reference, { firstName: 'A' }, 2)], own);
    await tell([event(reference, { firstName: 'B' }, 3)], foreign);
    expect(await world.record(reference)).toMatchObject({
      sources: ['clerk'],
      facts: { firstName: { value: 'A' } },
    });
  });

  test('whose ids get a prefix of their own keep their users apart', async () => {
    const id = reference;
    await tell([event(id, { email: 'a@x.example' }, 1)], own);
    await tell([event(id, { email: 'b@x.example', disabled: true }, 2)], { ...foreign, prefix: 'okta:' });
    expect(world.usersOf(id)).toMatchObject([{ email: 'a@x.example', active: true }]);
    expect(world.usersOf(`okta:${id}`)).toMatchObject([{ email: 'b@x.example', active: false }]);
    expect(outcomes()).toEqual(['done', 'done']);
  });

  test('that share their references each change what the other told', async () => {
    await tell([event(reference, { email: 'a@x.example' }, 1)], { ...own, isExclusive: false });
    await tell([event(reference, { disabled: true }, 2)], { ...foreign, isExclusive: false });
    expect(await world.record(reference)).toMatchObject({ sources: ['clerk', 'okta'] });
    expect(world.usersOf(reference)).toMatchObject([{ active: false }]);
  });
});

function event(of: string, told: Told, at: number): UserEvent {
  return { id: null, kind: 'user.updated', reference: of, at, told };
}

function tell(
  events: readonly UserEvent[],
  sender = clerk,
  ports: ReceivePorts = world.ports,
): Promise<void> {
  return receive(ports, sender, async () => events, { deadline: world.now() + 2_000, leaseMs: 40_000 });
}

function outcomes(): readonly string[] {
  return world.lines.filter((line) => line.message === 'event').map(({ outcome }) => outcome);
}
