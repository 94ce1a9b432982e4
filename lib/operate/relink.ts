// Links a record to a ROQ user that a person made or chose, as an operator asks.

import type { App } from '../app.ts';
import type { RunBudget } from '../sync/concurrency.ts';
import { changeLink, type Linked, type LinkRefused, refuse } from './link.ts';

/**
 * Makes the record name that ROQ user, who must bear its very reference, and makes the ROQ user match the record.
 * @throws UnavailableError
 */
export function relink(
  app: App,
  reference: string,
  roqId: string,
  budget: RunBudget,
): Promise<Linked | LinkRefused> {
  const change: Parameters<typeof changeLink>[2] = {
    command: 'relink',
    check: (users) => {
      if (users.some(({ id }) => id === roqId)) return null;
      const found =
        users.length > 0 ? `Of this reference it has ${users.map(({ id }) => id).join(', ')}.` : '';
      return refuse(
        'roq_user_unknown',
        `ROQ has no user of that id that bears this very reference, so nothing was done. ${found || remedy}`,
      );
    },
    // The look-up that follows finds that user before any other of the reference.
    prepare: async (record) => ({ ...record, roqId, observed: null }),
  };
  return changeLink(app, reference, change, budget);
}

const remedy =
  'It has none of this reference at all: make one there that bears it, or have it made by recreate.';
