// Asks a directory one question at a time, at its pace, and as patiently as it says.

import { DirectoryError } from '../errors.ts';
import type { ConnectedDirectory, PullPorts } from './pull-job.ts';

/** Asks a question, as soon as the pace allows it; the signal bounds its time. @throws DirectoryError */
export type Ask = <Answer>(question: (signal: AbortSignal) => Promise<Answer>) => Promise<Answer>;

// The slowest lists take up to 9 s for a page.
const questionMs = 30_000;

// Who names no time is left alone for so long.
const usualWaitMs = 5_000;

/** `deadline`: after it nothing is asked any more, in milliseconds of our clock. */
export function createAsk(
  { now, wait }: Pick<PullPorts, 'now' | 'wait'>,
  { traits }: ConnectedDirectory,
  deadline: number,
): Ask {
  const intervalMs = 1000 / traits.requestsPerSecond;
  let nextAtMs = 0;
  return async (question) => {
    for (;;) {
      await wait(Math.max(0, nextAtMs - now()));
      nextAtMs = now() + intervalMs;
      try {
        return await question(AbortSignal.timeout(Math.max(1, Math.min(questionMs, deadline - now()))));
      } catch (error) {
        if (!(error instanceof DirectoryError) || error.code !== 'directory_throttled') throw error;
        const waitMs = error.waitMs ?? usualWaitMs;
        if (now() + waitMs >= deadline) throw error;
        nextAtMs = now() + waitMs;
      }
    }
  };
}
