// Which providers are configured, and which of them speak for the same users.

import { sourceOf } from '../event.ts';
import { type Environment, flag, readSettings } from './settings.ts';

/** The settings of the functions that record what providers tell. */
export const sourceSettings = {
  SHARED_REFERENCES: flag(
    false,
    'Set to "true" where several providers use one id for one person. Otherwise each leaves users alone that another reported first.',
  ),
};

/** Names of the providers that should send something; Cognito has no webhook, and is configured by its pools. */
export function configuredProviders({ PROVIDERS = '', COGNITO_USER_POOL_IDS = '' }: Environment): string[] {
  const names = PROVIDERS.split(/\s+/).filter(Boolean);
  return COGNITO_USER_POOL_IDS.trim() ? [...names, 'cognito'] : names;
}

/** Whether a provider leaves users alone that another one reported first. @throws ConfigError */
export function areExclusive(environment: Environment): boolean {
  const sources = new Set(configuredProviders(environment).map(sourceOf));
  return sources.size > 1 && !readSettings(sourceSettings, environment).SHARED_REFERENCES;
}
