// The ways in which the ROQ stand-in can be broken while it runs: one at a time, until it is mended.

import type { Breakage } from '../console/system.ts';
import type { Fault, Faults } from './faults.ts';

const faults: Readonly<Record<Breakage, Fault>> = {
  down: { how: 'drop' },
  slow: { how: 'slow', delayMs: 5_000 },
  throttling: { how: 'throttle', retryAfterSeconds: 10 },
  'losing answers': { how: 'answer-lost' },
  'refusing a field': { how: 'refuse', field: 'firstName' },
};

export type Breaker = ReturnType<typeof createBreaker>;

export function createBreaker(fail: Faults) {
  let broken: Breakage | null = null;
  return {
    /** How it fails now; null: not at all. */
    broken: () => broken,
    /** Has it fail so from now on; null: not at all. */
    breakRoq: (how: Breakage | null) => {
      broken = how;
      fail.clear();
      if (how !== null) fail.always(faults[how]);
    },
  };
}
