// How many batches are at ROQ at once: one more while it goes well, half as many as soon as ROQ is slow or says so.

import type { Outcome } from './outcome.ts';

/** What a run may take. */
export type RunBudget = {
  /** No batch is begun after it, in milliseconds of our clock. */
  readonly deadline: number;
  /** How long a lease must last to outlive this invocation. */
  readonly leaseMs: number;
  readonly concurrency: Concurrency;
};

/**
 * How a batch went.
 * - `slow`: ROQ throttled a part of it, failed, or took too long.
 * - `down`: so it did with all of it.
 */
export type Feedback = 'well' | 'slow' | 'down';

export type Concurrency = ReturnType<typeof createConcurrency>;

// So many batches in a row of which nothing came through mean that ROQ is down: what is left waits for the next run.
const patience = 3;

/** `max`: batches in flight at most; what live events need is left free above it. */
export function createConcurrency({ max }: { readonly max: number }) {
  let width = 1;
  let downInARow = 0;
  return { each };

  /**
   * Works off the batches, several at once; ends early when ROQ seems to be down.
   * @returns false when it ended early
   */
  async function each<Batch>(
    batches: AsyncIterable<Batch> | Iterable<Batch>,
    work: (batch: Batch) => Promise<Feedback>,
  ): Promise<boolean> {
    const inFlight = new Set<Promise<void>>();
    const failures: unknown[] = [];
    const start = (batch: Batch) => {
      const run: Promise<void> = work(batch)
        .then(adapt, (error: unknown) => void failures.push(error))
        .finally(() => inFlight.delete(run));
      inFlight.add(run);
    };
    try {
      for await (const batch of batches) {
        start(batch);
        while (inFlight.size >= Math.floor(width)) await Promise.race(inFlight);
        if (failures.length > 0 || downInARow >= patience) break;
      }
    } finally {
      await Promise.all(inFlight);
    }
    if (failures.length > 0) throw failures[0];
    return downInARow < patience;
  }

  function adapt(went: Feedback): void {
    downInARow = went === 'down' ? downInARow + 1 : 0;
    width = went === 'well' ? Math.min(max, width + 1 / Math.floor(width)) : Math.max(1, width / 2);
  }
}

/** One slow answer is reason enough to go slower; that some users always fail is none to stop for. */
export function feedbackOf(outcomes: readonly Pick<Outcome, 'code'>[]): Feedback {
  const slow = outcomes.filter(({ code }) => code !== null && slowCodes.has(code));
  if (slow.length === 0) return 'well';
  return slow.length < outcomes.length ? 'slow' : 'down';
}

// Wrong credentials fail every batch: as with a ROQ that is down, there is no use in trying them all.
const slowCodes: ReadonlySet<string> = new Set([
  'roq_unavailable',
  'roq_throttled',
  'roq_ambiguous',
  'roq_unauthorized',
]);
