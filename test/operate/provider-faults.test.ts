import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Kept } from '../../lib/config/reload.ts';
import { UnavailableError } from '../../lib/errors.ts';
import { createFaultNotes, readFaults } from '../../lib/operate/provider-faults.ts';
import { startWorld, type World } from '../support/world.ts';

const minuteMs = 60_000;
const wrong = new Map([['clerk', { built: null, faults: ['CLERK_SECRETS is missing'] }]]);
const right = new Map([['clerk', { built: null, faults: [] }]]);

let world: World;
let note: (parts: ReadonlyMap<string, Kept<unknown>>) => Promise<void>;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());
beforeEach(() => {
  world.pass(30 * 24 * 60 * minuteMs);
  world.lines.length = 0;
  const noteFaults = createFaultNotes();
  note = (parts) => noteFaults(world.ports, parts);
});

const known = async () => (await readFaults(world.ports)).map(({ provider }) => provider);

test('what is wrong with a provider is known for a day, unless it is seen again', async () => {
  await note(wrong);
  expect(await readFaults(world.ports)).toEqual([
    { provider: 'clerk', at: world.now(), faults: ['CLERK_SECRETS is missing'], isKept: false },
  ]);
  world.pass(23 * 60 * minuteMs);
  await note(wrong);
  world.pass(23 * 60 * minuteMs);
  expect(await known()).toEqual(['clerk']);
  world.pass(60 * minuteMs);
  expect(await known()).toEqual([]);
});

test('it is over when the same process sees that it is right', async () => {
  await note(wrong);
  await note(right);
  expect(await known()).toEqual([]);
});

test('it is over when another process hears of the provider well after it', async () => {
  await note(wrong);
  world.pass(minuteMs);
  await world.ports.documents.put('heard', 'clerk', { at: world.now() }, null);
  expect(await known()).toEqual(['clerk']);
  world.pass(10 * minuteMs);
  await world.ports.documents.put('heard', 'clerk', { at: world.now() }, null);
  expect(await known()).toEqual([]);
});

test('that it can not be noted keeps no event from being answered', async () => {
  const put = () => Promise.reject(new UnavailableError('store_unavailable', 'down'));
  const documents = { ...world.ports.documents, put };
  await createFaultNotes()({ ...world.ports, documents }, wrong);
  expect(world.lines).toMatchObject([
    { message: 'settings', provider: 'clerk' },
    { message: 'failure', code: 'store_unavailable' },
  ]);
});
