// POST /webhooks/{provider}, by the HTTP API or the function's own address.

import { createRefresh } from '../lib/config/reload.ts';
import { whenReady } from '../lib/handlers/webhook.ts';
import { createBuilder } from '../lib/handlers/webhook-builder.ts';

export const handler = whenReady(createRefresh(process.env, createBuilder()));
