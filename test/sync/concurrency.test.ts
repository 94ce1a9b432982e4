import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RoqCode } from '../../lib/errors.ts';
import {
  type Concurrency,
  createConcurrency,
  type Feedback,
  feedbackOf,
} from '../../lib/sync/concurrency.ts';

describe('how many batches are at ROQ', () => {
  test('starts with one, grows by one a round while it goes well, and stops at the most', async () => {
    const concurrency = createConcurrency({ max: 4 });
    for (const most of [1, 2, 3, 4]) expect(await mostAtOnce(concurrency, most)).toBe(most);
    expect(await mostAtOnce(concurrency, 30)).toBe(4);
  });

  test('is halved by each slow one, down to one', async () => {
    const concurrency = createConcurrency({ max: 8 });
    await concurrency.each(Array.from({ length: 60 }), async () => 'well');
    for (const most of [4, 2, 1, 1]) {
      await concurrency.each(['batch'], async () => 'slow');
      expect(await mostAtOnce(concurrency, most)).toBe(most);
    }
  });

  test('is as many as it may be, while one waits for another', async () => {
    const concurrency = createConcurrency({ max: 3 });
    await concurrency.each(Array.from({ length: 20 }), async () => 'well');
    let inFlight = 0;
    const all = Promise.withResolvers<Feedback>();
    await concurrency.each(Array.from({ length: 3 }), () => {
      inFlight += 1;
      if (inFlight === 3) all.resolve('well');
      return all.promise;
    });
    expect(inFlight).toBe(3);
  });

  test('is never more than may be, however they go and whenever they end', async () => {
    const batch = fc.record({
      turns: fc.nat({ max: 12 }),
      went: fc.constantFrom<Feedback>('well', 'well', 'slow', 'down'),
    });
    const max = fc.integer({ min: 1, max: 9 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(batch, { maxLength: 80 }),
        max,
        fc.boolean(),
        async (batches, max, isSync) => {
          const concurrency = createConcurrency({ max });
          const begun: number[] = [];
          let inFlight = 0;
          let most = 0;
          const numbered = batches.map((each, i) => ({ ...each, i }));
          const isWhole = await concurrency.each(
            isSync ? numbered : later(numbered),
            async ({ turns, went, i }) => {
              begun.push(i);
              inFlight += 1;
              most = Math.max(most, inFlight);
              for (let turn = 0; turn < turns; turn++) await Promise.resolve();
              inFlight -= 1;
              return went;
            },
          );
          expect(most).toBeLessThanOrEqual(max);
          expect(inFlight).toBe(0);
          expect(begun).toEqual(numbered.slice(0, begun.length).map(({ i }) => i));
          if (isWhole || !batches.some(({ went }) => went === 'down'))
            expect(begun).toHaveLength(batches.length);
        },
      ),
    );
  });
});

describe('when ROQ seems to be down', () => {
  test('three of which nothing came through are the end, and those after are not begun', async () => {
    const begun: number[] = [];
    const concurrency = createConcurrency({ max: 8 });
    const isWhole = await concurrency.each([1, 2, 3, 4, 5], async (batch) => {
      begun.push(batch);
      return 'down';
    });
    expect({ isWhole, begun }).toEqual({ isWhole: false, begun: [1, 2, 3] });
  });

  test('one that goes well between is reason to go on', async () => {
    const went: Feedback[] = ['down', 'down', 'well', 'down', 'down', 'well'];
    const concurrency = createConcurrency({ max: 1 });
    let begun = 0;
    const work = async () => went[begun++] ?? 'well';
    expect(await concurrency.each(went, work)).toBe(true);
    expect(begun).toBe(6);
  });

  test('a run that ended early may be taken up again, and its first batch tells', async () => {
    const concurrency = createConcurrency({ max: 8 });
    const slow = async (): Promise<Feedback> => 'down';
    expect(await concurrency.each([1, 2, 3, 4], slow)).toBe(false);
    let begun = 0;
    const again = (went: Feedback) => async () => {
      begun += 1;
      return went;
    };
    expect(await concurrency.each([1, 2, 3], again('down'))).toBe(false);
    expect(begun).toBe(1);
    expect(await concurrency.each([1, 2, 3], again('well'))).toBe(true);
    expect(begun).toBe(4);
  });
});

describe('what a batch throws', () => {
  test('comes out once the others in flight have ended, and nothing is begun after it', async () => {
    const events: string[] = [];
    const concurrency = await wide(3);
    const begun = Promise.withResolvers<void>();
    const slowest = Promise.withResolvers<void>();
    const run = concurrency.each([1, 2, 3, 4], async (batch) => {
      events.push(`${batch} begun`);
      if (batch === 3) begun.resolve();
      await begun.promise;
      if (batch < 3) throw new Error(`${batch} failed`);
      await slowest.promise;
      events.push(`${batch} ended`);
      return 'well';
    });
    const thrown = run.catch((error: unknown) => events.push(String(error)));
    await turns(50);
    slowest.resolve();
    await thrown;
    expect(events).toEqual(['1 begun', '2 begun', '3 begun', '3 ended', 'Error: 1 failed']);
  });

  test('or the list of batches does, comes out once those in flight have ended', async () => {
    const events: string[] = [];
    const concurrency = await wide(3);
    const slow = Promise.withResolvers<void>();
    async function* batches() {
      yield 1;
      throw new Error('no list');
    }
    const run = concurrency.each(batches(), async () => {
      await slow.promise;
      events.push('ended');
      return 'well';
    });
    const thrown = run.catch((error: unknown) => events.push(String(error)));
    await turns(50);
    slow.resolve();
    await thrown;
    expect(events).toEqual(['ended', 'Error: no list']);
  });
});

test.each([
  ['well', []],
  ['well', [null, 'roq_refused', 'roq_user_missing']],
  ['slow', [null, 'roq_throttled', null]],
  ['down', ['roq_unavailable']],
  ['down', ['roq_ambiguous']],
  ['down', ['roq_unauthorized']],
] satisfies [Feedback, (RoqCode | null)[]][])('a batch went %s whose outcomes were %j', (went, codes) => {
  expect(feedbackOf(codes.map((code) => ({ code })))).toBe(went);
});

async function wide(max: number) {
  const concurrency = createConcurrency({ max });
  await concurrency.each(Array.from({ length: max * max }), async () => 'well');
  expect(await mostAtOnce(concurrency, max)).toBe(max);
  return concurrency;
}

/** How many of so many batches are at ROQ at once, where each takes long enough. */
async function mostAtOnce(concurrency: Concurrency, count: number): Promise<number> {
  let inFlight = 0;
  let most = 0;
  await concurrency.each(Array.from({ length: count }), async () => {
    inFlight += 1;
    most = Math.max(most, inFlight);
    await turns(100);
    inFlight -= 1;
    return 'well';
  });
  return most;
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await Promise.resolve();
}

async function* later<Batch>(batches: readonly Batch[]): AsyncGenerator<Batch> {
  for (const batch of batches) {
    await Promise.resolve();
    yield batch;
  }
}
