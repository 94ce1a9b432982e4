// A provider's users, and its directory with all the ways in which a list is no picture of them.

import type { Directory, Got, ListedPage, Profile } from '../../lib/directory.ts';
import { DirectoryError } from '../../lib/errors.ts';
import type { Chance } from './chance.ts';

export type ProviderUser = {
  readonly id: string;
  readonly email: string;
  readonly firstName: string;
  readonly verified: boolean;
  readonly disabled: boolean;
  readonly changedAtMs: number;
};

/**
 * - `cuts`: rows are left out of pages.
 * - `repeats`: a page comes again and again.
 * - `shifts`: users come, go and are renamed while the list is read, which goes by their names.
 * - `ends early`: the list is cut after its first page.
 * - `empty`: the list shows nobody.
 * - `blind`: rows are left out, and from some question on it is said of everybody that there is no such user.
 * - `forbidden`, `down`: some questions are answered 403, or 503.
 */
export const troubles = [
  'cuts',
  'repeats',
  'shifts',
  'ends early',
  'empty',
  'blind',
  'forbidden',
  'down',
] as const;

export type Trouble = (typeof troubles)[number] | 'none';

export type Provider = ReturnType<typeof createProvider>;

type ProviderOptions = {
  readonly now: () => number;
  readonly chance: Chance;
  /** By how much its list lags behind. */
  readonly lagMs: number;
  /** In what steps its times count. */
  readonly stampMs: number;
  /** Whether its users bear a time that moves with every change. */
  readonly hasOwnTime: boolean;
};

const pageSize = 3;
const darkMs = 50 * 60_000;

export function createProvider({ now, chance, lagMs, stampMs, hasOwnTime }: ProviderOptions) {
  /** Every state of every user, with when it began; null: not there. */
  const lives = new Map<string, { readonly fromMs: number; readonly user: ProviderUser | null }[]>();
  const toldDeleted = new Set<string>();
  /** When the provider's replicas lose sight of a user for a while. */
  const darkFrom = new Map<string, number>();
  let count = 0;

  function stateAt(id: string, atMs: number): ProviderUser | null {
    return lives.get(id)?.findLast(({ fromMs }) => fromMs <= atMs)?.user ?? null;
  }

  /** Once in a while a user is not in every replica: for less than two looks are apart. */
  function isDark(id: string): boolean {
    const fromMs = darkFrom.get(id) ?? now() + chance.between(0, 24) * darkMs;
    darkFrom.set(id, fromMs);
    // Who was really away at one look, and dark at the other, can't be told from one who is gone.
    if (lives.get(id)?.some(({ user }) => user === null)) return false;
    return now() >= fromMs && now() < fromMs + darkMs;
  }

  function usersAt(atMs: number): readonly ProviderUser[] {
    return [...lives.keys()].map((id) => stateAt(id, atMs)).filter((user) => user !== null);
  }

  function put(id: string, user: ProviderUser | null): void {
    lives.set(id, [...(lives.get(id) ?? []), { fromMs: now(), user }]);
  }

  function changeAtRandom(): { readonly user: ProviderUser; readonly isDeleted: boolean } | null {
    const changedAtMs = Math.floor(now() / stampMs) * stampMs;
    const [someone] = chance.shuffle(usersAt(now()));
    const gone = [...lives.keys()].filter((id) => !stateAt(id, now()) && !toldDeleted.has(id));
    const [returning] = chance.shuffle(gone);
    if (returning && chance.is(0.2)) {
      const before = lives.get(returning)?.findLast(({ user }) => user !== null)?.user;
      if (before) return change({ ...before, changedAtMs });
    }
    if (!someone || chance.is(0.3)) {
      const id = `user-${String(count++).padStart(3, '0')}`;
      const email = `${id}@x.example`;
      return change({ id, email, firstName: 'A', verified: chance.is(0.5), disabled: false, changedAtMs });
    }
    if (chance.is(0.2)) {
      put(someone.id, null);
      return { user: { ...someone, changedAtMs }, isDeleted: true };
    }
    const changes = chance.pick<Partial<ProviderUser>>([
      { verified: true },
      { disabled: !someone.disabled },
      { firstName: chance.pick(['A', 'B', 'C']) },
    ]);
    return change({ ...someone, ...changes, changedAtMs });
  }

  function change(user: ProviderUser) {
    put(user.id, user);
    return { user, isDeleted: false };
  }

  function toProfile(user: ProviderUser): Profile {
    const { id: reference, email, firstName, verified, disabled, changedAtMs } = user;
    const told = { email, firstName, emailVerified: verified, disabled };
    return { reference, told, at: hasOwnTime ? changedAtMs : null, unread: [] };
  }

  /** Its answers while there is some trouble; `meanwhile`: what happens between two questions. */
  function directory(trouble: Trouble, meanwhile: () => Promise<void>): Directory {
    let questions = 0;
    const blindFrom = chance.between(1, 4);

    async function ask(): Promise<void> {
      questions += 1;
      await meanwhile();
      if (trouble === 'forbidden' && chance.is(0.2))
        throw new DirectoryError('directory_unauthorized', '403');
      if (trouble === 'down' && chance.is(0.3)) throw new DirectoryError('directory_unavailable', '503');
    }

    async function list(cursor: string | null): Promise<ListedPage> {
      const at = now();
      await ask();
      const shown = usersAt(Math.max(0, now() - (lagMs > 0 ? chance.between(0, lagMs) : 0)));
      // By a name that changes, where users move between pages.
      const nameOf = ({ firstName, id }: ProviderUser) => (trouble === 'shifts' ? `${firstName}${id}` : id);
      const sorted = [...shown].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
      const begin = trouble === 'repeats' && chance.is(0.5) ? 0 : Number(cursor ?? 0);
      const rows = trouble === 'empty' ? [] : sorted.slice(begin, begin + pageSize);
      const isCut = trouble === 'cuts' || trouble === 'blind';
      const kept = rows.filter(({ id }) => !isDark(id) && !(isCut && chance.is(0.3)));
      const isEnd = trouble === 'ends early' || begin + pageSize >= sorted.length || rows.length === 0;
      return {
        profiles: kept.map(toProfile),
        unreadable: 0,
        next: isEnd ? null : String(begin + pageSize),
        total: null,
        at,
      };
    }

    async function get(reference: string): Promise<Got> {
      const at = now();
      await ask();
      if (trouble === 'blind' && questions >= blindFrom) return { profile: null, at };
      const user = isDark(reference) ? null : stateAt(reference, at);
      return { profile: user && toProfile(user), at };
    }

    return { list, get };
  }

  return {
    changeAtRandom,
    directory,
    users: () => usersAt(now()),
    /** Whether the user was there at that moment. */
    had: (id: string, atMs: number) => stateAt(id, atMs) !== null,
    /** An event said that the user was deleted, which stands. */
    noteTold: (id: string) => void toldDeleted.add(id),
    wasToldDeleted: (id: string) => toldDeleted.has(id),
  };
}
