// By EventBridge: every minute what is due is converged and jobs are carried on; every five minutes it is told how things
// stand; once a day an audit is begun.

import type { Context } from 'aws-lambda';
import { type App, budgetOf } from '../app.ts';
import { newAudit } from '../jobs/audit-job.ts';
import { runJobs, startJob } from '../jobs/jobs.ts';
import { readGauges } from '../operate/gauges.ts';
import { type Drained, drain, noteRan, nothingDrained } from '../sync/drain.ts';

/** The schedules' own input, as serverless.yml has it. */
export type Schedule = { readonly begin?: 'audit' };

export type ScheduleContext = Pick<Context, 'getRemainingTimeInMillis'>;

// As often as the alarms look.
const gaugesEveryMs = 5 * 60_000;

/**
 * `providers`: those that should send something. Each step has its turn, whatever became of the one before.
 * @throws what the first step that failed threw, so that its alarm rings
 */
export function createHandler(app: App, providers: readonly string[] = []) {
  let gaugedAt = 0;
  return async ({ begin }: Schedule, context: ScheduleContext): Promise<Drained> => {
    const budget = budgetOf(app, context);
    const failures: unknown[] = [];
    const take = (step: () => Promise<void>) => step().catch((error: unknown) => void failures.push(error));
    let drained = nothingDrained;
    if (begin === 'audit') await take(() => beginAudit(app));
    await take(async () => {
      drained = await drain(app, budget);
      app.log({ message: 'drain', ...drained });
      await noteRan(app);
    });
    await take(() => gauge());
    await take(() => runJobs(app, budget));
    if (failures.length > 0) throw failures[0];
    return drained;
  };

  async function gauge(): Promise<void> {
    if (app.now() - gaugedAt < gaugesEveryMs) return;
    app.log(await readGauges(app, providers));
    gaugedAt = app.now();
  }
}

// One a day, however often EventBridge delivers its event.
async function beginAudit(app: App): Promise<void> {
  const day = new Date(app.now()).toISOString().slice(0, 10);
  await startJob(app, `audit-${day}`, newAudit({ apply: true, adopt: false }));
}
