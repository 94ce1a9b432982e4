// Every minute, by EventBridge: what is pending and due is converged.

import type { Context, ScheduledEvent } from 'aws-lambda';
import { type App, connect, leaseMsFor } from '../lib/app.ts';
import { readConfig } from '../lib/config.ts';
import { type Drained, drain } from '../lib/drain.ts';
import { createPace } from '../lib/pace.ts';

export const handler = createHandler(connect(readConfig(process.env)));

// Batches at ROQ at once; live events are not counted, so that they always find room.
const maxInFlight = 8;

// What the outcomes of a last batch need to be written down.
const reserveMs = 5_000;

/** @throws UnavailableError, so that the alarm on the function's errors is rung. */
export function createHandler(app: App) {
  return async (
    _event: ScheduledEvent,
    context: Pick<Context, 'getRemainingTimeInMillis'>,
  ): Promise<Drained> => {
    const remainingMs = context.getRemainingTimeInMillis();
    const deadline = app.now() + remainingMs - reserveMs;
    const drained = await drain(app, {
      deadline,
      leaseMs: leaseMsFor(remainingMs),
      pace: createPace({ max: maxInFlight }),
    });
    app.log({ message: 'drain', ...drained });
    return drained;
  };
}
