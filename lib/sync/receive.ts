// What is done with one request: verify, fold, converge. 2xx is promised from the moment the facts are folded.

import { randomUUID } from 'node:crypto';
import type { Folded } from '../dynamodb/fold.ts';
import type { Store } from '../dynamodb/store.ts';
import { RejectedError, UnavailableError } from '../errors.ts';
import { isAhead, type LookUp, type UserEvent } from '../event.ts';
import { causeName } from '../observability/log.ts';
import type { EventLine, Log } from '../observability/log-line.ts';
import { type Timings, withTimings } from '../observability/timing.ts';
import { type Facts, factNames, fold, isSameFact, toFacts } from '../user.ts';
import { batchSize } from './batches.ts';
import { type ConvergePorts, converge } from './converge.ts';
import type { Outcome } from './outcome.ts';

export type ReceivePorts = ConvergePorts & {
  readonly store: Pick<Store, 'fold' | keyof ConvergePorts['store']>;
  /** Records that the provider is alive. */
  readonly noteHeard: (provider: string) => Promise<void>;
  /** Records that a provider spoke of a user who is another's. */
  readonly noteForeign: (provider: string, references: readonly string[]) => Promise<void>;
  /** Records that the provider has to be asked about users. */
  readonly noteAsk: (source: string, references: readonly string[]) => Promise<void>;
  /** Records that a provider said of itself that events were lost, or that it will send none. */
  readonly noteNotice: (source: string) => Promise<void>;
  readonly log: Log;
};

export type Sender = {
  readonly name: string;
  /** In whose name its facts are recorded. */
  readonly source: string;
  /** What stands before its ids in references. */
  readonly prefix: string;
  /** Whether it leaves users alone that another source reported first. */
  readonly isExclusive: boolean;
  /** How its users are read back, where that is configured. */
  readonly lookUp: LookUp | null;
  /** Whether another function asks its directory: only where an event settles nothing, or after every event. */
  readonly asks?: 'open' | 'always' | null;
};

export type Budget = {
  /** When ROQ must have been dealt with, in milliseconds of our clock; the rest stays pending. */
  readonly deadline: number;
  /** How long a lease must last to outlive this invocation. */
  readonly leaseMs: number;
};

/** What can't be recorded in this time is answered 503: the most patient of the hasty senders waits 3 s. */
const recordWithinMs = 2_500;

/** As many folds at once as the client has sockets, so that none of them waits for one. */
const maxConcurrentFolds = 50;

/** So many users of a request are converged at once; what is more is left to the schedule from the start. */
const maxInline = 4 * batchSize;

/**
 * Records everything that a request tells, and makes ROQ follow as far as the budget goes.
 * `read` verifies the request and says what it tells; it is given our clock in milliseconds.
 * @throws RejectedError for what is not a valid event; UnavailableError when it could not be recorded.
 */
export async function receive(
  ports: ReceivePorts,
  sender: Sender,
  read: (nowMs: number) => Promise<readonly UserEvent[]>,
  budget: Budget,
): Promise<void> {
  const recordBy = ports.now() + recordWithinMs;
  await withTimings(async (spent) => {
    const told = rejectAhead(await read(ports.now()), ports.now()).map((event) => withPrefix(event, sender));
    const { profiles, failure } = await readBack(sender, told);
    const events = withProfiles(told, profiles);
    const heard = gather([...events, ...profiles]);
    const folded = await foldAll(ports, sender, heard, newestOf(events), budget.leaseMs, recordBy);
    if (sender.asks) await noteOpen(ports, sender, events, profiles, heard, folded);
    const outcomes = await convergeAll(ports, folded, budget.deadline, sender.name);
    for (const event of events) ports.log(eventLine(sender, event, folded, outcomes, spent));
    // What the event told is recorded; for what it left out the sender must come again.
    if (failure) throw failure;
  });
}

/**
 * An event that is dated far ahead tells nothing: it would outlast every true one. The others of its request do.
 * @throws RejectedError `from_the_future` where no other tells anything
 */
function rejectAhead(events: readonly UserEvent[], nowMs: number): readonly UserEvent[] {
  const dated = events.map(
    (event): UserEvent =>
      event.told !== null && isAhead(event.at, nowMs)
        ? { ...event, told: null, rejected: 'from_the_future' }
        : event,
  );
  const isRejected = dated.some(({ rejected }) => rejected === 'from_the_future');
  if (isRejected && dated.every(({ told }) => told === null)) {
    throw new RejectedError('from_the_future', 'the event is dated in the future');
  }
  return dated;
}

function withPrefix(event: UserEvent, { prefix }: Sender): UserEvent {
  return event.reference === null ? event : { ...event, reference: `${prefix}${event.reference}` };
}

type Profile = Pick<UserEvent, 'reference' | 'told' | 'at' | 'unread'>;

/** The users as the provider has them now whose events left out what changed. */
async function readBack(
  { lookUp, prefix }: Sender,
  events: readonly UserEvent[],
): Promise<{ profiles: readonly Profile[]; failure: UnavailableError | null }> {
  const partial = events.filter(({ told, isPartial }) => told !== null && isPartial);
  const references = new Set(
    partial.map(({ reference }) => reference).filter((reference) => reference !== null),
  );
  if (!lookUp || references.size === 0) return { profiles: [], failure: null };
  let failure: UnavailableError | null = null;
  const read = [...references].map(async (reference) => {
    try {
      const profile = await lookUp(reference.slice(prefix.length));
      return profile ? [{ reference, ...profile }] : [];
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
      failure = error;
      return [];
    }
  });
  const profiles = (await Promise.all(read)).flat();
  return { profiles, failure };
}

/** Events that left out what changed, with the names of what could not be read of their users either. */
function withProfiles(events: readonly UserEvent[], profiles: readonly Profile[]): readonly UserEvent[] {
  const found = new Map(profiles.map(({ reference, unread = [] }) => [reference, unread]));
  return events.map((event) => {
    const also = event.isPartial ? (found.get(event.reference) ?? []) : [];
    return also.length > 0 ? { ...event, unread: [...(event.unread ?? []), ...also] } : event;
  });
}

/** The facts of a request by user, so that each user is folded once. */
function gather(events: readonly Profile[]): ReadonlyMap<string, Facts> {
  const heard = new Map<string, Facts>();
  for (const { reference, told, at } of events) {
    if (told === null || reference === null) continue;
    heard.set(reference, fold(heard.get(reference) ?? {}, toFacts(told, at)));
  }
  return heard;
}

/** The last that happened of the events of each user, by which a history names all of them. */
function newestOf(events: readonly UserEvent[]): ReadonlyMap<string, UserEvent> {
  const newest = new Map<string, UserEvent>();
  for (const event of events) {
    if (event.told === null || event.reference === null) continue;
    const known = newest.get(event.reference);
    if (!known || event.at >= known.at) newest.set(event.reference, event);
  }
  return newest;
}

/**
 * All or nothing: a sender that is told 2xx sends none of it again. One that has to come again finds what was recorded
 * recorded, and so gets further.
 */
async function foldAll(
  { store, now }: ReceivePorts,
  { name, source, isExclusive }: Sender,
  heard: ReadonlyMap<string, Facts>,
  newest: ReadonlyMap<string, UserEvent>,
  leaseMs: number,
  recordBy: number,
): Promise<ReadonlyMap<string, Folded>> {
  const owner = randomUUID();
  const folded = new Map<string, Folded>();
  const waiting = [...heard].map(([reference, facts], i) => ({
    reference,
    facts,
    withoutLease: i >= maxInline,
  }));
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      if (now() >= recordBy) throw new UnavailableError('store_unavailable', 'no time is left');
      const { reference, facts, withoutLease } = next;
      const { kind = 'event', at = null, unread = [] } = newest.get(reference) ?? {};
      // What the operator's own expressions could not make of it, an operator looks for.
      const code = unread.find((one) => one.startsWith('mapping.')) ?? null;
      const why = { by: name, what: kind, toldAt: at, code };
      const options = { why, source, isExclusive, withoutLease };
      folded.set(reference, await store.fold(reference, facts, owner, leaseMs, options));
    }
  };
  const workers = Array.from({ length: Math.min(maxConcurrentFolds, waiting.length) }, work);
  const failed = (await Promise.allSettled(workers)).find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
  return folded;
}

/** Notes before the request is answered of whom its provider has to be asked. */
async function noteOpen(
  { noteAsk, noteNotice }: ReceivePorts,
  { source, asks }: Sender,
  events: readonly UserEvent[],
  profiles: readonly Profile[],
  heard: ReadonlyMap<string, Facts>,
  folded: ReadonlyMap<string, Folded>,
): Promise<void> {
  const open = asks === 'always' ? [...heard.keys()] : findOpen(events, profiles, heard, folded);
  const pinged = events.filter(({ isPing }) => isPing).map(({ reference }) => reference ?? '');
  const references = [...new Set([...open, ...pinged])];
  if (references.length > 0) await noteAsk(source, references);
  if (events.some(({ isNotice }) => isNotice)) await noteNotice(source);
}

/** Of whom an event left out what changed, or says otherwise than another one of the same moment: the times settle nothing. */
function findOpen(
  events: readonly UserEvent[],
  profiles: readonly Profile[],
  heard: ReadonlyMap<string, Facts>,
  folded: ReadonlyMap<string, Folded>,
): readonly string[] {
  const isRead = (reference: string) => profiles.some((profile) => profile.reference === reference);
  const partial = events
    .filter(({ told, isPartial }) => told !== null && isPartial)
    .map(({ reference }) => reference ?? '')
    .filter((reference) => !isRead(reference));
  const tied = [...heard].filter(([reference, facts]) =>
    isTied(facts, folded.get(reference)?.record.facts ?? {}),
  );
  return [...partial, ...tied.map(([reference]) => reference)];
}

function isTied(heard: Facts, held: Facts): boolean {
  return factNames.some((name) => {
    const [one, other] = [heard[name], held[name]];
    return one !== undefined && one.at === other?.at && !isSameFact(one, other);
  });
}

async function convergeAll(
  ports: ReceivePorts,
  folded: ReadonlyMap<string, Folded>,
  deadline: number,
  provider: string,
): Promise<ReadonlyMap<string, Outcome>> {
  const leased = [...folded.values()].map(({ leased }) => leased).filter((record) => record !== null);
  const foreign = [...folded].filter(([, { isForeign }]) => isForeign).map(([reference]) => reference);
  const [converged, ...noted] = await Promise.allSettled([
    converge(ports, leased, deadline),
    ports.noteHeard(provider),
    foreign.length > 0 ? ports.noteForeign(provider, foreign) : null,
  ]);
  // The facts are recorded, and stay pending until what became of them can be written.
  for (const settled of [converged, ...noted]) {
    if (settled.status === 'fulfilled') continue;
    if (!(settled.reason instanceof UnavailableError)) throw settled.reason;
    ports.log({ message: 'failure', code: settled.reason.code, cause: causeName(settled.reason) });
  }
  const outcomes = converged.status === 'fulfilled' ? converged.value : [];
  return new Map(outcomes.map((outcome) => [outcome.reference, outcome]));
}

function eventLine(
  sender: Sender,
  event: UserEvent,
  folded: ReadonlyMap<string, Folded>,
  outcomes: ReadonlyMap<string, Outcome>,
  spent: Timings,
): EventLine {
  const { id, kind, reference, rejected, unread = [] } = event;
  const user = reference === null ? undefined : folded.get(reference);
  const outcome = reference === null ? undefined : outcomes.get(reference);
  return {
    message: 'event',
    provider: sender.name,
    eventId: id,
    kind,
    reference,
    outcome: outcomeOf(event, user, outcome, Boolean(sender.asks)),
    code: rejected ?? outcome?.code ?? null,
    cause: null,
    ...(unread.length > 0 && { unread }),
    roqMs: Math.round(spent.roqMs),
    storeMs: Math.round(spent.storeMs),
  };
}

function outcomeOf(
  { told, rejected, isPing, isNotice }: UserEvent,
  user: Folded | undefined,
  outcome: Outcome | undefined,
  isAsking: boolean,
): string {
  if (rejected) return 'rejected';
  if (told === null) return isAsking && (isPing || isNotice) ? 'asked' : 'ignored';
  if (user?.isForeign) return 'foreign';
  return user?.changed === false ? 'repeat' : (outcome?.is ?? 'pending');
}
