import { beforeEach, expect, test } from 'vitest';
import { createTokenCache, type Token } from '../../lib/http/token-cache.ts';

const hourMs = 3_600_000;

let nowMs: number;
let fetched: number;
let next: () => Promise<Token>;

beforeEach(() => {
  nowMs = 0;
  fetched = 0;
  next = async () => ({ text: `token-${fetched}`, endsAtMs: nowMs + hourMs });
});

function createCache() {
  return createTokenCache(
    () => {
      fetched += 1;
      return next();
    },
    () => nowMs,
  );
}

test('all who ask at once get one token', async () => {
  const cache = createCache();
  const all = await Promise.all(Array.from({ length: 20 }, () => cache.get()));
  expect(new Set(all)).toEqual(new Set(['token-1']));
  expect(await cache.get()).toBe('token-1');
});

test.each([
  ['an hour', hourMs, hourMs - 60_000],
  ['ten minutes', 600_000, 540_000],
  ['ten seconds', 10_000, 5_000],
])('a token of %s is renewed once, before it ends', async (_life, lifeMs, renewAtMs) => {
  next = async () => ({ text: `token-${fetched}`, endsAtMs: nowMs + lifeMs });
  const cache = createCache();
  await cache.get();
  nowMs = renewAtMs - 1;
  expect(await cache.get()).toBe('token-1');
  nowMs = renewAtMs;
  expect(await Promise.all([cache.get(), cache.get()])).toEqual(['token-2', 'token-2']);
  expect(await cache.get()).toBe('token-2');
});

test('a token that has ended when it comes is sent once, and not kept', async () => {
  next = async () => ({ text: `token-${fetched}`, endsAtMs: nowMs });
  const cache = createCache();
  expect(await cache.get()).toBe('token-1');
  expect(await cache.get()).toBe('token-2');
});

test('a failure is everybody’s who waits, and nobody’s who asks later', async () => {
  next = () => Promise.reject(new Error('down'));
  const cache = createCache();
  const all = await Promise.allSettled([cache.get(), cache.get()]);
  expect(all.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(fetched).toBe(1);
  next = async () => ({ text: 'up', endsAtMs: hourMs });
  expect(await cache.get()).toBe('up');
});

test('a token that is no longer taken is dropped once, however many were turned away with it', async () => {
  const cache = createCache();
  const old = await cache.get();
  cache.drop(old);
  const fresh = await cache.get();
  cache.drop(old);
  expect(fresh).not.toBe(old);
  expect(await cache.get()).toBe(fresh);
});
