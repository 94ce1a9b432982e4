// The configuration that every function needs, read from the environment once and checked as a whole.

import { type Environment, number, pairs, readSettings, secretText, text, url } from './settings.ts';

/** The settings that every function needs. */
export const coreSettings = {
  ROQ_PLATFORM_URL: url('Address of your ROQ environment.'),
  ROQ_ENVIRONMENT_ID: text('Id of your ROQ environment.'),
  ROQ_API_KEY: secretText("API key of your ROQ environment's service account."),
  TABLE_NAME: text('The DynamoDB table of users; the deployment sets it.'),
  STATE_TABLE_NAME: text('The DynamoDB table of jobs, counters and findings; the deployment sets it.'),
  CEILING_COUNT: number(
    25,
    { min: 0, max: 1_000_000 },
    'So many users may be disabled, and as many deleted, in this clock hour and the last together, and in one run, before the rest is held for an operator …',
  ),
  CEILING_SHARE: number(
    0.01,
    { min: 0, max: 1, isWhole: false },
    '… or this share of the active users, where that is more; 0.01 is one in a hundred.',
  ),
  REFERENCE_PREFIXES: pairs(
    'What stands before the ids of a provider in references, as name=prefix, so that those of several providers stay apart.',
  ),
  ROQ_TIMEOUT_MS: number(
    1_500,
    { min: 100, max: 10_000 },
    'The longest that one call to ROQ may take, in milliseconds.',
  ),
};

/** The settings of the functions that a sender waits for. */
export const inlineSettings = {
  INLINE_BUDGET_MS: number(
    2_000,
    { min: 0, max: 5_000 },
    'The longest that an event may keep its sender waiting for ROQ, in milliseconds; the rest is done later.',
  ),
};

export type Config = {
  /** As it is deployed; `unknown` where no deployment says. */
  readonly version: string;
  readonly tableName: string;
  readonly stateTableName: string;
  readonly ceiling: { readonly count: number; readonly share: number };
  /** What stands before the ids of a source in references. */
  readonly prefixes: Readonly<Record<string, string>>;
  readonly roq: {
    readonly url: string;
    readonly environmentId: string;
    readonly apiKey: string;
    readonly timeoutMs: number;
  };
};

/** @throws ConfigError naming everything that is wrong. */
export function readConfig(environment: Environment): Config {
  const core = readSettings(coreSettings, environment);
  return {
    version: environment.VERSION || 'unknown',
    tableName: core.TABLE_NAME,
    stateTableName: core.STATE_TABLE_NAME,
    ceiling: { count: core.CEILING_COUNT, share: core.CEILING_SHARE },
    prefixes: core.REFERENCE_PREFIXES,
    roq: {
      url: core.ROQ_PLATFORM_URL,
      environmentId: core.ROQ_ENVIRONMENT_ID,
      apiKey: core.ROQ_API_KEY,
      timeoutMs: core.ROQ_TIMEOUT_MS,
    },
  };
}
