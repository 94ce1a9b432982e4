// Pulls between the daily ones, as the pull function begins them, and what a complete list says of a silence.

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { readSettings } from '../../lib/config/settings.ts';
import { type Directory, hourMs } from '../../lib/directory.ts';
import { createHandler } from '../../lib/handlers/pull.ts';
import { readGauges } from '../../lib/operate/gauges.ts';
import { newestJobs } from '../../lib/operate/listing.ts';
import { kratosDirectory } from '../../lib/providers/kratos/directory.ts';
import { apiUser, type RunningApi, startApi } from '../../local/providers/api.ts';
import { kratosApi } from '../../local/providers/kratos/api.ts';
import { startWorld, type World } from '../support/world.ts';

let world: World;
let api: RunningApi;
let run: () => Promise<unknown>;
const urged: boolean[] = [];
/** How many rows of each page can't be read. */
let unreadable = 0;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  urged.length = 0;
  unreadable = 0;
  world = await startWorld({ isInProcess: true });
  api = await startApi(kratosApi);
  pass(0);
  const traits = { ...kratosDirectory, requestsPerSecond: Number.POSITIVE_INFINITY };
  const kratos = kratosDirectory.connect(readSettings(kratosDirectory.settings, api.environment));
  const directory: Directory = {
    ...kratos,
    list: async (...question) => ({ ...(await kratos.list(...question)), unreadable }),
    listen: async (_signal: AbortSignal, isUrged: boolean) => void urged.push(isUrged),
  };
  const handle = createHandler(world.ports, {
    directories: [{ traits, directory, faults: [] }],
    deletions: 'report',
    isExclusive: false,
    silenceMs: 12 * hourMs,
  });
  run = () => handle({}, { getRemainingTimeInMillis: () => 290_000 });
});
afterEach(async () => {
  vi.useRealTimers();
  await Promise.all([api.close(), world.close()]);
});

function pass(ms: number): void {
  world.pass(ms);
  vi.setSystemTime(world.now());
}

async function pulls(): Promise<readonly object[]> {
  return (await Array.fromAsync(newestJobs(world.documents))).filter(({ is }) => is === 'pull');
}

test('a notice of the provider begins a pull and renews its subscription, once', async () => {
  await run();
  expect(await pulls()).toEqual([]);
  expect(urged).toEqual([false]);
  await world.ports.noteNotice('kratos');
  pass(60_000);
  await run();
  expect(await pulls()).toMatchObject([{ state: 'done', apply: false }]);
  expect(urged).toEqual([false, true]);
  await run();
  expect(await pulls()).toHaveLength(1);
  expect(urged).toHaveLength(2);
});

test('a notice that comes while a pull is running has one of its own afterwards', async () => {
  for (let n = 1; n <= 3; n++) {
    const user = apiUser(kratosApi, n);
    api.users.set(user.id, user);
  }
  api.failAs('unavailable');
  await world.ports.noteNotice('kratos');
  await run();
  expect(await pulls()).toMatchObject([{ state: 'running' }]);
  await world.ports.noteNotice('kratos');
  pass(60_000);
  await world.ports.noteNotice('kratos');
  api.failAs(null);
  await run();
  pass(60_000);
  await run();
  expect(await pulls()).toMatchObject([{ state: 'done' }, { state: 'done' }]);
});

test('a provider that fell silent is pulled, once a silence, and one that was never heard of is not', async () => {
  await run();
  expect(await pulls()).toEqual([]);
  await world.ports.noteHeard('kratos');
  pass(12 * hourMs - 1);
  await run();
  expect(await pulls()).toEqual([]);
  pass(1);
  await run();
  pass(5 * 60_000);
  await run();
  expect(await pulls()).toHaveLength(1);
  await world.ports.noteHeard('kratos');
  pass(12 * hourMs);
  await run();
  expect(await pulls()).toHaveLength(2);
});

test('silence is no alarm where the list has nothing that was not told, and is one where it has', async () => {
  const silence = async () => (await readGauges(world.ports, ['kratos'])).longestSilenceMs;
  await world.ports.noteHeard('kratos');
  pass(12 * hourMs);
  await run();
  pass(hourMs);
  expect(await silence()).toBe(hourMs);
  const untold = apiUser(kratosApi, 1);
  api.users.set(untold.id, untold);
  await world.ports.noteHeard('kratos');
  pass(12 * hourMs);
  await run();
  pass(hourMs);
  expect(await silence()).toBe(13 * hourMs);
});

test('a list of which somebody can’t be read says nothing of a silence', async () => {
  const complete = () => Array.fromAsync(world.documents.list('complete'), ({ id }) => id);
  await world.ports.noteHeard('kratos');
  pass(12 * hourMs);
  unreadable = 1;
  await run();
  expect(await pulls()).toMatchObject([{ state: 'done', report: { unreadable: 1, missed: 0 } }]);
  expect(await complete()).toEqual([]);
  await world.ports.noteHeard('kratos');
  pass(12 * hourMs);
  unreadable = 0;
  await run();
  expect(await complete()).toEqual(['kratos']);
});
