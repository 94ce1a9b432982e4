// Audits, backfills and pulls that may outlast one invocation: begun by an operator or a schedule, carried on every minute.

import type { Documents, Entry } from '../dynamodb/documents.ts';
import {
  type DirectoryCode,
  DirectoryError,
  type RoqCode,
  type UnavailableCode,
  UnavailableError,
} from '../errors.ts';
import type { ExportLine } from '../exports/read.ts';
import { SourceError } from '../exports/source.ts';
import type { Mapping } from '../mapping/mapping.ts';
import type { Log } from '../observability/log-line.ts';
import { RoqError } from '../roq/faults.ts';
import type { Admit } from '../sync/ceiling.ts';
import type { RunBudget } from '../sync/concurrency.ts';
import { auditPage } from './audit.ts';
import type { AuditJob, AuditPorts } from './audit-job.ts';
import type { BackfillPorts } from './backfill.ts';
import { backfillFile, backfillLines } from './backfill-chunks.ts';
import { type BackfillJob, newBackfill } from './backfill-job.ts';
import type { PullJob } from './pull-job.ts';

export type JobPorts = AuditPorts &
  BackfillPorts & {
    readonly documents: Pick<Documents, 'get' | 'put' | 'remove' | 'list'>;
    readonly log: Log;
    readonly mapping: Mapping;
    /** The ceiling on the deactivations of one run, within that of the hour. */
    readonly admitIn: (run: string) => Admit;
  };

/** A job as it is stored. */
export type StoredJob = {
  readonly job: AuditJob | BackfillJob | PullJob;
  readonly state: 'running' | 'done' | 'failed' | 'cancelled';
  readonly startedAt: number;
  readonly updatedAt: number;
  /** Of which version its form is; left out: the first. */
  readonly form?: number;
  /** Runs in a row that got nowhere. */
  readonly failures: number;
  readonly lastError: JobError | null;
};

/** `unforeseen`: something that nobody thought of, which is a bug. */
export type JobError = SourceError['code'] | UnavailableCode | RoqCode | DirectoryCode | 'unforeseen';

/** Raised with every change of a job's form that an older version can't carry on. */
const jobForm = 1;

/** Whether it is a job that this version can carry on: after going back one version, there may be others. */
export function isKnownJob({ job, form = 1 }: StoredJob): boolean {
  return form <= jobForm && ['audit', 'backfill', 'pull'].includes(job.is);
}

/** How long a job is kept after it last moved. */
export const keepMs = 90 * 86_400_000;

// A day of minutes: what is down longer is for an operator.
const maxFailures = 24 * 60;

// What a page or a chunk needs before the time is up.
const reserveMs = 3_000;

/** Stores a new job, to be run by `runJob` or the schedule; false when there is one of that id already. */
export async function startJob(
  { documents, now }: { readonly documents: Pick<Documents, 'put'>; readonly now: () => number },
  id: string,
  job: Job,
): Promise<boolean> {
  const stored: StoredJob = {
    job,
    state: 'running',
    startedAt: now(),
    updatedAt: now(),
    form: jobForm,
    failures: 0,
    lastError: null,
  };
  // In this order a start that is broken off leaves no job that nobody carries on.
  await documents.put(runningKind(job), id, {}, null);
  return documents.put('job', id, stored, 0, keepMs);
}

/**
 * Carries on whatever is running, one job after the other, as far as the time goes.
 * @throws what the first of them threw, once the others have had their turn
 */
export async function runJobs(ports: JobPorts, budget: RunBudget): Promise<void> {
  const failures: unknown[] = [];
  for await (const { id } of ports.documents.list('running')) {
    if (ports.now() + reserveMs >= budget.deadline) break;
    await runJob(ports, id, budget).catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0) throw failures[0];
}

/**
 * Carries one job on, as far as the time goes. Where it stands is stored after every page, so that it may be broken off
 * anywhere; of two runs of one job the slower stops.
 * @returns the job as it is stored then; null when there is none
 */
export async function runJob(ports: JobPorts, id: string, budget: RunBudget): Promise<StoredJob | null> {
  const entry = await ports.documents.get<StoredJob>('job', id);
  if (entry?.document.state !== 'running') {
    await ports.documents.remove('running', id);
    return entry?.document ?? null;
  }
  if (!isKnownJob(entry.document)) return setAside(ports, entry);
  const { job } = entry.document;
  // Only the function that may ask its provider carries a pull on.
  if (job.is === 'pull') return entry.document;
  if (job.is === 'audit') return drive(ports, entry, (limited) => auditPages(limited, job, budget), budget);
  const { source } = job;
  // What its sender has not sent yet can't be carried on without it.
  if (source.from === 'sender') return entry.document;
  return drive(ports, entry, (limited) => backfillFile(limited, job, source, budget), budget);
}

/** A job of another version stays as it is, for that version, or for an operator who cancels it; an alarm rings meanwhile. */
export function setAside({ log }: Pick<JobPorts, 'log'>, { id, document }: Entry<StoredJob>): StoredJob {
  log({ message: 'job', id, is: 'unknown', state: 'set aside', code: 'job_unknown' });
  return document;
}

type LinesOptions = {
  readonly apply: boolean;
  readonly isLast: boolean;
  readonly provider?: string | null;
};

/** Takes lines that come along with the call, after those that are done; `isLast`: no more will follow. */
export async function runLines(
  ports: JobPorts,
  id: string,
  lines: readonly ExportLine[],
  { apply, isLast, provider = null }: LinesOptions,
  budget: RunBudget,
): Promise<StoredJob | null> {
  await startJob(ports, id, newBackfill(apply, { from: 'sender' }, provider));
  const entry = await ports.documents.get<StoredJob>('job', id);
  if (entry?.document.state !== 'running') return entry?.document ?? null;
  if (!isKnownJob(entry.document)) return setAside(ports, entry);
  if (entry.document.job.is !== 'backfill') return entry.document;
  const { job } = entry.document;
  return drive(ports, entry, (limited) => backfillLines(limited, job, lines, isLast, budget), budget);
}

/**
 * Ends a job where it is: what it did stays, and whoever is at it stops when it next stores where it stands. One that is
 * over stays as it is; null where there is none. @throws UnavailableError
 */
export async function cancelJob(
  { documents, now }: Pick<JobPorts, 'documents' | 'now'>,
  id: string,
): Promise<StoredJob | null> {
  for (;;) {
    const entry = await documents.get<StoredJob>('job', id);
    if (entry?.document.state !== 'running') return entry?.document ?? null;
    const cancelled = withoutPlace({ ...entry.document, state: 'cancelled', updatedAt: now() });
    if (!(await documents.put('job', id, cancelled, entry.revision, keepMs))) continue;
    // Of another version's job nobody knows which of the two it is under.
    await documents.remove('running', id);
    await documents.remove('pulling', id);
    return cancelled;
  }
}

type Job = StoredJob['job'];

// Only the function that may ask a provider carries its pull on.
function runningKind({ is }: Job): 'running' | 'pulling' {
  return is === 'pull' ? 'pulling' : 'running';
}

/** Takes one step after the other, and stores each, until the job or the time is over. */
export async function drive(
  ports: JobPorts,
  start: Entry<StoredJob>,
  advance: (ports: JobPorts) => AsyncGenerator<Job>,
  { deadline }: RunBudget,
): Promise<StoredJob> {
  let entry = start;
  let lastError: JobError | null = 'roq_unavailable';
  let unforeseen: unknown = null;
  try {
    for await (const job of advance({ ...ports, admit: ports.admitIn(entry.id) })) {
      lastError = null;
      const saved = await save(ports, entry, { job, failures: 0, lastError });
      if (!saved) return entry.document;
      entry = saved;
      if (ports.now() + reserveMs >= deadline) break;
    }
  } catch (error) {
    lastError = codeOf(error);
    unforeseen = lastError === 'unforeseen' ? error : null;
  }
  if (lastError === null) return entry.document;
  // It threw, or it got nowhere at all, as when ROQ is down.
  const saved = await save(ports, entry, { failures: entry.document.failures + 1, lastError });
  // Counted, so that it ends some day, and thrown, so that its alarm rings.
  if (unforeseen !== null) throw unforeseen;
  return saved?.document ?? entry.document;
}

/** Null when another run was faster. */
async function save(
  { documents, now, log }: JobPorts,
  { id, document, revision }: Entry<StoredJob>,
  changes: Partial<StoredJob>,
): Promise<Entry<StoredJob> | null> {
  const changed = { ...document, ...changes, updatedAt: now() };
  const stored = withoutPlace({ ...changed, state: stateOf(changed) });
  if (!(await documents.put('job', id, stored, revision, keepMs))) return null;
  if (stored.state !== 'running') {
    await documents.remove(runningKind(stored.job), id);
    log({
      message: 'job',
      id,
      is: stored.job.is,
      state: stored.state,
      code: stored.lastError,
      ...figures(stored.job),
      ...(stored.job.is === 'pull' && { stopped: stored.job.report.stopped }),
    });
  }
  return { id, document: stored, revision: revision + 1 };
}

/** A job that is over, without where it stood: the address of its file, or users by whom it would go on; any other as it is. */
export function withoutPlace(stored: StoredJob): StoredJob {
  const { job, state } = stored;
  if (state === 'running' || !isKnownJob(stored)) return stored;
  if (job.is === 'backfill') {
    if (job.source.from !== 'url' || job.source.url === '') return stored;
    return { ...stored, job: { ...job, source: { ...job.source, url: '' } } };
  }
  if (job.cursor === null) return stored;
  return { ...stored, job: { ...job, cursor: null, ...(job.is === 'pull' && { canaries: [] }) } };
}

function stateOf({ job, failures, lastError }: StoredJob): StoredJob['state'] {
  if (failures >= maxFailures || (lastError !== null && finalErrors.includes(lastError))) return 'failed';
  return (job.is === 'backfill' ? job.isRead : job.cursor === null) ? 'done' : 'running';
}

// Trying again is no use before a person did something, and a provider may lock out who asks for ever.
const finalErrors: readonly JobError[] = ['source_changed', 'shape_unknown', 'directory_unauthorized'];

/** The counts of a report, without its examples. */
function figures({ report }: Job): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(report).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
  );
}

function codeOf(error: unknown): JobError {
  if (error instanceof SourceError || error instanceof RoqError) return error.code;
  if (error instanceof UnavailableError || error instanceof DirectoryError) return error.code;
  return 'unforeseen';
}

async function* auditPages(ports: JobPorts, job: AuditJob, budget: RunBudget): AsyncGenerator<AuditJob> {
  let current = job;
  while (current.cursor !== null) {
    const next = await auditPage(ports, current, budget);
    if (next === current) return;
    current = next;
    yield current;
  }
}
