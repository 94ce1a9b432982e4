// What is left of a user who is erased: facts that nothing ever told can be newer than. Pure.

import { type Fact, type FactName, type Facts, profileNames, type RoqFields } from '../user.ts';

const endOfTime = Number.MAX_SAFE_INTEGER;

// A tenant is not the user's own, and ROQ may insist on one.
const erasedNames = profileNames.filter((name) => name !== 'tenantId');

// https://www.rfc-editor.org/rfc/rfc2606#section-2: nothing can be delivered there.
const placeholder = /^erased-[\w-]+@erased\.invalid$/;

/** The facts of an erased user; `id` tells placeholders apart and must say nothing of the user. */
export function toTombstone(id: string): Facts {
  const facts: { [Name in FactName]?: Fact } = {};
  for (const name of erasedNames) facts[name] = { value: null, at: endOfTime };
  facts.email = { value: toPlaceholder(id), at: endOfTime };
  facts.emailVerified = { value: false, at: endOfTime };
  facts.deleted = { value: true, at: endOfTime };
  return facts;
}

/** An e-mail address for ROQ, which demands one. */
export function toPlaceholder(id: string): string {
  return `erased-${id}@erased.invalid`;
}

export function isErased({ deleted }: Facts): boolean {
  return deleted?.value === true && deleted.at === endOfTime;
}

/** The facts that still say something of the user. */
export function toldIn(facts: Facts): readonly string[] {
  return erasedNames.filter((name) => !isBlank(name, facts[name]?.value));
}

/** The fields in which ROQ still holds something of the user, or that the user is active. */
export function filledFields(state: RoqFields): readonly string[] {
  const fields: string[] = erasedNames.filter((name) => !isBlank(name, state[name]));
  return state.active === false ? fields : [...fields, 'active'];
}

function isBlank(name: FactName, value: Fact['value'] | undefined): boolean {
  if (name === 'email' && typeof value === 'string' && placeholder.test(value)) return true;
  return !value || (name === 'customData' && value === '{}');
}
