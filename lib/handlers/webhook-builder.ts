// The webhook's handler by the settings as they are now. The core and each provider stand by themselves: what can't work
// concerns nobody else, and goes on as it did last.

import { connect } from '../app.ts';
import { keepLast } from '../config/reload.ts';
import type { Environment } from '../config/settings.ts';
import { ConfigError } from '../errors.ts';
import type { Log } from '../observability/log-line.ts';
import { createFaultNotes } from '../operate/provider-faults.ts';
import { createConnector, readNames, readWebhookCore, webhookCoreSettings } from '../providers/connect.ts';
import { createHandler, type Handler } from './webhook.ts';

/** Builds the handler anew, as often as settings are read. @throws (the builder) ConfigError where the core never worked */
export function createBuilder(log?: Log): (environment: Environment) => Handler {
  const connectCore = keepLast((environment) => {
    const core = readWebhookCore(environment);
    return { ...core, app: connect(core, log) };
  }, webhookCoreSettings);
  const connectProviders = createConnector();
  const noteFaults = createFaultNotes();
  return (environment) => {
    const { built: core, faults } = connectCore(environment);
    const connections = connectProviders(core?.names ?? readNames(environment), environment);
    if (!core)
      throw new ConfigError([...faults, ...[...connections.values()].flatMap((part) => part.faults)]);
    if (faults.length > 0) core.app.log({ message: 'settings', provider: null, faults, isKept: true });
    const noted = noteFaults(core.app, connections);
    const providers = new Map([...connections].map(([name, { built }]) => [name, built]));
    const { inlineBudgetMs, isExclusive, asked } = core;
    const handle = createHandler(core.app, { providers, inlineBudgetMs, isExclusive, asked });
    return async (event, context, receivedAtMs) => {
      const answer = await handle(event, context, receivedAtMs);
      // Lambda stands still between events.
      await noted;
      return answer;
    };
  };
}
