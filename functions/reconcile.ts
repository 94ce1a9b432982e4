// By EventBridge: every minute, and once a day to begin an audit.

import { connect } from '../lib/app.ts';
import { readConfig } from '../lib/config/config.ts';
import { createReload } from '../lib/config/reload.ts';
import { configuredProviders } from '../lib/config/sources.ts';
import { createHandler, type Schedule, type ScheduleContext } from '../lib/handlers/reconcile.ts';

const ready = createReload(process.env, (environment) =>
  createHandler(connect(readConfig(environment)), configuredProviders(environment)),
);

export const handler = async (schedule: Schedule, context: ScheduleContext) =>
  (await ready())(schedule, context);
