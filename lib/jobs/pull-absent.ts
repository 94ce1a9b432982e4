// Who is recorded and was not in the list: a suspicion, and nothing more.

import { createHash } from 'node:crypto';
import type { UserRecord } from '../dynamodb/record.ts';
import { sourceOf } from '../event.ts';
import { readCeiling } from '../sync/ceiling.ts';
import { desired, newestAt } from '../user.ts';
import type { ConnectedDirectory, PullJob, PullPorts } from './pull-job.ts';
import type { Seen } from './seen.ts';
import { openTally } from './tally.ts';

/** A user whom the list of their provider does not have, and what the provider said when asked for them. */
export type Suspect = {
  readonly reference: string;
  readonly provider: string;
  /** The pull that missed them last. */
  readonly job: string;
  /** When the list did not have them first, in milliseconds. */
  readonly since: number;
  /** When the provider said first, and last, that it has no such user; null: it did not. */
  readonly goneFrom: number | null;
  readonly goneAt: number | null;
  /** An operator said that the user stays as they are. */
  readonly isKept?: true;
};

export const keepSuspectMs = 90 * 86_400_000;

// More than that are a list that is not to be believed, and would cost as many questions.
const maxSuspects = 10_000;
const maxShare = 0.1;

const pageSize = 200;

/** One page of the table. @throws UnavailableError */
export async function pullAbsent(
  ports: PullPorts,
  directory: ConnectedDirectory,
  id: string,
  job: PullJob,
  after: string | null,
  seen: Seen,
): Promise<PullJob> {
  const { records, next } = await ports.queries.page(after, pageSize);
  const expected = records.filter((record) => isExpected(ports, directory, job, record));
  const absent = expected.filter(({ reference }) => !seen(reference));
  const tally = openTally(job.report);
  tally.add('expected', expected.length);
  tally.add('absent', absent.length);
  const report = tally.report();
  if (report.absent <= maxSuspects) {
    for (const { reference } of absent) await suspect(ports, job.provider, id, reference);
  }
  if (next !== null) return { ...job, cursor: { in: 'records', after: next }, report };
  const { limit } = await readCeiling(ports);
  const isBelievable =
    report.absent <= maxSuspects && report.absent <= Math.max(limit, report.expected * maxShare);
  return isBelievable
    ? { ...job, cursor: { in: 'suspects', after: null }, report }
    : { ...job, cursor: null, report: { ...report, stopped: 'too_many_absent' } };
}

/** Whether a user must be in the list: told of by this provider, active, and known before it was begun. */
function isExpected(
  ports: PullPorts,
  { traits }: ConnectedDirectory,
  { listedFrom }: PullJob,
  { reference, sources, facts }: UserRecord,
): boolean {
  return (
    sources.includes(sourceOf(traits.name)) &&
    reference.startsWith(ports.prefixOf(traits.name)) &&
    desired(facts).active !== false &&
    newestAt(facts) < listedFrom - traits.lagMs
  );
}

async function suspect(
  { documents, now }: PullPorts,
  provider: string,
  job: string,
  reference: string,
): Promise<void> {
  const id = suspectId(provider, reference);
  const known = await documents.get<Suspect>('suspect', id);
  const first = { reference, provider, since: now(), goneFrom: null, goneAt: null };
  await documents.put(
    'suspect',
    id,
    { ...(known?.document ?? first), job } satisfies Suspect,
    null,
    keepSuspectMs,
  );
}

// A key has 1,024 bytes at most, a reference may have more.
export function suspectId(provider: string, reference: string): string {
  return `${provider}#${createHash('sha256').update(reference).digest('base64url')}`;
}
