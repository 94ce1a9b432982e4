// Amazon Cognito's triggers, and its API calls from CloudTrail by EventBridge.

import { connect } from '../lib/app.ts';
import { inlineSettings, readConfig } from '../lib/config/config.ts';
import { createReload } from '../lib/config/reload.ts';
import { readSettings } from '../lib/config/settings.ts';
import { areExclusive } from '../lib/config/sources.ts';
import { createHandler, whenReady } from '../lib/handlers/cognito.ts';
import { cognitoSettings } from '../lib/providers/cognito/cognito.ts';

export const handler = whenReady(
  createReload(process.env, (environment) => {
    const settings = readSettings({ ...cognitoSettings, ...inlineSettings }, environment);
    return createHandler(connect(readConfig(environment)), {
      userPoolIds: settings.COGNITO_USER_POOL_IDS,
      inlineBudgetMs: settings.INLINE_BUDGET_MS,
      isExclusive: areExclusive(environment),
    });
  }),
);
