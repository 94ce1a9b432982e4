// By EventBridge: every minute what is due is converged and jobs are carried on; every five minutes it is told how things
// stand; once a day an audit is begun.

import type { Context } from 'aws-lambda';
import { type App, budgetOf, connect } from '../lib/app.ts';
import { readConfig } from '../lib/config.ts';
import { type Drained, drain, noteRan } from '../lib/drain.ts';
import { configuredProviders, readGauges } from '../lib/gauges.ts';
import { newAudit } from '../lib/jobs/audit-job.ts';
import { runJobs, startJob } from '../lib/jobs/jobs.ts';
import { createReady } from '../lib/ready.ts';

const ready = createReady(process.env, (environment) =>
  createHandler(connect(readConfig(environment)), configuredProviders(environment)),
);

export const handler = async (schedule: Schedule, context: Context): Promise<Drained> =>
  (await ready())(schedule, context);

/** The schedules' own input, as serverless.yml has it. */
type Schedule = { readonly begin?: 'audit' };

// As often as the alarms look.
const gaugesEveryMs = 5 * 60_000;

/** `providers`: those that should be heard of. @throws UnavailableError, so that its alarm is rung */
export function createHandler(app: App, providers: readonly string[] = []) {
  let gaugedAt = 0;
  return async (
    { begin }: Schedule,
    context: Pick<Context, 'getRemainingTimeInMillis'>,
  ): Promise<Drained> => {
    const budget = budgetOf(app, context);
    if (begin === 'audit') await beginAudit(app);
    const drained = await drain(app, budget);
    app.log({ message: 'drain', ...drained });
    await noteRan(app);
    if (app.now() - gaugedAt >= gaugesEveryMs) {
      app.log(await readGauges(app, providers));
      gaugedAt = app.now();
    }
    await runJobs(app, budget);
    return drained;
  };
}

// One a day, however often EventBridge delivers its event.
async function beginAudit(app: App): Promise<void> {
  const day = new Date(app.now()).toISOString().slice(0, 10);
  await startJob(app, `audit-${day}`, newAudit({ apply: true, adopt: false }));
}
