// Lists for an operator: the users of a queue, what audits found, whom several providers tell of, whom none has, and the jobs.

import type { App } from '../app.ts';
import type { Finding, Noted } from '../dynamodb/documents.ts';
import { type Queued, queues } from '../dynamodb/record.ts';
import { type JobView, viewJob } from '../jobs/job-view.ts';
import type { StoredJob } from '../jobs/jobs.ts';
import type { Suspect } from '../jobs/pull-absent.ts';
import { type HeldUser, heldUsers, type ParkedUser, parkedUsers } from './attention.ts';
import type { listNames } from './command.ts';
import { suspectedUsers } from './suspects.ts';

export type ListName = (typeof listNames)[number];

export type ListedFinding = Finding & { readonly roqId: string };

export type Listing = {
  readonly entries: readonly (Queued | HeldUser | ParkedUser | ListedFinding | Noted | Suspect | JobView)[];
  /** There are more than were asked for. */
  readonly more: boolean;
};

/** The first `limit` entries of a list; of jobs the newest. @throws UnavailableError */
export async function list(
  app: Pick<App, 'queries' | 'documents'>,
  of: ListName,
  limit: number,
): Promise<Listing> {
  const entries: Listing['entries'][number][] = [];
  for await (const entry of entriesOf(app, of)) {
    if (entries.length === limit) return { entries, more: true };
    entries.push(entry);
  }
  return { entries, more: false };
}

function entriesOf(
  { queries, documents }: Pick<App, 'queries' | 'documents'>,
  of: ListName,
): AsyncIterable<Listing['entries'][number]> {
  if (of === 'held') return heldUsers({ queries });
  if (of === 'parked') return parkedUsers({ queries });
  const queue = queues.find((name) => name === of);
  if (queue) return queries.queued(queue);
  if (of === 'foreign') return foreignUsers(documents);
  if (of === 'suspects') return suspectedUsers(documents);
  if (of === 'jobs') return newestJobs(documents);
  return findings(documents, of === 'duplicates' ? 'duplicate' : 'stranger');
}

async function* findings(
  documents: App['documents'],
  kind: 'duplicate' | 'stranger',
): AsyncGenerator<ListedFinding> {
  for await (const { id, document } of documents.list<Finding>(kind)) yield { roqId: id, ...document };
}

/** Of whom a provider spoke although another reported them first. */
export async function* foreignUsers(documents: Pick<App['documents'], 'list'>): AsyncGenerator<Noted> {
  for await (const { document } of documents.list<Noted>('foreign')) yield document;
}

/** All jobs that are kept, the newest first. */
export async function* newestJobs(documents: Pick<App['documents'], 'list'>): AsyncGenerator<JobView> {
  const jobs = await Array.fromAsync(documents.list<StoredJob>('job'), ({ id, document }) =>
    viewJob(id, document),
  );
  yield* jobs.sort((a, b) => b.startedAt - a.startedAt);
}
