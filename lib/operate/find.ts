// Finds users by what a person knows of them: the reference, the ROQ id, or the e-mail address. Reads only.

import type { App } from '../app.ts';
import type { RoqCode } from '../errors.ts';
import { RoqError } from '../roq/faults.ts';
import type { RoqUser, UserFilter } from '../roq/types.ts';
import type { RunBudget } from '../sync/concurrency.ts';

export type Found = {
  readonly text: string;
  readonly users: readonly FoundUser[];
  /** Why ROQ's users were not searched, and so an address or a ROQ id not found; null where they were. */
  readonly code: RoqCode | null;
};

export type FoundUser = {
  readonly reference: string;
  readonly by: 'reference' | 'ROQ id' | 'e-mail address';
  /** The ROQ user that was found; null: a record alone was. */
  readonly roqId: string | null;
};

const uuid = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;
// Of an address that many ROQ users have, the first will do.
const maxFound = 25;

/**
 * Who bears the text as reference, ROQ id or address. ROQ alone knows addresses and ids: who is not in ROQ is found by
 * reference only. @throws UnavailableError
 */
export async function find(
  { store, roq }: Pick<App, 'store' | 'roq'>,
  text: string,
  { deadline }: RunBudget,
): Promise<Found> {
  const record = await store.get(text);
  const recorded: readonly FoundUser[] = record
    ? [{ reference: text, by: 'reference', roqId: record.roqId }]
    : [];
  try {
    const known = uuid.test(text) ? await ask({ id: { equalTo: text } }) : [];
    const addressed = text.includes('@') ? await ask({ email: { iLike: escapeLike(text) } }) : [];
    const users = [
      ...recorded,
      ...known.map((user) => toFound(user, 'ROQ id')),
      ...addressed.filter((user) => isSame(user.email, text)).map((user) => toFound(user, 'e-mail address')),
    ];
    return { text, users: distinct(users), code: null };
  } catch (error) {
    if (!(error instanceof RoqError)) throw error;
    return { text, users: recorded, code: error.code };
  }

  async function ask(filter: UserFilter): Promise<readonly RoqUser[]> {
    const query = { filter: { ...filter, withDeactivated: { equalTo: true } }, limit: maxFound };
    return (await roq.users(query, { deadline })).data;
  }
}

/** A text in which a pattern of SQL has nothing that stands for anything else. */
function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&');
}

function isSame(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

function toFound({ reference, id }: RoqUser, by: FoundUser['by']): FoundUser {
  return { reference, by, roqId: id };
}

/** The user of several finds of one reference is shown once: every duplicate is on the user's own page. */
function distinct(users: readonly FoundUser[]): readonly FoundUser[] {
  return [...new Map(users.toReversed().map((user) => [user.reference, user])).values()].toReversed();
}
