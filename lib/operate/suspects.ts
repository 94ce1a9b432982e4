// Users whom the list of their provider does not have: shown to an operator, who may decide each.

import { randomUUID } from 'node:crypto';
import type { App } from '../app.ts';
import type { Documents, Entry } from '../dynamodb/documents.ts';
import { keepSuspectMs, type Suspect, suspectId } from '../jobs/pull-absent.ts';
import { toFacts } from '../user.ts';
import { convergeTaken, type UserCommand, withoutLease } from './user-command.ts';

/** All suspects, of one provider after the other. */
export async function* suspectedUsers(documents: Pick<Documents, 'list'>): AsyncGenerator<Suspect> {
  for await (const { document } of documents.list<Suspect>('suspect')) yield document;
}

/**
 * Makes users inactive of whom the provider said that it has no such user, as often as it was asked; `nothing` for one of
 * whom it did not. @throws UnavailableError
 */
export const gone: UserCommand = async (app, references, budget) => {
  const taken = await Promise.all(
    references.map(async (reference) => {
      const entry = await findSuspect(app, reference);
      if (entry === null || entry.document.goneAt === null) {
        return withoutLease(reference, 'nothing', await app.store.get(reference));
      }
      const facts = toFacts({ gone: true }, entry.document.goneAt);
      const { leased, record } = await app.store.fold(reference, facts, randomUUID(), budget.leaseMs, {
        why: { by: 'operator', what: 'gone', toldAt: entry.document.goneAt },
      });
      await app.documents.remove('suspect', entry.id);
      return leased ? { reference, leased } : withoutLease(reference, 'retry', record);
    }),
  );
  return convergeTaken(app, taken, (record) => record, budget);
};

/** Has pulls leave suspects alone for as long as they are not listed. @throws UnavailableError */
export const keep: UserCommand = async (app, references) => {
  const results = references.map(async (reference) => {
    const entry = await findSuspect(app, reference);
    if (entry) {
      const kept: Suspect = { ...entry.document, isKept: true };
      await app.documents.put('suspect', entry.id, kept, null, keepSuspectMs);
    }
    const { result } = withoutLease(reference, entry ? 'done' : 'nothing', await app.store.get(reference));
    return result;
  });
  return Promise.all(results);
};

async function findSuspect({ documents, store }: App, reference: string): Promise<Entry<Suspect> | null> {
  const record = await store.get(reference);
  for (const source of record?.sources ?? []) {
    const entry = await documents.get<Suspect>('suspect', suspectId(source, reference));
    if (entry) return entry;
  }
  return null;
}
