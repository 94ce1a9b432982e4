// Takes one user out of the reports of jobs, and out of jobs that are over what they would have gone on by.

import type { Documents, Entry } from '../dynamodb/documents.ts';
import { isKnownJob, keepMs, type StoredJob, withoutPlace } from './jobs.ts';

type ForgetPorts = {
  readonly documents: Pick<Documents, 'get' | 'put' | 'list'>;
  readonly now: () => number;
};

export type Forgotten = {
  /** Reports that named the user, and do so no longer. */
  readonly jobs: number;
  /** Reports that still do, because the job moved on every time. */
  readonly left: number;
};

// A job that runs is stored after every page, which takes seconds.
const maxTries = 5;

/**
 * Forgets a user whom reports have as an example. A job that is running stops, and goes on within a minute from where it
 * was stored. @throws UnavailableError
 */
export async function forgetInJobs(ports: ForgetPorts, reference: string): Promise<Forgotten> {
  let jobs = 0;
  let left = 0;
  for await (const entry of ports.documents.list<StoredJob>('job')) {
    const isNamed = namesUser(entry.document, reference);
    const hasPlace = withoutPlace(entry.document) !== entry.document;
    if (!isNamed && !hasPlace) continue;
    const isDone = await forget(ports, entry, reference);
    if (isNamed && isDone) jobs += 1;
    if (isNamed && !isDone) left += 1;
  }
  return { jobs, left };
}

async function forget(
  { documents, now }: ForgetPorts,
  listed: Entry<StoredJob>,
  reference: string,
): Promise<boolean> {
  let entry: Entry<StoredJob> | null = listed;
  for (let tries = 0; entry && tries < maxTries; tries++) {
    const { id, document, revision }: Entry<StoredJob> = entry;
    // Where it names somebody, only its own version knows.
    if (!isKnownJob(document)) return false;
    // It is kept no longer for it.
    const leftMs = Math.max(0, document.updatedAt + keepMs - now());
    if (await documents.put('job', id, withoutUser(document, reference), revision, leftMs)) return true;
    entry = await documents.get<StoredJob>('job', id);
  }
  return entry === null;
}

function namesUser(stored: StoredJob, reference: string): boolean {
  const { job } = stored;
  if (!isKnownJob(stored)) return JSON.stringify(job).includes(JSON.stringify(reference));
  return job.is !== 'backfill' && Object.values(job.report.examples).some((of) => of.includes(reference));
}

function withoutUser(stored: StoredJob, reference: string): StoredJob {
  const over = withoutPlace(stored);
  const { job } = over;
  if (job.is === 'backfill') return over;
  const kept = Object.entries(job.report.examples).map(
    ([of, references]) => [of, references.filter((other) => other !== reference)] as const,
  );
  const report = { ...job.report, examples: Object.fromEntries(kept) };
  return { ...over, job: { ...job, report } as StoredJob['job'] };
}
