// Who was on the pages of a list so far: 6 bytes a user, so that a million take 6 MB and no record has to be written.

import { createHash } from 'node:crypto';
import type { Documents } from '../dynamodb/documents.ts';

// Of a million users, one in 280,000,000 is taken for another one: then a user who is gone is found by the next run.
const bytesEach = 6;

// A run that takes longer than this has failed.
const keepMs = 14 * 24 * 60 * 60_000;

/** Whether a reference was on any page. */
export type Seen = (reference: string) => boolean;

/** Keeps who is on a page; a page that is taken again replaces what it left before. @throws UnavailableError */
export async function noteSeen(
  documents: Pick<Documents, 'put'>,
  job: string,
  page: number,
  references: readonly string[],
): Promise<void> {
  if (references.length === 0) return;
  const digests = Buffer.concat(references.map((reference) => digestOf(reference)));
  const id = `${job}#${String(page).padStart(9, '0')}`;
  await documents.put('seen', id, { digests: digests.toString('base64') }, null, keepMs);
}

/** Reads who was on all pages of a job. @throws UnavailableError */
export async function readSeen(documents: Pick<Documents, 'list'>, job: string): Promise<Seen> {
  let sorted = new Float64Array(1024);
  let count = 0;
  const pages = documents.list<{ readonly digests: string }>('seen', { prefix: `${job}#` });
  for await (const { document } of pages) {
    const digests = Buffer.from(document.digests, 'base64');
    for (let at = 0; at + bytesEach <= digests.length; at += bytesEach) {
      if (count === sorted.length) sorted = grown(sorted);
      sorted[count++] = digests.readUIntBE(at, bytesEach);
    }
  }
  sorted = sorted.subarray(0, count).sort();
  return (reference) => has(sorted, digestOf(reference).readUIntBE(0, bytesEach));
}

function digestOf(reference: string): Buffer {
  return createHash('sha256').update(reference).digest().subarray(0, bytesEach);
}

function grown(full: Float64Array): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(2 * full.length);
  larger.set(full);
  return larger;
}

function has(sorted: Float64Array, wanted: number): boolean {
  let from = 0;
  let to = sorted.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((sorted[middle] ?? 0) < wanted) from = middle + 1;
    else to = middle;
  }
  return sorted[from] === wanted;
}
