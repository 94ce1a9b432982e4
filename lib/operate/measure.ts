// How many users are out of step, since when and why; and the same as it was measured last.

import type { App } from '../app.ts';
import type { Queue, Queued } from '../dynamodb/record.ts';
import type { ConvergeCode } from '../errors.ts';

/** A reason for which users are tried again, how many they are, and since when the oldest is out of step. */
export type Failing = { readonly code: ConvergeCode; readonly count: number; readonly since: number | null };

type QueueFigures = { readonly count: number; readonly oldestSince: number | null };

export type Measured = {
  /** When, in milliseconds of our clock. */
  readonly measuredAt: number;
  /** `oldestSince`: since when somebody is out of step; of pending the oldest, else who has been in the queue for longest. */
  readonly queues: Readonly<Record<Queue, QueueFigures>>;
  /** Why users who are pending are tried again, the most frequent reason first. */
  readonly failing: readonly Failing[];
};

/** Measures every queue. @throws UnavailableError */
export async function measure(app: Pick<App, 'queries' | 'now'>): Promise<Measured> {
  const measuredAt = app.now();
  const [pending, waiting, parked, held] = await Promise.all([
    measureQueue(app, 'pending'),
    measureQueue(app, 'waiting'),
    measureQueue(app, 'parked'),
    measureQueue(app, 'held'),
  ]);
  const { failing = [], ...figures } = pending;
  return { measuredAt, queues: { pending: figures, waiting, parked, held }, failing };
}

/** Keeps it for who looks later. @throws UnavailableError */
export async function keepMeasured({ documents }: Pick<App, 'documents'>, measured: Measured): Promise<void> {
  await documents.put('measured', 'last', measured, null);
}

/** What was kept last; null for nothing. @throws UnavailableError */
export async function readMeasured(documents: Pick<App['documents'], 'get'>): Promise<Measured | null> {
  return (await documents.get<Measured>('measured', 'last'))?.document ?? null;
}

/**
 * How many users a queue has, and since when one is out of step: of those who are pending the oldest, in other queues who
 * has been there for longest. The pending are few, or there is an outage, and are read for it; who waits may be most of all
 * users, and is counted without being read.
 */
async function measureQueue(
  { queries }: Pick<App, 'queries'>,
  queue: Queue,
): Promise<QueueFigures & { readonly failing?: readonly Failing[] }> {
  if (queue !== 'pending') {
    const [count, heads] = await Promise.all([queries.count(queue), queries.heads(queue)]);
    return { count, oldestSince: oldestOf(heads) };
  }
  let count = 0;
  let oldestSince: number | null = null;
  const failing = new Map<ConvergeCode, Failing>();
  for await (const entry of queries.queued(queue)) {
    count += 1;
    oldestSince = oldestOf([entry, { pendingSince: oldestSince }]);
    const { lastError: code, pendingSince } = entry;
    if (code === null) continue;
    const known = failing.get(code);
    const since = oldestOf([{ pendingSince }, { pendingSince: known?.since ?? null }]);
    failing.set(code, { code, count: (known?.count ?? 0) + 1, since });
  }
  const most = [...failing.values()].sort((one, other) => other.count - one.count);
  return { count, oldestSince, failing: most };
}

function oldestOf(entries: readonly Pick<Queued, 'pendingSince'>[]): number | null {
  const times = entries.map(({ pendingSince }) => pendingSince).filter((time) => time !== null);
  return times.length > 0 ? Math.min(...times) : null;
}
