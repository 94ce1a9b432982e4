// Has a provider read what its sender signed, as the receiver would.

import type * as v from 'valibot';
import type { Environment } from '../../lib/config/settings.ts';
import type { UserEvent } from '../../lib/event.ts';
import type { Provider } from '../../lib/providers/provider.ts';
import type { SignedRequest } from '../../local/providers/sender.ts';
import { connect as connectSent } from '../support/sent.ts';

export type Reader = (request: SignedRequest, nowMs: number) => Promise<readonly UserEvent[]>;

/** Secrets may be readable words here. */
export function connect<Settings extends v.ObjectEntries>(
  provider: Provider<Settings>,
  environment: Environment,
): Reader {
  const read = connectSent(provider, environment);
  return ({ headers, body }, nowMs) => {
    const lowered = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
    return read({ headers: Object.fromEntries(lowered), body }, nowMs);
  };
}
