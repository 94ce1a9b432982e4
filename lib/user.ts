// What is known of a user, and what ROQ should hold. Pure: no await, no clock, no environment, no log.

import { storableJson, storableText } from './json.ts';

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
  /** The address that `emailVerified` is about, where the event does not tell it as the user's own: else `email` is. */
  emailVerifiedOf?: string;
  disabled?: boolean;
  deleted?: true;
  /** What no event says: a directory was asked, and has no such user (true), or shows them again (false). */
  gone?: boolean;
  /** What no provider says, but the operator's scope: the user is not mirrored. */
  outOfScope?: boolean;
};

export type FactName = Exclude<keyof Told, 'emailVerifiedOf'>;

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

export type ProfileName = (typeof profileNames)[number];

/** The most that `customData` may be, in bytes of JSON and in levels: what fits well into the record. */
export const maxCustomDataBytes = 48 * 1024;
export const maxCustomDataLevels = 64;

export const factNames = [
  ...profileNames,
  'emailVerified',
  'disabled',
  'deleted',
  'gone',
  'outOfScope',
] as const satisfies readonly FactName[];

/** A last-writer-wins register; `at` is the provider's event time in milliseconds, never arrival, never our clock. */
export type Fact = {
  readonly value: string | boolean | null;
  readonly at: number;
  /**
   * Of `emailVerified` alone: the address that the event was about; null where it named none, and absent in records
   * that were written before addresses were kept.
   */
  readonly of?: string | null;
};

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

export const roqFieldNames: readonly (keyof RoqFields)[] = [...profileNames, 'isOptedIn', 'active'];

/** One event as facts: everything it told, at the time it happened. */
export function toFacts(told: Told, at: number): Facts {
  const facts: { [Name in FactName]?: Fact } = {};
  for (const name of factNames) {
    const value = told[name];
    if (value !== undefined) facts[name] = { value, at };
  }
  const { emailVerified } = facts;
  if (emailVerified)
    facts.emailVerified = { ...emailVerified, of: told.emailVerifiedOf ?? told.email ?? null };
  return facts;
}

/** The facts in `heard` that `known` has not, or has older. */
export function news(known: Facts, heard: Facts): Facts {
  const fresh: { [Name in FactName]?: Fact } = {};
  for (const name of factNames) {
    const fact = heard[name];
    if (fact && wins(name, fact, known[name])) fresh[name] = fact;
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

/** When the newest of the facts was told, in milliseconds; 0 where there is none. */
export function newestAt(facts: Facts): number {
  return Math.max(0, ...Object.values(facts).map(({ at }) => at));
}

/** Whether the two facts of a name say the same, whenever they said it. */
export function isSameFact(one: Fact, other: Fact | undefined): boolean {
  return one.value === other?.value && one.of === other.of;
}

function wins(name: FactName, heard: Fact, known: Fact | undefined): boolean {
  if (!known || heard.at > known.at) return true;
  return heard.at === known.at && rank(name, heard) > rank(name, known);
}

// Of two values told for one instant the safer one wins: not verified, disabled, deleted. Of two others it does not
// matter which wins, only that it is always the same one; and a verification that names an address beats one that does not.
function rank(name: FactName, { value, of }: Fact): string {
  if (name === 'emailVerified') return `${value ? 0 : 1}${textRank(of)}`;
  return textRank(value);
}

function textRank(value: Fact['value'] | undefined): string {
  if (value === undefined) return '';
  return value === null ? '-' : `=${value}`;
}

/**
 * What ROQ should hold: only of what was told, so that a user found there keeps what nobody told us about. Who is not
 * mirrored stays as they are there, unless they are shut out.
 */
export function desired(facts: Facts): RoqFields {
  const fields = desiredOfMirrored(facts);
  if (!isOutOfScope(facts)) return fields;
  return fields.active === false ? { active: false } : {};
}

/** Whether the user is not to be mirrored. */
export function isOutOfScope({ outOfScope }: Facts): boolean {
  return outOfScope?.value === true;
}

function desiredOfMirrored(facts: Facts): RoqFields {
  const fields: RoqFields = {};
  for (const name of profileNames) {
    const fact = facts[name];
    // ROQ can't hold a user without an e-mail address: told to be empty, it keeps the one it has.
    if (fact && !(name === 'email' && fact.value === null)) fields[name] = storable(name, fact.value);
  }
  const isOptedIn = isVerified(facts);
  if (isOptedIn !== undefined) fields.isOptedIn = isOptedIn;
  if (facts.disabled || facts.deleted || facts.gone)
    fields.active = !(facts.disabled?.value === true || isDeleted(facts) || isGone(facts));
  return fields;
}

/**
 * Whether the address that is held is verified; undefined where nothing was told of that.
 * A verification belongs to the address that it was about. One that names none is about the address that was told before
 * it. One that was recorded without its address is believed, unless another address may have been told since: then
 * nothing is known, and nobody is opted out for it.
 */
function isVerified({ email, emailVerified }: Facts): boolean | undefined {
  if (!emailVerified) return undefined;
  if (emailVerified.value !== true) return false;
  if (typeof email?.value !== 'string') return undefined;
  if (emailVerified.of === undefined) return emailVerified.at >= email.at ? true : undefined;
  if (emailVerified.of === null) return emailVerified.at > email.at;
  return isSameAddress(emailVerified.of, email.value);
}

/**
 * Whether two e-mail addresses are one: A to Z count as a to z, and nothing else is folded, for what a wider folding
 * makes one (the dotted capital I, U+0130, is the known case) may be two persons' addresses.
 */
export function isSameAddress(one: string, other: string): boolean {
  return toLowerAscii(one) === toLowerAscii(other);
}

/** A to Z as a to z, and every other character as it is. */
export function toLowerAscii(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

// ROQ's database holds neither NUL nor half a character, and refuses the whole change that has one.
function storable(name: FactName, value: Fact['value']): string | null {
  if (typeof value !== 'string') return null;
  return name === 'customData' ? storableJson(value) : storableText(value);
}

// No provider can take a deletion back; an operator can, by a newer fact, for one that never should have been told.
function isDeleted({ deleted }: Facts): boolean {
  return deleted?.value === true;
}

/** Whether the provider has the user no more, as far as it was asked; whatever it tells of them later takes that back. */
export function isGone({ gone, outOfScope: _, ...others }: Facts): boolean {
  return gone?.value === true && Object.values(others).every(({ at }) => at <= gone.at);
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

function isNewAddress({ email }: RoqFields, observed: RoqFields): boolean {
  return (
    typeof email === 'string' && typeof observed.email === 'string' && !isSameAddress(email, observed.email)
  );
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
    // What ROQ was told of another address is not said of this one.
    if (isNewAddress(wanted, observed) && wanted.isOptedIn !== true && observed.isOptedIn !== false) {
      changes.isOptedIn = false;
    }
    return Object.keys(changes).length > 0 ? { do: 'update', changes } : { do: 'nothing' };
  }
  if (isDeleted(facts) || isGone(facts) || isOutOfScope(facts)) return { do: 'nothing' };
  const { email } = wanted;
  if (!email) return { do: 'wait' };
  return { do: 'create', user: { isOptedIn: false, active: true, ...wanted, email } };
}
