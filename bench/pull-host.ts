// A process of its own that pulls: the whole list of a provider, whose users are all in step, as fast as it can.

import { connect } from '../lib/app.ts';
import { readConfig } from '../lib/config/config.ts';
import { readSettings } from '../lib/config/settings.ts';
import { beginPull, runPull } from '../lib/jobs/pull.ts';
import type { PullJob, PullReport } from '../lib/jobs/pull-job.ts';
import { clerkDirectory } from '../lib/providers/clerk/directory.ts';
import { createConcurrency } from '../lib/sync/concurrency.ts';
import { answerParent } from './child.ts';

export type PullRun = {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly peakBytes: number;
  readonly report: PullReport;
};

const timeMs = 3_600_000;

answerParent({ pull });

async function pull(): Promise<PullRun> {
  const app = connect(readConfig(process.env), () => {});
  const directory = {
    ...clerkDirectory.connect(readSettings(clerkDirectory.settings, process.env)),
    // The provider's limit is not what is measured.
    traits: { ...clerkDirectory, requestsPerSecond: Number.POSITIVE_INFINITY },
    deletions: 'report',
    isExclusive: false,
  } as const;
  const ports = { ...app, wait: async () => {} };
  const id = await beginPull(ports, 'clerk', true);
  const startedAt = performance.now();
  const before = process.cpuUsage();
  const budget = {
    deadline: Date.now() + timeMs,
    leaseMs: 60_000,
    concurrency: createConcurrency({ max: 8 }),
  };
  const stored = await runPull(ports, id, () => directory, budget);
  if (stored?.state !== 'done') throw new Error(`the pull is ${stored?.state}: ${stored?.lastError}`);
  const { user, system } = process.cpuUsage(before);
  return {
    wallMs: performance.now() - startedAt,
    cpuMs: (user + system) / 1_000,
    peakBytes: process.resourceUsage().maxRSS * 1_024,
    report: (stored.job as PullJob).report,
  };
}
