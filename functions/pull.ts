// By EventBridge, or by `roq-sync pull`: providers are asked for their users.

import type { Context } from 'aws-lambda';
import { connect } from '../lib/app.ts';
import { readConfig } from '../lib/config/config.ts';
import { createReload } from '../lib/config/reload.ts';
import { createHandler } from '../lib/handlers/pull.ts';
import { readDirectoryConfig } from '../lib/providers/connect-directories.ts';

const ready = createReload(process.env, (environment) =>
  createHandler(connect(readConfig(environment)), readDirectoryConfig(environment)),
);

export const handler = async (input: unknown, context: Context) => (await ready())(input, context);
