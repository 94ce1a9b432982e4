// What must hold in the end, worked out anew and not by our own code: what was told, and what ROQ then has to hold.

import type { EventUser, Said } from './history.ts';

export type FactValue = string | boolean | null;

/** What is told of a user at one moment. */
export type Told = Readonly<Record<string, FactValue>>;

/**
 * One thing that somebody told of a user.
 * - `of`: the address that a verification is about, null where it names none.
 * - `by`: the provider that told it; null: an operator did.
 */
export type Fact = {
  readonly name: string;
  readonly value: FactValue;
  readonly at: number;
  readonly of?: string | null;
  readonly by?: string | null;
};

const nameOf: Readonly<Record<string, string>> = {
  email: 'email',
  phone: 'phone',
  first_name: 'firstName',
  last_name: 'lastName',
  timezone: 'timezone',
  custom_data: 'customData',
  email_verified: 'emailVerified',
  verified_address: 'emailVerifiedOf',
  disabled: 'disabled',
};

const toldByKind: Readonly<Record<string, Readonly<Record<string, boolean>>>> = {
  'user.signed_up': {},
  'user.updated': {},
  'user.email_verified': { emailVerified: true },
  'user.disabled': { disabled: true },
  'user.enabled': { disabled: false },
};

/** So far ahead of every clock that no delivery is late enough for it. */
export const farAheadMs = 1_000 * 86_400_000;

export function isAhead({ happenedMs }: Said): boolean {
  return happenedMs >= farAheadMs;
}

/** What we have to hear of what a provider says: nothing where it is of a kind that we don't mirror, or dated ahead. */
export function heardOf(said: Said, by: string, startMs: number): readonly Fact[] | null {
  const told = isAhead(said) ? null : toldBy(said);
  return told && factsOf(told, by, startMs + said.happenedMs);
}

/** What a provider says, in our names; null: it is of a kind that we don't mirror. */
export function toldBy({ kind, user }: Said): Told | null {
  if (kind === 'user.deleted') return { deleted: true };
  const told = toldByKind[kind];
  if (!told) return null;
  const all = { ...toldOf(user), ...told };
  return all.outOfScope === true ? withScope(all, true) : all;
}

/** What the members of a user tell, under our names. */
export function toldOf({ groups, surname, ...user }: EventUser): Told {
  const told = {
    ...Object.fromEntries(
      Object.entries(user).map(([member, value]) => [nameOf[member] ?? member, toValue(value)]),
    ),
    // Mapped: in lower case, and of what may be a part of a user nothing says nothing.
    ...(typeof surname === 'string' && { lastName: surname.toLowerCase() }),
  };
  return groups === undefined ? told : withScope(told, groups === 'out');
}

// Of who is left out nothing counts but that, and that they are shut out.
function withScope(told: Told, outOfScope: boolean): Told {
  const { disabled } = told;
  if (!outOfScope) return { ...told, outOfScope };
  return { outOfScope, ...(disabled !== undefined && { disabled }) };
}

/** As facts of one moment. */
export function factsOf(told: Told, by: string | null, at: number): readonly Fact[] {
  const { emailVerifiedOf, ...values } = told;
  const address = emailVerifiedOf ?? told.email;
  const of = typeof address === 'string' ? address : null;
  // Readers tell no character that ROQ could not hold; the feed's events are read by none of ours.
  return Object.entries(values).map(([name, value]) => ({
    name,
    value: by === 'feed' ? value : storable(value),
    at,
    by,
    ...(name === 'emailVerified' && { of }),
  }));
}

// The objects that histories have are written in the order of their names already.
function toValue(value: string | boolean | null | object): FactValue {
  return value !== null && typeof value === 'object' ? JSON.stringify(value) : value;
}

// Of two values of one time.
const saferOf: Readonly<Record<string, boolean>> = {
  emailVerified: false,
  disabled: true,
  deleted: true,
  outOfScope: true,
};

export function isBan({ name, value }: Fact): boolean {
  return name === 'disabled' && value === true;
}

/** Whether a record that holds `held` has taken notice of `told`: it holds that, or something newer, or as new and safer. */
export function hasNoticed(held: Omit<Fact, 'name'> | undefined, told: Fact): boolean {
  if (!held || held.at < told.at) return false;
  return held.at > told.at || held.value === told.value || told.value !== saferOf[told.name];
}

export type Facts = Readonly<Record<string, Omit<Fact, 'name'> | undefined>>;

/** The fields that ROQ has to hold once it follows these facts. */
export function expectedOf(facts: Facts): Readonly<Record<string, FactValue>> {
  const { emailVerified: _, disabled, deleted, outOfScope, ...profile } = facts;
  if (outOfScope?.value === true)
    return disabled?.value === true || deleted?.value === true ? { active: false } : {};
  const isStatusTold = disabled !== undefined || deleted !== undefined;
  const isOptedIn = isVerified(facts);
  return {
    ...Object.fromEntries(
      Object.entries(profile).flatMap(([name, fact]) =>
        !fact || (name === 'email' && fact.value === null) ? [] : [[name, storable(fact.value)]],
      ),
    ),
    ...(isOptedIn !== null && { isOptedIn }),
    ...(isStatusTold && { active: !(disabled?.value === true || deleted?.value === true) }),
  };
}

/** Whether the address that is held is verified; null: nothing says so, and nothing denies it. */
function isVerified({ email, emailVerified }: Facts): boolean | null {
  if (!emailVerified) return null;
  if (emailVerified.value !== true) return false;
  if (typeof email?.value !== 'string') return null;
  const { of, at } = emailVerified;
  if (typeof of === 'string') return addressOf(of) === addressOf(email.value);
  // A record of before has no `of`.
  return of === null ? at > email.at : at >= email.at || null;
}

/**
 * Whether anything that was told called this address verified: by its name, or, without one, after it was told.
 * By all that was ever said of a user, so that no order, tie or mixture is let off.
 */
export function wasVerified(told: readonly Fact[], address: string): boolean {
  const isTold = (one: Fact) =>
    one.name === 'email' && typeof one.value === 'string' && addressOf(one.value) === addressOf(address);
  return told.some(({ name, value, at, of }) => {
    if (name !== 'emailVerified' || value !== true) return false;
    if (typeof of === 'string') return addressOf(of) === addressOf(address);
    return told.some((one) => isTold(one) && one.at < at);
  });
}

/** An address as it is compared: A to Z as a to z, and nothing else. */
export function addressOf(email: string): string {
  return email.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

// No database text has a NUL.
function storable(value: FactValue): FactValue {
  return typeof value === 'string' ? value.replaceAll('\0', '').replaceAll('\\u0000', '') : value;
}

/** The names of the fields that a ROQ user holds otherwise. */
export function differing(
  expected: Readonly<Record<string, FactValue>>,
  user: Readonly<Record<string, unknown>>,
): readonly string[] {
  return Object.keys(expected).filter((name) => {
    const held = toComparable(name, user[name]);
    const wanted = toComparable(name, expected[name]);
    return held !== wanted && !(typeof wanted !== 'boolean' && !held && !wanted);
  });
}

// ROQ may keep addresses in lower case.
function toComparable(name: string, value: unknown): unknown {
  if (name === 'email' && typeof value === 'string') return addressOf(value);
  return value !== null && typeof value === 'object' ? JSON.stringify(value) : value;
}

/** Whether ROQ may refuse a profile with these facts. */
export function isRefusable(facts: Facts): boolean {
  const email = facts.email?.value;
  const isNoAddress = typeof email === 'string' && !/^[^\s@]+@[^\s@]+$/.test(email);
  return isNoAddress || Object.values(facts).some((fact) => String(fact?.value).length > 255);
}

/** Whether the custom data of these facts are none. */
export function isPoisoned({ customData }: Facts): boolean {
  return typeof customData?.value === 'string' && !customData.value.startsWith('{');
}
