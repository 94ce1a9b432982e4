// The state of a user in words.

import type { FoundUser, RecordStatus, UserStatus } from '../../lib/operate/status.ts';
import type { FactName, RoqFields } from '../../lib/user.ts';
import { plain } from './plain.ts';
import { whenCell } from './time.ts';

export type Verdict = { readonly text: string; readonly is: 'good' | 'unsure' | 'bad' };

/** Whether ROQ is as the record says, and else what is to be done. */
export function verdictOf({ found, inStep, todo, differs, roq, record }: UserStatus): Verdict {
  if (!found) return { text: 'has no record', is: 'unsure' };
  if (inStep && record?.facts.deleted?.at === Number.MAX_SAFE_INTEGER)
    return { text: 'erased, and in step', is: 'good' };
  if (inStep) return { text: 'in step', is: 'good' };
  if (!roq.answered) return { text: 'unknown: ROQ does not answer', is: 'unsure' };
  if (todo === 'ask') return { text: 'ROQ no longer has the user: a person must decide', is: 'bad' };
  if (todo === 'adopt') return { text: 'ROQ has another user of this reference: resync links it', is: 'bad' };
  if (todo === 'wait') return { text: 'waits for an e-mail address', is: 'unsure' };
  const what = todo === 'create' ? 'ROQ does not have the user yet' : `ROQ differs in ${differs.join(', ')}`;
  const repair = record?.queue === null ? '; resync repairs it, and so does the daily audit' : '';
  return { text: `out of step: ${what}${repair}`, is: 'bad' };
}

const shutOutBy = {
  disabled: 'disabled',
  deleted: 'deleted at the provider',
  gone: 'no longer there at the provider',
} as const;

/** Why a user may not come in, who told it and when; null for one who may. */
export function shutOutText({ record }: UserStatus): string | null {
  const names = Object.keys(shutOutBy) as (keyof typeof shutOutBy)[];
  const name = names.find((one) => record?.facts[one]?.value === true);
  if (!record || !name) return null;
  const fact = record.facts[name];
  const step = record.history.findLast(({ by, flags }) => by !== 'roq' && flags[name]);
  const by = step ? `, told by ${plain(step.by)} (${plain(step.what)})` : '';
  return `${shutOutBy[name]}${by}, ${whenCell(fact?.at ?? null)}`;
}

/** The ROQ field that a fact decides on. */
export function fieldOf(name: FactName): keyof RoqFields {
  return fields[name] ?? (name as keyof RoqFields);
}

const fields: Partial<Record<FactName, keyof RoqFields>> = {
  emailVerified: 'isOptedIn',
  disabled: 'active',
  deleted: 'active',
  gone: 'active',
};

/** A value as it can be shown. */
export function toValue(value: string | boolean | null | undefined): string {
  if (value === undefined || value === null || value === '') return '–';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return plain(value, 40);
}

/** What becomes of a user in a queue. */
export function nextOf({
  queue,
  dueAt,
  lastError,
}: Pick<RecordStatus, 'queue' | 'dueAt' | 'lastError'>): string {
  if (queue === 'pending') return `tried again ${whenCell(dueAt)}`;
  if (queue === 'held') return 'over the ceiling: until release, or drop';
  if (queue === 'waiting') return 'until an address is known';
  if (lastError === 'roq_user_missing') return 'until ROQ has a user of this reference again, or recreate';
  return 'until the provider sends newer data, or resync';
}

const heldReasons: Readonly<Record<NonNullable<RecordStatus['reason']>, string>> = {
  disabled: 'it was disabled, which is a ban',
  deleted: 'it was deleted',
  gone: 'the provider has it no more',
};

/** Why somebody is held. */
export function heldReason(record: RecordStatus): string {
  const { sources } = record;
  const what = record.reason === null ? 'it was deactivated' : heldReasons[record.reason];
  const by = sources.length > 0 ? ` (told by ${sources.join(', ')})` : '';
  return `${what}${by}, and the ceiling had no room: ROQ still has it active`;
}

/** What a person can do for a user whom ROQ has lost. */
export function remediesOf({ reference, record }: UserStatus): readonly (readonly string[])[] {
  const gone = `The ROQ user ${record?.roqId} that it was linked to was deleted there`;
  const name = plain(reference);
  if (record?.facts.deleted?.value === true) {
    return [
      ['happened', `${gone}, and the provider deleted the user too.`],
      ['settle it', `roq-sync recreate ${name}: nobody is made, and the record lets go of that ROQ user`],
    ];
  }
  return [
    ['happened', `${gone}. Nobody is made in its place unless a person says so.`],
    ['make anew', `roq-sync recreate ${name}: ROQ gets a new user with what is recorded here`],
    [
      'made by hand',
      `roq-sync relink ${name} ROQ_ID: the record is linked to that ROQ user of this reference`,
    ],
    ['leave it', 'delete the user at the provider as well'],
  ];
}

/** The ROQ user that is kept in step, where ROQ answers and has one. */
export function keptUser({ roq }: UserStatus): FoundUser | undefined {
  return roq.answered ? roq.users.find(({ isKept }) => isKept) : undefined;
}
