import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { configuredProviders } from '../../lib/config/sources.ts';
import { readGauges } from '../../lib/operate/gauges.ts';
import { overview } from '../../lib/operate/status.ts';
import { startWorld, type World } from '../support/world.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld({ isInProcess: true });
});
afterAll(() => world.close());

describe('the longest silence', () => {
  const longest = async (...providers: string[]) =>
    (await readGauges(world.ports, providers)).longestSilenceMs;

  test('is that of the configured provider which was heard of longest ago', async () => {
    await world.ports.noteHeard('clerk');
    world.pass(60_000);
    await world.ports.noteHeard('okta');
    world.pass(1_000);
    expect(await longest('clerk', 'okta')).toBe(61_000);
  });

  test('is not that of a provider which is configured no more', async () => {
    expect(await longest('okta')).toBe(1_000);
  });

  test('is not known where none of them was ever heard of', async () => {
    expect(await longest('workos')).toBeNull();
  });
});

test('the queues as they were measured last can be looked at without reading them', async () => {
  await world.deliver('later', {}, 1);
  const { measuredAt } = await overview(world.ports, true);
  await readGauges(world.ports, []);
  await world.deliver('latest', {}, 1);
  world.pass(1_000);
  const stored = await overview(world.ports, true);
  expect(stored).toMatchObject({ measuredAt: world.now() - 1_000, queues: { waiting: { count: 1 } } });
  expect(measuredAt).toBeLessThanOrEqual(stored.measuredAt);
  expect(await overview(world.ports)).toMatchObject({
    measuredAt: world.now(),
    queues: { waiting: { count: 2 } },
  });
});

test('who is held rings anew every four hours: the figure that the alarm watches is 0 for some minutes', async () => {
  const reference = 'held';
  await world.deliver(reference, { email: 'a@x.example' }, 1);
  world.limits.count = 0;
  await world.deliver(reference, { disabled: true }, 2);
  const figures: [minute: number, held: number, reminder: number][] = [];
  const fourHoursMs = 4 * 60 * 60_000;
  world.pass(fourHoursMs - (world.now() % fourHoursMs) - 60_000);
  for (const minute of [-1, 0, 9, 10, 239, 240]) {
    const { held, heldReminder } = await readGauges(world.ports, []);
    figures.push([minute, held, heldReminder]);
    world.pass(
      minute === -1 || minute === 9 || minute === 239 ? 60_000 : minute === 0 ? 9 * 60_000 : 229 * 60_000,
    );
  }
  expect(figures).toEqual([
    [-1, 1, 1],
    [0, 1, 0],
    [9, 1, 0],
    [10, 1, 1],
    [239, 1, 1],
    [240, 1, 0],
  ]);
});

test('the providers to be heard of are those of the webhook, and Cognito where it has pools', () => {
  expect(configuredProviders({ PROVIDERS: ' clerk  okta' })).toEqual(['clerk', 'okta']);
  expect(configuredProviders({ PROVIDERS: 'clerk', COGNITO_USER_POOL_IDS: 'eu-central-1_a' })).toEqual([
    ...['clerk', 'cognito'],
  ]);
  expect(configuredProviders({})).toEqual([]);
});

test('the queues are counted, and who waits is not read for it, however many they are', async () => {
  const own = await startWorld({ isInProcess: true });
  const at = Date.parse('2026-02-01T00:00:00Z');
  const since = own.now();
  for (let i = 0; i < 30; i++) {
    await own.deliver(`waits-${i}`, { firstName: 'Nobody' }, at);
    own.pass(1_000);
  }
  own.roqServer.fail.always({ how: 'drop' });
  await own.deliver('pends', { email: 'pends@x.example' }, at);
  await own.deliver('pends-2', { email: 'pends-2@x.example' }, at);
  own.roqServer.fail.clear();
  own.pass(60_000);
  const read: string[] = [];
  const queued: typeof own.queries.queued = (queue) => {
    read.push(queue);
    return own.queries.queued(queue);
  };
  const ports = { ...own.ports, queries: { ...own.queries, queued } };
  const counted = { pending: 2, waiting: 30, parked: 0, held: 0, oldestPendingMs: 60_000 };
  expect(await readGauges(ports, [])).toMatchObject(counted);
  const { queues } = await overview(ports);
  expect(queues).toMatchObject({
    pending: { count: 2, oldestSince: own.now() - 60_000 },
    waiting: { count: 30, oldestSince: since },
    parked: { count: 0, oldestSince: null },
  });
  expect(new Set(read)).toEqual(new Set(['pending']));
  await own.close();
});
