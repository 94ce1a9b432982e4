// Our functions. They read their settings when they are imported, as at a cold start; those that count come later.

Object.assign(process.env, {
  ...{ AWS_REGION: 'eu-central-1', TABLE_NAME: 'unused', STATE_TABLE_NAME: 'unused', PROVIDERS: 'generic' },
  ...{ ROQ_PLATFORM_URL: 'https://roq.example', ROQ_ENVIRONMENT_ID: 'unused', ROQ_API_KEY: 'unused' },
  GENERIC_SECRETS: `whsec_${Buffer.alloc(32).toString('base64')}`,
});

export const { createHandler: createWebhook } = await import('../../functions/webhook.ts');
export const { createHandler: createReconcile } = await import('../../functions/reconcile.ts');
export const { createHandler: createBackfill } = await import('../../functions/backfill.ts');
export const { createHandler: createOperate } = await import('../../functions/operate.ts');
