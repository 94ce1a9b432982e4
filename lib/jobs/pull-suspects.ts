// The suspects are asked for one by one; gone is who the provider twice says it does not have, while it has others.

import type { Got } from '../directory.ts';
import type { Entry } from '../dynamodb/documents.ts';
import { DirectoryError } from '../errors.ts';
import { readCeiling } from '../sync/ceiling.ts';
import type { RunBudget } from '../sync/concurrency.ts';
import { toFacts } from '../user.ts';
import { keepSuspectMs, type Suspect } from './pull-absent.ts';
import {
  addFound,
  type ConnectedDirectory,
  type PullJob,
  type PullPorts,
  type PullTally,
} from './pull-job.ts';
import { applyMissed, judgeAnswer, type Missed } from './pull-list.ts';
import type { Ask } from './pull-question.ts';
import { openTally } from './tally.ts';

// So few that at every pace the canary is asked for within a minute of all of them.
const askAtOnce = 25;

/** Asks for the next few suspects. @throws DirectoryError, UnavailableError */
export async function pullSuspects(
  ports: PullPorts,
  directory: ConnectedDirectory,
  ask: Ask,
  id: string,
  job: PullJob,
  after: string | null,
  budget: RunBudget,
): Promise<PullJob> {
  const { suspects, next } = await readSome(ports, job, after);
  await forget(
    ports,
    suspects.filter(({ document }) => document.job !== id),
  );
  const current = suspects.filter(({ document }) => document.job === id);
  const idOf = ({ reference }: Suspect) => reference.slice(ports.prefixOf(job.provider).length);
  const answers = await askFor(directory, ask, current, idOf);
  const isGone = (one: Answered) => one.got?.profile === null;
  if (answers.some(isGone) && !(await hasCanary(directory, ask, job.canaries))) {
    return { ...job, cursor: null, report: { ...job.report, stopped: 'blind' } };
  }
  const tally = openTally(job.report);
  const missed: Missed[] = [];
  for (const answer of answers) missed.push(...(await record(ports, answer, tally)));
  if (job.apply) await applyMissed(ports, directory, missed, tally, budget);
  const cursor = next === null ? ({ in: 'gone' } as const) : ({ in: 'suspects', after: next } as const);
  return { ...job, cursor, report: tally.report() };
}

async function readSome({ documents }: PullPorts, { provider }: PullJob, after: string | null) {
  const suspects: Entry<Suspect>[] = [];
  for await (const entry of documents.list<Suspect>('suspect', { prefix: `${provider}#`, from: after })) {
    suspects.push(entry);
    if (suspects.length === askAtOnce) return { suspects, next: entry.id };
  }
  return { suspects, next: null };
}

/** Whom this run did not miss was listed. */
async function forget({ documents }: PullPorts, suspects: readonly Entry<Suspect>[]): Promise<void> {
  for (const { id } of suspects) await documents.remove('suspect', id);
}

/** `isKnown`: the provider has the user, as it said of many at once; `got` null: no answer to conclude from. */
type Answered = { readonly entry: Entry<Suspect>; readonly isKnown: boolean; readonly got: Got | null };

async function askFor(
  directory: ConnectedDirectory,
  ask: Ask,
  suspects: readonly Entry<Suspect>[],
  idOf: (suspect: Suspect) => string,
): Promise<readonly Answered[]> {
  const ids = suspects.map(({ document }) => idOf(document));
  const known =
    directory.known && ids.length > 0
      ? await ask(async (signal) => directory.known?.(ids, signal) ?? new Set<string>())
      : new Set<string>();
  const answers: Answered[] = [];
  for (const entry of suspects) {
    const id = idOf(entry.document);
    const isKnown = known.has(id);
    answers.push({ entry, isKnown, got: isKnown ? null : await askForOne(directory, ask, id) });
  }
  return answers;
}

/** @throws DirectoryError where nobody else can be asked for either */
async function askForOne(directory: ConnectedDirectory, ask: Ask, id: string): Promise<Got | null> {
  try {
    return await ask((signal) => directory.get(id, signal));
  } catch (error) {
    if (error instanceof DirectoryError && error.code === 'directory_invalid') return null;
    throw error;
  }
}

/** Whether one at least of those who were listed is there: else the provider shows us nobody. */
async function hasCanary(
  directory: ConnectedDirectory,
  ask: Ask,
  canaries: readonly string[],
): Promise<boolean> {
  for (const canary of canaries) {
    const got = await askForOne(directory, ask, canary);
    if (got?.profile) return true;
  }
  return false;
}

/** Keeps what was answered. Who is there all the same is no suspect any more; what was missed of them is answered. */
async function record(
  ports: PullPorts,
  { entry, isKnown, got }: Answered,
  tally: PullTally,
): Promise<readonly Missed[]> {
  const { documents } = ports;
  const { id, document: suspect } = entry;
  if (isKnown || got?.profile) {
    tally.add('unlisted', 1);
    await documents.remove('suspect', id);
    const missed = got ? await judgeAnswer(ports, suspect.reference, got, tally) : 'inStep';
    return typeof missed === 'string' ? [] : [missed];
  }
  if (got === null) {
    tally.add('unanswered', 1);
    return [];
  }
  const looked = { ...suspect, goneFrom: suspect.goneFrom ?? got.at, goneAt: got.at };
  if (suspect.goneFrom === null) addFound(tally, 'missingOnce', suspect.reference);
  await documents.put('suspect', id, looked satisfies Suspect, null, keepSuspectMs);
  return [];
}

/**
 * Folds who is gone, as far as the operator wants that; all of them or, where they are more than the ceiling, nobody.
 * @throws UnavailableError
 */
export async function pullGone(
  ports: PullPorts,
  directory: ConnectedDirectory,
  id: string,
  job: PullJob,
  budget: RunBudget,
): Promise<PullJob> {
  const gone = await findGone(ports, directory, id, job);
  const tally = openTally(job.report);
  for (const { document } of gone) addFound(tally, 'gone', document.reference);
  const { limit, counted } = await readCeiling(ports);
  const isTooMany = gone.length > limit - counted;
  if (isTooMany) tally.set({ stopped: 'too_many_gone' });
  const { deletions, traits } = directory;
  if (job.apply && deletions === 'apply' && traits.isGoneEstablished && !isTooMany) {
    const missed = gone.map(({ document: { reference, goneAt } }) => ({
      reference,
      facts: toFacts({ gone: true }, goneAt ?? 0),
    }));
    await applyMissed(ports, directory, missed, tally, budget);
    await forget(ports, gone);
  }
  return { ...job, cursor: null, report: tally.report() };
}

/** Those whom the provider said not to have in this run, and long enough before. */
async function findGone(
  { documents }: PullPorts,
  { traits }: ConnectedDirectory,
  id: string,
  { provider, listedFrom }: PullJob,
): Promise<readonly Entry<Suspect>[]> {
  const gone: Entry<Suspect>[] = [];
  for await (const entry of documents.list<Suspect>('suspect', { prefix: `${provider}#` })) {
    const { job, goneFrom, goneAt, isKept } = entry.document;
    if (job !== id || goneFrom === null || goneAt === null || isKept) continue;
    // In a run before, and in this one.
    if (goneFrom < listedFrom && goneAt - goneFrom >= traits.secondLookMs) gone.push(entry);
  }
  return gone;
}
