// Asks a provider for all of its users, and finds what no webhook told: in the list, and who is in it no more.

import type { Documents, Heard } from '../dynamodb/documents.ts';
import type { RunBudget } from '../sync/concurrency.ts';
import { drive, isKnownJob, type JobPorts, type StoredJob, setAside, startJob } from './jobs.ts';
import { pullAbsent } from './pull-absent.ts';
import { type ConnectedDirectory, newPull, type PullJob, type PullPorts } from './pull-job.ts';
import { pullList } from './pull-list.ts';
import { createAsk } from './pull-question.ts';
import { pullGone, pullSuspects } from './pull-suspects.ts';
import { readSeen, type Seen } from './seen.ts';

type Ports = JobPorts & PullPorts;

/** A provider's directory by its name; null where none is configured. */
export type FindDirectory = (provider: string) => ConnectedDirectory | null;

type BeginPorts = Pick<Ports, 'now'> & {
  readonly documents: Pick<Documents, 'get' | 'put' | 'remove' | 'list'>;
};

/**
 * Begins a pull that an operator wants, unless one of that provider is running.
 * @returns the id of the one that is running now
 */
export async function beginPull(ports: BeginPorts, provider: string, apply: boolean): Promise<string> {
  const running = await runningPull(ports, provider);
  if (running !== null) return running;
  const id = pullId(provider, new Date(ports.now()).toISOString());
  await startJob(ports, id, newPull({ provider, apply, isScheduled: false, nowMs: ports.now() }));
  return id;
}

/**
 * Begins a pull that nobody waits for, once for each `occasion`, unless one of that provider is running. It only plans until
 * an operator has applied one.
 * @returns whether the occasion has had its pull
 */
export async function beginScheduled(
  ports: BeginPorts,
  provider: string,
  occasion: string,
): Promise<boolean> {
  const id = pullId(provider, occasion);
  const running = await runningPull(ports, provider);
  if (running !== null) return running === id;
  const apply = (await ports.documents.get('pulled', provider)) !== null;
  await startJob(ports, id, newPull({ provider, apply, isScheduled: true, nowMs: ports.now() }));
  return true;
}

function pullId(provider: string, occasion: string): string {
  return `pull-${provider}-${occasion}`;
}

async function runningPull({ documents }: BeginPorts, provider: string): Promise<string | null> {
  for await (const { id } of documents.list('pulling', { prefix: pullId(provider, '') })) return id;
  return null;
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
  if (!isKnownJob(entry.document)) return setAside(ports, entry);
  const { job } = entry.document;
  const directory = find(job.provider);
  if (!directory) return null;
  const stored = await drive(
    ports,
    entry,
    (limited) => pullSteps({ ...ports, ...limited }, directory, id, job, budget),
    budget,
  );
  if (stored.state === 'done') await noteEnd(ports, stored.job as PullJob);
  return stored;
}

async function noteEnd({ documents, now }: BeginPorts, job: PullJob): Promise<void> {
  const { provider, apply, isScheduled, listedFrom, report } = job;
  if (apply && !isScheduled) await documents.put('pulled', provider, { appliedAt: now() }, null);
  const { missed, missingOnce, gone, unreadable, unanswered, stopped } = report;
  // So its webhooks had told everything until then, however long none of them has come.
  if (stopped === null && missed + missingOnce + gone + unreadable + unanswered === 0) {
    await documents.put('complete', provider, { at: listedFrom } satisfies Heard, null);
  }
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
