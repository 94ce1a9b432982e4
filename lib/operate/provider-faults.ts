// What is wrong with a provider's settings, for people: in the log, and where `doctor` and `status` find it, which may not
// read those settings themselves.

import type { App } from '../app.ts';
import type { Kept } from '../config/reload.ts';
import { UnavailableError } from '../errors.ts';
import { causeName } from '../observability/log.ts';

/** `isKept`: what worked last goes on in the process that has seen it. */
type Note = { readonly at: number; readonly faults: readonly string[]; readonly isKept: boolean };

export type ProviderFaults = Note & { readonly provider: string };

// It is noted anew with every minute in which an event comes.
const keepMs = 24 * 3_600_000;

/** Tells of all that is wrong, every time; and once that it is right again. */
export function createFaultNotes() {
  const noted = new Set<string>();
  return async (
    { documents, log, now }: Pick<App, 'documents' | 'log' | 'now'>,
    parts: ReadonlyMap<string, Kept<unknown>>,
  ) => {
    for (const [provider, { built, faults }] of parts) {
      const isRight = faults.length === 0;
      if (isRight && !noted.has(provider)) continue;
      const isKept = built !== null;
      if (!isRight) log({ message: 'settings', provider, faults, isKept });
      try {
        await documents.put('settings', provider, { at: now(), faults, isKept } satisfies Note, null, keepMs);
        if (isRight) noted.delete(provider);
        else noted.add(provider);
      } catch (error) {
        if (!(error instanceof UnavailableError)) throw error;
        log({ message: 'failure', code: error.code, cause: causeName(error) });
      }
    }
  };
}

// A process that goes on by older settings hears of its provider too, and notes what is wrong once a minute.
const graceMs = 2 * 60_000;

/** The providers whose settings can't work, as far as is known. @throws UnavailableError */
export async function readFaults({
  documents,
  now,
}: Pick<App, 'documents' | 'now'>): Promise<readonly ProviderFaults[]> {
  const heard = await Array.fromAsync(documents.list<{ at: number }>('heard'));
  const heardAt = new Map(heard.map(({ id, document }) => [id, document.at]));
  const notes = await Array.fromAsync(documents.list<Note>('settings'), ({ id, document }) => ({
    provider: id,
    ...document,
  }));
  return (
    notes
      .filter(({ faults }) => faults.length > 0)
      // DynamoDB forgets what has run out when it likes.
      .filter(({ at }) => at > now() - keepMs)
      .filter(({ provider, at }) => at > (heardAt.get(provider) ?? 0) - graceMs)
  );
}
