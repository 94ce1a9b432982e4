// A fresh process: imports a packaged handler, gives it its first event, and tells how long each took.

import { createRequire } from 'node:module';
import { answerParent } from './child.ts';

export type FirstEvent = {
  readonly importMs: number;
  readonly firstEventMs: number;
  readonly cpuMs: number;
  readonly peakBytes: number;
};

answerParent({
  start: async ({ path, event }: { path: string; event: object }): Promise<FirstEvent> => {
    const before = process.cpuUsage();
    const startedAt = performance.now();
    const { handler } = createRequire(import.meta.url)(path);
    const importMs = performance.now() - startedAt;
    const answer = await handler(event, { getRemainingTimeInMillis: () => 10_000 });
    const firstEventMs = performance.now() - startedAt - importMs;
    if (answer?.statusCode !== 200) throw new Error(`the first event was answered ${answer?.statusCode}`);
    const { user, system } = process.cpuUsage(before);
    const peakBytes = process.resourceUsage().maxRSS * 1_024;
    return { importMs, firstEventMs, cpuMs: (user + system) / 1_000, peakBytes };
  },
  // What Node and this file take by themselves.
  nothing: () => process.resourceUsage().maxRSS * 1_024,
});
