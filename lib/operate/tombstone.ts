// What is left of an erased user: empty facts dated at the end of time, so that no event is newer. Pure.

import { type Fact, type FactName, type Facts, profileNames, type RoqFields } from '../user.ts';

const endOfTime = Number.MAX_SAFE_INTEGER;

// The tenant is not the user's own datum, and ROQ may insist on one.
const erasedNames = profileNames.filter((name) => name !== 'tenantId');

// Mail to .invalid can't be delivered: https://www.rfc-editor.org/rfc/rfc2606#section-2
const placeholder = /^erased-[\w-]+@erased\.invalid$/;

/** The facts of an erased user; `id` makes the placeholder unique and must not identify the person. */
export function toTombstone(id: string): Facts {
  const facts: { [Name in FactName]?: Fact } = {};
  for (const name of erasedNames) facts[name] = { value: null, at: endOfTime };
  facts.email = { value: toPlaceholder(id), at: endOfTime };
  facts.emailVerified = { value: false, at: endOfTime };
  facts.deleted = { value: true, at: endOfTime };
  return facts;
}

/** An e-mail address in place of the user's, since ROQ demands one. */
export function toPlaceholder(id: string): string {
  return `erased-${id}@erased.invalid`;
}

/** Whether the facts are an erased user's. */
export function isErased({ deleted }: Facts): boolean {
  return deleted?.value === true && deleted.at === endOfTime;
}

/** The facts that have a value of the user's. */
export function filledFacts(facts: Facts): readonly string[] {
  return erasedNames.filter((name) => !isBlank(name, facts[name]?.value));
}

/** The ROQ fields that have a value of the user's; `active` is one while the user is active. */
export function filledFields(state: RoqFields): readonly string[] {
  const fields: string[] = erasedNames.filter((name) => !isBlank(name, state[name]));
  return state.active === false ? fields : [...fields, 'active'];
}

function isBlank(name: FactName, value: Fact['value'] | undefined): boolean {
  if (name === 'email' && typeof value === 'string' && placeholder.test(value)) return true;
  return !value || (name === 'customData' && value === '{}');
}
