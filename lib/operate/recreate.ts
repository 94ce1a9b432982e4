// Has a user whom ROQ has lost made there anew, as an operator asks.

import type { App } from '../app.ts';
import type { RunBudget } from '../sync/concurrency.ts';
import { changeLink, type Linked, type LinkRefused, refuse } from './link.ts';

/**
 * Has the record forget its ROQ user, where ROQ is shown to have nobody of the reference, so that converge makes one. Of a
 * user who was deleted at the provider nobody is made, and the record is in step. @throws UnavailableError
 */
export function recreate(app: App, reference: string, budget: RunBudget): Promise<Linked | LinkRefused> {
  const change: Parameters<typeof changeLink>[2] = {
    command: 'recreate',
    check: ([user]) =>
      user
        ? refuse(
            'roq_user_present',
            `ROQ has ${user.id} of this reference, so nobody was made. Resync links the record to the oldest, relink to the one that you name.`,
          )
        : null,
    prepare: (record) => app.store.unlink(record),
  };
  return changeLink(app, reference, change, budget);
}
