// Invoked by hand, or by `roq-sync`: what an operator asks for.

import { connect } from '../lib/app.ts';
import { readConfig } from '../lib/config/config.ts';
import { createReload } from '../lib/config/reload.ts';
import { createHandler, whenReady } from '../lib/handlers/operate.ts';

export const handler = whenReady(
  createReload(process.env, (environment) => createHandler(connect(readConfig(environment)))),
);
