// The state of one user, and of all. Reads only.

import type { App } from '../app.ts';
import type { UserRecord } from '../dynamodb/record.ts';
import type { RoqCode } from '../errors.ts';
import { type Step, toSteps } from '../history.ts';
import type { JobView } from '../jobs/job-view.ts';
import { RoqError } from '../roq/faults.ts';
import { toRoqFields } from '../roq/fields.ts';
import type { RoqUser } from '../roq/types.ts';
import { type Reason, readCeiling, reasonOf } from '../sync/ceiling.ts';
import type { RunBudget } from '../sync/concurrency.ts';
import { readRan } from '../sync/drain.ts';
import { type Facts, type Plan, plan, type RoqFields } from '../user.ts';
import { foreignUsers, newestJobs } from './listing.ts';
import { type Measured, measure, readMeasured } from './measure.ts';
import { type ProviderFaults, readFaults } from './provider-faults.ts';
import { suspectedUsers } from './suspects.ts';

export type UserStatus = {
  readonly reference: string;
  /** Whether there is a record. */
  readonly found: boolean;
  readonly record: RecordStatus | null;
  /** What ROQ has right now: every user of the reference, deactivated ones too, the oldest first. */
  readonly roq:
    | { readonly answered: true; readonly users: readonly FoundUser[] }
    | { readonly answered: false; readonly code: RoqCode };
  /** Null where that is unknown: there is no record, or ROQ does not answer. */
  readonly inStep: boolean | null;
  /**
   * What is to be done at ROQ.
   * - `ask`: ROQ no longer has the user that the record names, nor another of the reference: a person decides on relink or
   *   recreate.
   * - `adopt`: it has another of the reference, which resync or the next event links.
   */
  readonly todo: Plan['do'] | 'ask' | 'adopt' | null;
  /** The ROQ fields that differ. */
  readonly differs: readonly string[];
  /** ROQ ids of further users with the same reference. */
  readonly duplicates: readonly string[];
};

export type RecordStatus = Pick<
  UserRecord,
  'roqId' | 'queue' | 'dueAt' | 'pendingSince' | 'attempts' | 'lastError' | 'lease' | 'cleared' | 'sources'
> & {
  readonly facts: Facts;
  /** Why the user is held; null for one who is not. */
  readonly reason: Reason | null;
  /** The last steps, the oldest first. */
  readonly history: readonly Step[];
};

export type FoundUser = {
  readonly id: string;
  /** The one that is kept in step, or would be. */
  readonly isKept: boolean;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly state: RoqFields;
};

type Ports = Pick<App, 'store' | 'roq'>;

/** What the record has of a user, what ROQ has, and in what they differ. @throws UnavailableError */
export async function statusOf(
  { store, roq }: Ports,
  reference: string,
  { deadline }: RunBudget,
): Promise<UserStatus> {
  const record = await store.get(reference);
  const users = await lookUp(roq, reference, deadline);
  const found = { reference, found: record !== null, record: record && toRecordStatus(record) };
  if (users instanceof RoqError) {
    const roq = { answered: false, code: users.code } as const;
    return { ...found, roq, inStep: null, todo: null, differs: [], duplicates: [] };
  }
  const kept = users.find(({ id }) => id === record?.roqId) ?? users[0];
  return {
    ...found,
    roq: { answered: true, users: users.map((user) => toFoundUser(user, kept)) },
    ...compare(record, kept),
    duplicates: users.filter((user) => user !== kept).map(({ id }) => id),
  };
}

/** Every ROQ user of a reference, the oldest first, or the error where ROQ does not answer wholly. */
export async function lookUp(
  roq: Pick<App['roq'], 'usersOf'>,
  reference: string,
  deadline: number,
): Promise<readonly RoqUser[] | RoqError> {
  try {
    const users = (await roq.usersOf([reference], { deadline })).get(reference);
    return users ?? new RoqError('roq_unavailable', 'none');
  } catch (error) {
    if (error instanceof RoqError) return error;
    throw error;
  }
}

function toRecordStatus(record: UserRecord): RecordStatus {
  const { facts, roqId, queue, dueAt, pendingSince, attempts, lastError, lease, cleared, sources } = record;
  const known = { facts, roqId, queue, dueAt, pendingSince, attempts, lastError, lease, cleared, sources };
  return { ...known, reason: queue === 'held' ? reasonOf(facts) : null, history: toSteps(record.steps) };
}

function toFoundUser(user: RoqUser, kept: RoqUser | undefined): FoundUser {
  const { id, createdAt, updatedAt } = user;
  return { id, isKept: user === kept, createdAt, updatedAt, state: toRoqFields(user) };
}

function compare(
  record: UserRecord | null,
  kept: RoqUser | undefined,
): Pick<UserStatus, 'inStep' | 'todo' | 'differs'> {
  if (!record) return { inStep: null, todo: null, differs: [] };
  if (record.roqId !== null && !kept) return { inStep: false, todo: 'ask', differs: [] };
  const todo = plan(record.facts, kept ? toRoqFields(kept) : null);
  const differs = todo.do === 'update' ? Object.keys(todo.changes) : [];
  if (record.roqId !== null && record.roqId !== kept?.id) return { inStep: false, todo: 'adopt', differs };
  return { inStep: todo.do === 'nothing', todo: todo.do, differs };
}

/** The state of all users. */
export type Overview = Measured & {
  /** Of what is deployed. */
  readonly version: string;
  readonly running: readonly JobView[];
  readonly lastAudit: JobView | null;
  readonly lastBackfill: JobView | null;
  /** The last pull of each provider that was ever asked. */
  readonly lastPulls: readonly PullView[];
  /** Users whom the list of their provider does not have. */
  readonly suspects: number;
  /** When the schedule last ran; null for never. */
  readonly ranAt: number | null;
  /** When each provider's last event came, to within some minutes. */
  readonly heard: readonly { readonly provider: string; readonly at: number }[];
  /** The providers whose settings can't work. */
  readonly misconfigured: readonly ProviderFaults[];
  /** Deactivations counted in this clock hour, and the ceiling on them. */
  readonly deactivations: { readonly counted: number; readonly limit: number };
  /** Users of whom a provider spoke in the last month although another reported them first. */
  readonly foreign: number;
};

/**
 * Reads the state of all users; `isStored`: with the queues as the schedule measured them last, which costs little where
 * they are long. @throws UnavailableError
 */
export async function overview(
  app: Pick<App, 'version' | 'queries' | 'documents' | 'now' | 'limits'>,
  isStored = false,
): Promise<Overview> {
  const stored = isStored ? await readMeasured(app.documents) : null;
  const jobs = await Array.fromAsync(newestJobs(app.documents));
  const heard = await Array.fromAsync(app.documents.list<{ at: number }>('heard'), ({ id, document }) => ({
    provider: id,
    at: document.at,
  }));
  return {
    version: app.version,
    ...(stored ?? (await measure(app))),
    running: jobs.filter(({ state }) => state === 'running'),
    // Adopting ROQ's users alone is stored as an audit too, under another id.
    lastAudit: jobs.find(({ id, is }) => is === 'audit' && id.startsWith('audit-')) ?? null,
    lastBackfill: jobs.find(({ is }) => is === 'backfill') ?? null,
    lastPulls: lastOfEach(jobs.filter((job) => job.is === 'pull')),
    suspects: (await Array.fromAsync(suspectedUsers(app.documents))).length,
    ranAt: await readRan(app.documents),
    heard,
    misconfigured: await readFaults(app),
    deactivations: await readCeiling(app),
    foreign: (await Array.fromAsync(foreignUsers(app.documents))).length,
  };
}

type PullView = Extract<JobView, { is: 'pull' }>;

/** The first of each provider, where the newest come first. */
function lastOfEach(pulls: readonly PullView[]): readonly PullView[] {
  const last = new Map<string, PullView>();
  for (const pull of pulls) if (!last.has(pull.provider)) last.set(pull.provider, pull);
  return [...last.values()];
}
