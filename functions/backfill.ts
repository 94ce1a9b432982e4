// Invoked by hand, or by `roq-sync backfill`: an exported file's users, as facts like any other.

import type { Context } from 'aws-lambda';
import { connect } from '../lib/app.ts';
import { readConfig } from '../lib/config/config.ts';
import { createReload } from '../lib/config/reload.ts';
import { createHandler } from '../lib/handlers/backfill.ts';

const ready = createReload(process.env, (environment) => createHandler(connect(readConfig(environment))));

export const handler = async (input: unknown, context: Context) => (await ready())(input, context);
