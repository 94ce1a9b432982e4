// By EventBridge: every minute what is due is converged and jobs are carried on; every five minutes it is told how things
// stand; once a day an audit is begun.

import type { Context } from 'aws-lambda';
import { type App, budgetOf } from '../app.ts';
import { newAudit } from '../jobs/audit-job.ts';
import { runJobs, startJob } from '../jobs/jobs.ts';
import { readGauges } from '../operate/gauges.ts';
import { type Drained, drain, noteRan } from '../sync/drain.ts';

/** The schedules' own input, as serverless.yml has it. */
export type Schedule = { readonly begin?: 'audit' };

export type ScheduleContext = Pick<Context, 'getRemainingTimeInMillis'>;

// As often as the alarms look.
const gaugesEveryMs = 5 * 60_000;

/** `providers`: those that should be heard of. @throws UnavailableError, so that its alarm is rung */
export function createHandler(app: App, providers: readonly string[] = []) {
  let gaugedAt = 0;
  return async ({ begin }: Schedule, context: ScheduleContext): Promise<Drained> => {
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
