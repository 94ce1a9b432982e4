// What must hold in the end, worked out anew and not by our own code: what was told, and what ROQ then has to hold.

import type { EventUser } from './history.ts';

export type FactValue = string | boolean | null;

/** One thing that somebody told of a user. */
export type Fact = { readonly name: string; readonly value: FactValue; readonly at: number };

const nameOf: Readonly<Record<string, string>> = {
  email: 'email',
  phone: 'phone',
  first_name: 'firstName',
  last_name: 'lastName',
  timezone: 'timezone',
  custom_data: 'customData',
  email_verified: 'emailVerified',
  disabled: 'disabled',
};

const toldByKind: Readonly<Record<string, Readonly<Record<string, boolean>>>> = {
  'user.signed_up': {},
  'user.updated': {},
  'user.email_verified': { emailVerified: true },
  'user.disabled': { disabled: true },
  'user.enabled': { disabled: false },
};

/** What an event tells; null: of a kind that is not mirrored. */
export function toldBy(kind: string, user: EventUser, at: number): readonly Fact[] | null {
  if (kind === 'user.deleted') return [{ name: 'deleted', value: true, at }];
  const told = toldByKind[kind];
  if (!told) return null;
  const values = { ...toldOf(user), ...told };
  return Object.entries(values).map(([name, value]) => ({ name, value, at }));
}

/** What the members of a user tell, under our names. */
export function toldOf(user: EventUser): Readonly<Record<string, FactValue>> {
  return Object.fromEntries(
    Object.entries(user).map(([member, value]) => [nameOf[member] ?? member, toValue(value)]),
  );
}

// The objects that histories have are written in the order of their names already.
function toValue(value: string | boolean | null | object): FactValue {
  return value !== null && typeof value === 'object' ? JSON.stringify(value) : value;
}

/** Whether a record that holds `held` has taken notice of `told`: it holds that, or something newer. */
export function hasNoticed(held: Omit<Fact, 'name'> | undefined, told: Fact): boolean {
  if (!held || held.at < told.at) return false;
  return held.at > told.at || held.value === told.value || told.value !== true;
}

export type Facts = Readonly<Record<string, Omit<Fact, 'name'> | undefined>>;

/** The fields that ROQ has to hold once it follows these facts. */
export function expectedOf(facts: Facts): Readonly<Record<string, FactValue>> {
  const { emailVerified, disabled, deleted, ...profile } = facts;
  const isStatusTold = disabled !== undefined || deleted !== undefined;
  return {
    ...Object.fromEntries(
      Object.entries(profile).flatMap(([name, fact]) =>
        !fact || (name === 'email' && fact.value === null) ? [] : [[name, fact.value]],
      ),
    ),
    ...(emailVerified && { isOptedIn: emailVerified.value }),
    ...(isStatusTold && { active: !(disabled?.value === true || deleted?.value === true) }),
  };
}

/** The names of the fields that a ROQ user holds otherwise. */
export function differing(
  expected: Readonly<Record<string, FactValue>>,
  user: Readonly<Record<string, unknown>>,
): readonly string[] {
  return Object.keys(expected).filter((name) => {
    const held = user[name];
    const text = held !== null && typeof held === 'object' ? JSON.stringify(held) : held;
    return text !== expected[name] && !(typeof expected[name] !== 'boolean' && !text && !expected[name]);
  });
}

/** Whether ROQ may refuse a profile with these facts. */
export function isRefusable(facts: Facts): boolean {
  const email = facts.email?.value;
  const isNoAddress = typeof email === 'string' && !/^[^\s@]+@[^\s@]+$/.test(email);
  return isNoAddress || Object.values(facts).some((fact) => String(fact?.value).length > 255);
}
