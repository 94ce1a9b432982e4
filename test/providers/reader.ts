// Has a provider read what its sender signed, as the receiver would.

import type * as v from 'valibot';
import { type Environment, readSettings } from '../../lib/config/settings.ts';
import type { UserEvent } from '../../lib/event.ts';
import type { Provider } from '../../lib/providers/provider.ts';
import type { SignedRequest } from '../../local/providers/sender.ts';

export type Reader = (request: SignedRequest, nowMs: number) => Promise<readonly UserEvent[]>;

/** Secrets may be readable words here. The users' objects, which are for mappings, are left out. */
export function connect<Settings extends v.ObjectEntries>(
  provider: Provider<Settings>,
  environment: Environment,
): Reader {
  const read = provider.connect(
    readSettings(provider.settings, { ALLOW_SHORT_SECRETS: 'true', ...environment }),
  );
  return async ({ headers, body }, nowMs) => {
    const lowered = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
    const events = await read({ headers: Object.fromEntries(lowered), body }, nowMs);
    return events.map(({ original: _, ...event }) => event);
  };
}
