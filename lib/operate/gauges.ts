// The state of all users in figures, for the alarms.

import type { App } from '../app.ts';
import type { Heard } from '../dynamodb/documents.ts';
import { sourceOf } from '../event.ts';
import type { GaugesLine } from '../observability/log-line.ts';
import { readCeiling } from '../sync/ceiling.ts';
import { keepMeasured, measure } from './measure.ts';

/** Measures the queues, which is kept for who looks later, the ceiling, and how long each of these providers has been silent. @throws UnavailableError */
export async function readGauges(
  app: Pick<App, 'queries' | 'documents' | 'now' | 'limits'>,
  providers: readonly string[],
): Promise<GaugesLine> {
  const nowMs = app.now();
  const measured = await measure(app);
  await keepMeasured(app, measured);
  const { pending, waiting, parked, held } = measured.queues;
  const { counted, limit } = await readCeiling(app);
  return {
    message: 'gauges',
    pending: pending.count,
    waiting: waiting.count,
    parked: parked.count,
    held: held.count,
    heldReminder: isPause(nowMs) ? 0 : held.count,
    oldestPendingMs: nowMs - (pending.oldestSince ?? nowMs),
    deactivations: counted,
    ceiling: limit,
    longestSilenceMs: await longestSilence(app, providers),
  };
}

const reminderMs = 4 * 60 * 60_000;

// Long enough that one measuring at least falls into it.
const pauseMs = 10 * 60_000;

function isPause(nowMs: number): boolean {
  return nowMs % reminderMs < pauseMs;
}

// A provider that has never sent an event is still being set up, which is no alarm; and of one whose list has nothing that
// webhooks did not tell, silence means that nothing happened.
async function longestSilence(
  { documents, now }: Pick<App, 'documents' | 'now'>,
  providers: readonly string[],
): Promise<number | null> {
  const heard = await Array.fromAsync(documents.list<Heard>('heard'));
  const complete = new Map<string, number>();
  for await (const { id, document } of documents.list<Heard>('complete')) complete.set(id, document.at);
  const silences = heard
    .filter(({ id }) => providers.includes(id))
    .map(({ id, document }) => now() - Math.max(document.at, complete.get(sourceOf(id)) ?? 0));
  return silences.length > 0 ? Math.max(...silences) : null;
}
