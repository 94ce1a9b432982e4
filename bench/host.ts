// A process of its own in which one packaged handler runs, as Lambda runs it: loaded once, called with JSON.

import { createRequire } from 'node:module';
import { answerParent } from './child.ts';

type Handler = (event: unknown, context: object) => Promise<{ readonly statusCode?: number } | undefined>;

/** How a handler did. */
export type Run = {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly latenciesMs: readonly number[];
  readonly statuses: readonly number[];
  readonly peakBytes: number;
};

export type Work = {
  readonly events: readonly unknown[];
  readonly concurrency: number;
  readonly timeoutMs?: number;
};

let handler: Handler;

answerParent({
  load: (path: string) => {
    const startedAt = performance.now();
    handler = createRequire(import.meta.url)(path).handler;
    return performance.now() - startedAt;
  },
  run,
});

async function run({ events, concurrency, timeoutMs = 10_000 }: Work): Promise<Run> {
  const latenciesMs: number[] = [];
  const statuses: number[] = [];
  const left = events.entries();
  const work = async () => {
    for (const [place, event] of left) {
      const calledAt = performance.now();
      const answer = await handler(event, createContext(timeoutMs));
      latenciesMs[place] = performance.now() - calledAt;
      statuses[place] = answer?.statusCode ?? 0;
    }
  };
  const startedAt = performance.now();
  const before = process.cpuUsage();
  await Promise.all(Array.from({ length: concurrency }, work));
  const { user, system } = process.cpuUsage(before);
  return {
    wallMs: performance.now() - startedAt,
    cpuMs: (user + system) / 1_000,
    latenciesMs,
    statuses,
    peakBytes: process.resourceUsage().maxRSS * 1_024,
  };
}

function createContext(timeoutMs: number) {
  const endMs = Date.now() + timeoutMs;
  return { getRemainingTimeInMillis: () => Math.max(0, endMs - Date.now()) };
}
