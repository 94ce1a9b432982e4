import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createConcurrency } from '../../lib/sync/concurrency.ts';
import { drain } from '../../lib/sync/drain.ts';
import { startWorld, type World } from '../support/world.ts';

const leaseMs = 90_000;

let world: World;
let references: readonly string[];

beforeAll(async () => {
  world = await startWorld({ timeoutMs: 5_000 });
});
afterAll(() => world.close());
beforeEach(async () => {
  world.roqServer.fail.clear();
  await run(60);
  references = Array.from({ length: 60 }, () => randomUUID());
});

test('what came in while ROQ was down is all there once it is up, nobody twice', async () => {
  await signUpWhileDown();
  expect(references.flatMap(world.usersOf)).toEqual([]);
  world.pass(3_600_000);
  expect(await run(60)).toMatchObject({ done: 60, retry: 0 });
  for (const reference of references) {
    expect(world.usersOf(reference)).toHaveLength(1);
    expect(await world.record(reference)).toMatchObject({ queue: null, lease: null });
  }
});

test('a user that ROQ refuses is parked, and the others are unaffected', async () => {
  await signUpWhileDown();
  const [refused] = references;
  world.roqServer.fail.always({
    how: 'refuse',
    operation: 'createUser',
    ...(refused && { reference: refused }),
  });
  world.pass(3_600_000);
  expect(await run(60)).toMatchObject({ done: 59, parked: 1 });
  expect(await run(60)).toMatchObject({ done: 0, parked: 0 });
});

test('a run while ROQ is still down gives up after a few batches, and what is left stays due', async () => {
  await signUpWhileDown();
  world.roqServer.fail.always({ how: 'bad-gateway' });
  world.pass(3_600_000);
  const { done, retry } = await run(60);
  expect({ done, isAll: retry === 60 }).toEqual({ done: 0, isAll: false });
  world.roqServer.fail.clear();
  world.pass(7_200_000);
  expect(await run(60)).toMatchObject({ done: 60 });
});

test('runs that overlap converge each record once', async () => {
  await signUpWhileDown();
  world.pass(3_600_000);
  const [one, two] = await Promise.all([run(60), run(60)]);
  expect(one.done + two.done).toBe(60);
  for (const reference of references) expect(world.usersOf(reference)).toHaveLength(1);
});

test('without time left nothing is begun', async () => {
  await signUpWhileDown();
  world.pass(3_600_000);
  expect(await run(0)).toMatchObject({ done: 0, retry: 0 });
  expect(references.flatMap(world.usersOf)).toEqual([]);
});

async function signUpWhileDown(): Promise<void> {
  world.roqServer.fail.always({ how: 'drop' });
  await Promise.all(
    references.map((reference) => world.deliver(reference, { email: `${reference}@example.com` }, 1)),
  );
  world.roqServer.fail.clear();
}

function run(seconds: number) {
  return drain(world.ports, {
    deadline: world.now() + seconds * 1_000,
    leaseMs,
    concurrency: createConcurrency({ max: 8 }),
  });
}

test('whom ROQ throttled, nobody tries again before it said', async () => {
  await signUpWhileDown();
  world.roqServer.fail.always({ how: 'throttle', retryAfterSeconds: 600 });
  world.pass(3_600_000);
  const { retry } = await run(60);
  expect(retry).toBeGreaterThan(0);
  world.roqServer.fail.clear();
  world.pass(599_000);
  await run(60);
  expect(references.flatMap(world.usersOf)).toHaveLength(references.length - retry);
  world.pass(1_000);
  await run(60);
  expect(references.flatMap(world.usersOf)).toHaveLength(references.length);
});

test('users whom ROQ fails on, one in each batch and more, do not keep the others waiting', async () => {
  references = Array.from({ length: 300 }, () => randomUUID());
  await signUpWhileDown();
  const poisoned = references.filter((_, i) => i % 10 === 0);
  for (const reference of poisoned) world.roqServer.fail.always({ how: 'fail', reference });
  world.pass(3_600_000);
  const { done, retry } = await run(60);
  expect(done + retry).toBe(300);
  world.pass(7_200_000);
  await run(60);
  const healthy = references.filter((reference) => !poisoned.includes(reference));
  for (const reference of healthy) expect(world.usersOf(reference)).toHaveLength(1);
});
