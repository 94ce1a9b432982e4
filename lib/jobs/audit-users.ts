// The other direction of an audit: ROQ's users who have no record, or share their reference with another one.

import type { Finding } from '../dynamodb/documents.ts';
import { toRoqFields } from '../roq/fields.ts';
import { probePrefix, type RoqUser } from '../roq/types.ts';
import type { RunBudget } from '../sync/concurrency.ts';
import { type AuditJob, type AuditPorts, type AuditReport, addExample } from './audit-job.ts';
import { openTally, type Tally } from './tally.ts';

// A system that comes late to many users meets them all as strangers: listing some is enough.
const maxListed = 1_000;

/** One page of ROQ's users. */
export async function auditUsers(
  ports: AuditPorts,
  job: AuditJob,
  offset: number,
  { deadline }: RunBudget,
  pageSize: number,
): Promise<AuditJob> {
  const order = { sort: 'createdAt', order: 'ASC' } as const;
  const filter = { withDeactivated: { equalTo: true } };
  if (offset === 0) await forgetFindings(ports);
  const page = await ports.roq.users({ filter, order, offset, limit: pageSize }, { deadline });
  const records = await ports.queries.getMany(page.data.map(({ reference }) => reference));
  const tally = openTally(job.report);
  tally.add('users', page.data.length);
  const idOf = new Map([...records.values()].map(({ reference, roqId }) => [reference, roqId]));
  for (const user of page.data) await placeUser(ports, job, user, idOf, tally);
  const end = offset + page.data.length;
  const isLast = page.data.length === 0 || end >= page.totalCount;
  return { ...job, cursor: isLast ? null : { in: 'users', offset: end }, report: tally.report() };
}

// What is still so is found again.
async function forgetFindings({ documents }: AuditPorts): Promise<void> {
  for (const kind of ['stranger', 'duplicate'] as const) {
    for await (const { id } of documents.list(kind)) await documents.remove(kind, id);
  }
}

async function placeUser(
  ports: AuditPorts,
  { apply, adopt }: AuditJob,
  user: RoqUser,
  idOf: Map<string, string | null>,
  tally: Tally<AuditReport>,
): Promise<void> {
  const { id: roqId, reference } = user;
  if (reference.startsWith(probePrefix)) return;
  const known = idOf.get(reference);
  if (known === roqId || known === null) return;
  if (known !== undefined) {
    tally.add('duplicates', 1);
    addExample(tally, 'duplicates', reference);
    return ports.noteDuplicates(reference, [roqId]);
  }
  tally.add('strangers', 1);
  addExample(tally, 'strangers', reference);
  if (apply && adopt) {
    idOf.set(reference, roqId);
    if (await ports.store.adopt(reference, { roqId, observed: toRoqFields(user, []) }))
      tally.add('adopted', 1);
  } else if (tally.report().strangers <= maxListed) {
    await ports.documents.put('stranger', roqId, { reference, foundAt: ports.now() } satisfies Finding, null);
  }
}
