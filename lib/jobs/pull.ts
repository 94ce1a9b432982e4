// Asks a provider for all of its users, and finds what no webhook told: in the list, and who is in it no more.

import type { RunBudget } from '../sync/concurrency.ts';
import { drive, type JobPorts, type StoredJob, startJob } from './jobs.ts';
import { pullAbsent } from './pull-absent.ts';
import { type ConnectedDirectory, newPull, type PullJob, type PullPorts } from './pull-job.ts';
import { pullList } from './pull-list.ts';
import { createAsk } from './pull-question.ts';
import { pullGone, pullSuspects } from './pull-suspects.ts';
import { readSeen, type Seen } from './seen.ts';

type Ports = JobPorts & PullPorts;

/** A provider's directory by its name; null where none is configured. */
export type FindDirectory = (provider: string) => ConnectedDirectory | null;

/**
 * Begins a pull, unless one of that provider is running.
 * Scheduled pulls plan until an operator has applied one.
 * @returns the id of the one that is running now
 */
export async function beginPull(
  ports: Pick<Ports, 'documents' | 'now'>,
  { provider, apply, isScheduled }: Pick<PullJob, 'provider' | 'apply' | 'isScheduled'>,
): Promise<string> {
  for await (const { id } of ports.documents.list('pulling', { prefix: `pull-${provider}-` })) return id;
  const nowMs = ports.now();
  // One a day by the schedule, however often EventBridge delivers its event.
  const time = new Date(nowMs).toISOString();
  const id = `pull-${provider}-${isScheduled ? time.slice(0, 10) : time}`;
  const wasApplied = (await ports.documents.get('pulled', provider)) !== null;
  await startJob(
    ports,
    id,
    newPull({ provider, isScheduled, nowMs, apply: isScheduled ? wasApplied : apply }),
  );
  return id;
}

/**
 * Carries a pull on as far as the time goes.
 * @returns the job as it is stored then; null when there is none, or its directory is not configured here
 */
export async function runPull(
  ports: Ports,
  id: string,
  find: FindDirectory,
  budget: RunBudget,
): Promise<StoredJob | null> {
  const entry = await ports.documents.get<StoredJob>('job', id);
  if (entry?.document.state !== 'running' || entry.document.job.is !== 'pull') {
    await ports.documents.remove('pulling', id);
    return entry?.document ?? null;
  }
  const { job } = entry.document;
  const directory = find(job.provider);
  if (!directory) return null;
  const stored = await drive(
    ports,
    entry,
    (limited) => pullSteps({ ...ports, ...limited }, directory, id, job, budget),
    budget,
  );
  if (stored.state === 'done' && job.apply && !job.isScheduled) {
    await ports.documents.put('pulled', job.provider, { appliedAt: ports.now() }, null);
  }
  return stored;
}

/** Carries on whatever is running, one after the other. @throws what the first threw, once the others had their turn */
export async function runPulls(ports: Ports, find: FindDirectory, budget: RunBudget): Promise<void> {
  const failures: unknown[] = [];
  for await (const { id } of ports.documents.list('pulling')) {
    await runPull(ports, id, find, budget).catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0) throw failures[0];
}

async function* pullSteps(
  ports: PullPorts,
  directory: ConnectedDirectory,
  id: string,
  job: PullJob,
  budget: RunBudget,
): AsyncGenerator<PullJob> {
  const ask = createAsk(ports, directory, budget.deadline);
  let seen: Seen | null = null;
  let current = job;
  while (current.cursor !== null) {
    const { cursor } = current;
    if (cursor.in === 'list') {
      current = await pullList(ports, directory, ask, id, current, cursor, budget);
    } else if (cursor.in === 'records') {
      seen ??= await readSeen(ports.documents, id);
      current = await pullAbsent(ports, directory, id, current, cursor.after, seen);
    } else if (cursor.in === 'suspects') {
      current = await pullSuspects(ports, directory, ask, id, current, cursor.after, budget);
    } else {
      current = await pullGone(ports, directory, id, current, budget);
    }
    // Nothing names a user any more who is no example.
    if (current.cursor === null) current = { ...current, canaries: [] };
    yield current;
  }
}
