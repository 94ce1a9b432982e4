// POST /webhooks/{provider}, by the HTTP API or the function's own address.

import { connect } from '../lib/app.ts';
import { createReload } from '../lib/config/reload.ts';
import { createHandler, whenReady } from '../lib/handlers/webhook.ts';
import { readWebhookConfig } from '../lib/providers/connect.ts';

export const handler = whenReady(
  createReload(process.env, (environment) => {
    const config = readWebhookConfig(environment);
    return createHandler(connect(config), config);
  }),
);
