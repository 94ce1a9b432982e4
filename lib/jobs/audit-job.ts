// What an audit is: how far it is, and what it found.

import type { Documents } from '../dynamodb/documents.ts';
import type { Queries } from '../dynamodb/queries.ts';
import type { Store } from '../dynamodb/store.ts';
import type { Roq } from '../roq/client.ts';
import type { ConvergePorts } from '../sync/converge.ts';
import type { Tally } from './tally.ts';

export type AuditPorts = ConvergePorts & {
  readonly store: ConvergePorts['store'] & Pick<Store, 'take' | 'adopt'>;
  readonly queries: Pick<Queries, 'page' | 'getMany'>;
  readonly roq: ConvergePorts['roq'] & Pick<Roq, 'users' | 'usersAmong'>;
  readonly documents: Pick<Documents, 'put' | 'remove' | 'list'>;
};

export type AuditJob = {
  readonly is: 'audit';
  /** Off: it only says what it would repair. */
  readonly apply: boolean;
  /** Whether the mapping of strangers is recorded, where it is applied. */
  readonly adopt: boolean;
  /** Where it stands: after this record, or at this ROQ user. */
  readonly cursor:
    | { readonly in: 'records'; readonly after: string | null }
    | { readonly in: 'users'; readonly offset: number }
    | null;
  readonly report: AuditReport;
};

export type AuditReport = {
  readonly records: number;
  readonly inStep: number;
  /** What ROQ held otherwise than the record says, although nothing was pending. */
  readonly drifted: number;
  readonly repaired: number;
  /** Recorded users that ROQ no longer has. */
  readonly missing: number;
  /** Records of which ROQ keeps a profile value in a form of its own, even after a repair: it is left to that. */
  readonly contested: number;
  /** Users whom the scope leaves out, and who are in ROQ all the same: they stay as they are there. */
  readonly outOfScope: number;
  /** Records that are out of step already, by queue; the schedule has them. */
  readonly pending: number;
  readonly waiting: number;
  readonly parked: number;
  readonly held: number;
  readonly active: number;
  readonly users: number;
  readonly strangers: number;
  readonly adopted: number;
  readonly duplicates: number;
  /** How often each ROQ field had drifted. */
  readonly fields: Readonly<Record<string, number>>;
  /** Some references of each kind. */
  readonly examples: Readonly<
    Partial<
      Record<
        'drifted' | 'missing' | 'contested' | 'outOfScope' | 'strangers' | 'duplicates',
        readonly string[]
      >
    >
  >;
};

const emptyReport: AuditReport = {
  records: 0,
  inStep: 0,
  drifted: 0,
  repaired: 0,
  missing: 0,
  contested: 0,
  outOfScope: 0,
  pending: 0,
  waiting: 0,
  parked: 0,
  held: 0,
  active: 0,
  users: 0,
  strangers: 0,
  adopted: 0,
  duplicates: 0,
  fields: {},
  examples: {},
};

export function newAudit({ apply, adopt }: { readonly apply: boolean; readonly adopt: boolean }): AuditJob {
  return { is: 'audit', apply, adopt, cursor: { in: 'records', after: null }, report: emptyReport };
}

const maxExamples = 10;

/** Keeps the reference as an example of a finding, where there are few yet. */
export function addExample(
  tally: Tally<AuditReport>,
  of: keyof AuditReport['examples'],
  reference: string,
): void {
  const { examples } = tally.report();
  const known = examples[of] ?? [];
  if (known.length < maxExamples) tally.set({ examples: { ...examples, [of]: [...known, reference] } });
}
