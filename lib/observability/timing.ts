// How long one invocation waits for DynamoDB and for ROQ, for its log line.

import { AsyncLocalStorage } from 'node:async_hooks';

/** Milliseconds; calls that overlap each count in full. */
export type Timings = { storeMs: number; roqMs: number };

const invocation = new AsyncLocalStorage<Timings>();

/** Runs one invocation; `spent` fills up while it runs. */
export function withTimings<Answer>(run: (spent: Timings) => Promise<Answer>): Promise<Answer> {
  const spent: Timings = { storeMs: 0, roqMs: 0 };
  return invocation.run(spent, () => run(spent));
}

/** Adds the time of one call to the invocation that it belongs to. */
export async function timed<Answer>(what: keyof Timings, call: () => Promise<Answer>): Promise<Answer> {
  const startedAt = performance.now();
  try {
    return await call();
  } finally {
    const spent = invocation.getStore();
    if (spent) spent[what] += performance.now() - startedAt;
  }
}
