// Draws what providers say of users.

import type { Chance } from './chance.ts';
import { canary, type EventStep, type EventUser, type History, type Said } from './history.ts';

const second = 1_000;

export type Kinds = readonly [string, ...string[]];

export type Drawing = {
  readonly chance: Chance;
  readonly references: readonly [string, ...string[]];
  readonly kinds: Kinds;
  /** How the providers date what they say. */
  readonly stamps: (typeof stamps)[number];
  readonly hasFeed: boolean;
  readonly ways: History['ways'];
  readonly scheduleMs: number;
  /** What was said of each user so far. */
  readonly past: Map<string, Past>;
};

/** The addresses of a user, and how the last event was dated; null: there was none. */
type Past = { readonly addresses: string[]; happenedMs: number | null };

// Hanko stamps whole seconds; of Kratos up to 1.3.1 and of SQL on Supabase a user's time moves with some changes only.
export const stamps = ['exact', 'exact', 'seconds', 'still'] as const;

export function drawSaid(drawing: Drawing, provider: EventStep['provider'], atMs: number, id: number): Said {
  const { chance } = drawing;
  const reference = chance.pick(drawing.references);
  const kind = chance.pick(drawing.kinds);
  const happenedMs = stamp(drawing, reference, atMs);
  if (kind === 'user.email_verified')
    return { reference, kind, happenedMs, user: drawVerified(drawing, provider, reference, id) };
  const isWhole = kind === 'user.signed_up' || chance.is(0.2);
  const isProfile = isWhole || kind === 'user.updated';
  const user = isProfile ? drawUser(drawing, reference, id, isWhole) : {};
  return { reference, kind, happenedMs, user };
}

function stamp(drawing: Drawing, reference: string, atMs: number): number {
  const { chance, stamps } = drawing;
  const past = pastOf(drawing, reference);
  if (stamps === 'seconds' || (stamps === 'exact' && chance.is(0.2)))
    return Math.floor(atMs / second) * second;
  if (stamps === 'exact' || past.happenedMs === null || chance.is(0.3)) past.happenedMs = atMs;
  return past.happenedMs;
}

/** The address that was verified: the newest, one of before, or another; the feed may name none, as Zitadel does. */
function drawVerified(
  drawing: Drawing,
  provider: EventStep['provider'],
  reference: string,
  id: number,
): EventUser {
  const { chance } = drawing;
  const { addresses } = pastOf(drawing, reference);
  const before = addresses[chance.between(0, Math.max(0, addresses.length - 1))];
  const address = (chance.is(0.6) ? addresses.at(-1) : before) ?? newAddress(drawing, id);
  if (provider === 'generic' || chance.is(0.2)) return { email: address };
  return chance.is(0.5) ? {} : { verified_address: address.toLowerCase() };
}

function pastOf({ past }: Drawing, reference: string): Past {
  const known = past.get(reference) ?? { addresses: [], happenedMs: null };
  past.set(reference, known);
  return known;
}

/** Nearly every value of a step is its own, so that it can be told from all others. */
export function drawUser(drawing: Drawing, reference: string, id: number, isWhole: boolean): EventUser {
  const { chance } = drawing;
  const isIn = () => isWhole || chance.is(0.4);
  const address = newAddress(drawing, id);
  const email = isIn() && (chance.is(0.05) ? `${canary} no address ${id}` : address);
  if (email === address) pastOf(drawing, reference).addresses.push(address);
  return {
    ...(email && { email }),
    ...(isIn() && {
      first_name: chance.is(0.1) ? null : `${canary}First${id}${chance.is(0.05) ? '\0' : ''}`,
    }),
    ...(isIn() && chance.is(0.5) && { last_name: chance.is(0.2) ? null : `${canary}Last${id}` }),
    ...(chance.is(0.2) && { phone: `+49${canary}${id}` }),
    ...(chance.is(0.2) && {
      custom_data: { [`${canary}${id}`]: id, list: [canary, chance.is(0.1) ? '\0' : ''] },
    }),
    ...(chance.is(0.05) && { timezone: `${canary}${'x'.repeat(300)}` }),
    ...(isWhole && email && chance.is(0.3) && { email_verified: chance.is(0.6) }),
    ...(isWhole && chance.is(0.1) && { disabled: chance.is(0.5) }),
  };
}

function newAddress({ chance, ways }: Drawing, id: number): string {
  if (ways.hasUniqueEmails && chance.is(0.4)) return `${canary}-shared@x.example`;
  return `${chance.is(0.2) ? 'C' : ''}${canary}-${id}@x.example`;
}
