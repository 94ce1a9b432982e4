// What is known of a user, and what ROQ should hold for it. Pure: no await, no clock, no environment, no log.

/** What one event says of a user. A member that is left out = not told; `null` = told to be empty. */
export type Told = {
  email?: string | null;
  phone?: string | null;
  firstName?: string | null;
  lastName?: string | null;
  locale?: string | null;
  timezone?: string | null;
  avatarUrl?: string | null;
  /** Canonical JSON text of an object: as text it compares, ties and is stored like any other fact. */
  customData?: string | null;
  tenantId?: string | null;
  emailVerified?: boolean;
  disabled?: boolean;
  deleted?: true;
};

export type FactName = keyof Told;

/** The facts that are ROQ fields of the same name. */
export const profileNames = [
  'email',
  'phone',
  'firstName',
  'lastName',
  'locale',
  'timezone',
  'avatarUrl',
  'customData',
  'tenantId',
] as const satisfies readonly FactName[];

export const factNames = [
  ...profileNames,
  'emailVerified',
  'disabled',
  'deleted',
] as const satisfies readonly FactName[];

/** A last-writer-wins register; `at` is the provider's event time in milliseconds, never arrival, never our clock. */
export type Fact = { readonly value: string | boolean | null; readonly at: number };

export type Facts = { readonly [Name in FactName]?: Fact };

/** What ROQ is to hold, or is believed to hold, of one user. A member that is left out = nothing is known of it. */
export type RoqFields = {
  email?: string | null;
  phone?: string | null;
  firstName?: string | null;
  lastName?: string | null;
  locale?: string | null;
  timezone?: string | null;
  avatarUrl?: string | null;
  customData?: string | null;
  tenantId?: string | null;
  isOptedIn?: boolean;
  active?: boolean;
};

/** One event as facts: everything it told, at the time it happened. */
export function toFacts(told: Told, at: number): Facts {
  const facts: { [Name in FactName]?: Fact } = {};
  for (const name of factNames) {
    const value = told[name];
    if (value !== undefined) facts[name] = { value, at };
  }
  return facts;
}

/** The facts in `heard` that `known` has not, or has older. */
export function news(known: Facts, heard: Facts): Facts {
  const fresh: { [Name in FactName]?: Fact } = {};
  for (const name of factNames) {
    const fact = heard[name];
    if (fact && wins(fact, known[name])) fresh[name] = fact;
  }
  return fresh;
}

/**
 * Merges two sets of facts; commutative, associative and idempotent, so that neither the order nor the number
 * of deliveries matters.
 */
export function fold(known: Facts, heard: Facts): Facts {
  return { ...known, ...news(known, heard) };
}

function wins(heard: Fact, known: Fact | undefined): boolean {
  if (!known || heard.at > known.at) return true;
  return heard.at === known.at && rank(heard.value) > rank(known.value);
}

// Of two values told for one instant, true beats false (verified, disabled and deleted win) and text beats empty;
// two texts are compared as they are: which one wins does not matter, that it is always the same one does.
function rank(value: Fact['value']): string {
  return value === null ? '' : `=${value}`;
}

/** What ROQ should hold: only of what was told, so that a user found there keeps what nobody told us about. */
export function desired(facts: Facts): RoqFields {
  const state: RoqFields = {};
  for (const name of profileNames) {
    const fact = facts[name];
    // ROQ can't hold a user without an e-mail address: told to be empty, it keeps the one it has.
    if (fact && !(name === 'email' && fact.value === null)) state[name] = fact.value as string | null;
  }
  if (facts.emailVerified) state.isOptedIn = facts.emailVerified.value === true;
  if (facts.disabled || facts.deleted) state.active = !(facts.disabled?.value === true || isDeleted(facts));
  return state;
}

// No provider can take a deletion back; an operator can, by a newer fact, for one that never should have been told.
function isDeleted({ deleted }: Facts): boolean {
  return deleted?.value === true;
}

/** The members of `wanted` that `observed` has otherwise, or of which it says nothing. */
export function diff(wanted: RoqFields, observed: RoqFields): RoqFields {
  const names = Object.keys(wanted) as (keyof RoqFields)[];
  return Object.fromEntries(
    names
      .filter((name) => !(name in observed) || !isSame(wanted[name], observed[name]))
      .map((name) => [name, wanted[name]]),
  );
}

// ROQ answers '' where a text was never given, so '' and null are one.
function isSame(wanted: string | boolean | null | undefined, observed: typeof wanted): boolean {
  return wanted === observed || (typeof wanted !== 'boolean' && !wanted && !observed);
}

/** What is to be done for a user at ROQ. */
export type Plan =
  | { readonly do: 'create'; readonly user: RoqFields & { email: string } }
  | { readonly do: 'update'; readonly changes: RoqFields }
  | { readonly do: 'nothing' }
  /** No e-mail address is known yet, which ROQ demands of a new user. */
  | { readonly do: 'wait' };

/** `observed`: what ROQ holds; null when it has no such user. */
export function plan(facts: Facts, observed: RoqFields | null): Plan {
  const wanted = desired(facts);
  if (observed) {
    const changes = diff(wanted, observed);
    return Object.keys(changes).length > 0 ? { do: 'update', changes } : { do: 'nothing' };
  }
  if (isDeleted(facts)) return { do: 'nothing' };
  const { email } = wanted;
  if (!email) return { do: 'wait' };
  return { do: 'create', user: { isOptedIn: false, active: true, ...wanted, email } };
}
