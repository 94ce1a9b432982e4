// What a provider shows of a user that no webhook told. Pure.

import type { Profile } from '../directory.ts';
import type { UserRecord } from '../dynamodb/record.ts';
import {
  desired,
  type Facts,
  fold,
  isGone,
  isOutOfScope,
  profileNames,
  type RoqFields,
  type Told,
  toFacts,
} from '../user.ts';
import type { MissedKind } from './pull-job.ts';

/** A field of ROQ's, or whether the user is mirrored at all. */
type Field = keyof RoqFields | 'outOfScope';

/** What a user tells as the provider shows them: who was found to be gone is there again. */
export function toShown({ told }: Profile, record: UserRecord | undefined): Told {
  return record && isGone(record.facts) ? { ...told, gone: false } : told;
}

/**
 * The fields that ROQ should hold otherwise than the facts have it. What was never told is taken for what it is in ROQ
 * without being told: empty, not opted in, active.
 */
export function missedFields(facts: Facts, told: Told): readonly Field[] {
  const held = desired(facts);
  const shown = desired(fold(facts, toFacts(told, Number.MAX_SAFE_INTEGER)));
  const names = Object.keys(shown) as (keyof RoqFields)[];
  const missed: Field[] = names.filter((name) => usual(name, shown) !== usual(name, held));
  const isMoved = told.outOfScope !== undefined && told.outOfScope !== isOutOfScope(facts);
  return isMoved ? [...missed, 'outOfScope'] : missed;
}

function usual(name: keyof RoqFields, fields: RoqFields): string | boolean {
  return fields[name] ?? (name === 'active' ? true : name === 'isOptedIn' ? false : '');
}

/** Which kinds of news these fields are; of a user without a record, that they signed up. */
export function missedKindsOf(
  record: UserRecord | undefined,
  fields: readonly Field[],
  told: Told,
): readonly MissedKind[] {
  if (!record) return ['signedUp'];
  const { isOptedIn, active } = desired(fold(record.facts, toFacts(told, Number.MAX_SAFE_INTEGER)));
  const kinds: MissedKind[] = [];
  if (fields.includes('isOptedIn')) kinds.push(isOptedIn ? 'verified' : 'unverified');
  if (fields.includes('active'))
    kinds.push(!active ? 'disabled' : told.gone === false ? 'shownAgain' : 'enabled');
  if ([...profileNames, 'outOfScope' as const].some((name) => fields.includes(name))) kinds.push('changed');
  return kinds;
}
