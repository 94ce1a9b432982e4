// What is done with one webhook request: verify, fold, converge. 2xx is promised from the moment the facts are folded.

import { randomUUID } from 'node:crypto';
import type { Folded, Store } from '../dynamodb/store.ts';
import { RejectedError, UnavailableError } from '../errors.ts';
import { isAhead, type LookUp, type UserEvent } from '../event.ts';
import { causeName } from '../observability/log.ts';
import type { EventLine, Log } from '../observability/log-line.ts';
import { type Timings, withTimings } from '../observability/timing.ts';
import { type Facts, fold, toFacts } from '../user.ts';
import { type ConvergePorts, converge } from './converge.ts';
import type { Outcome } from './outcome.ts';

export type ReceivePorts = ConvergePorts & {
  readonly store: Pick<Store, 'fold' | keyof ConvergePorts['store']>;
  /** Takes note that the provider is alive. */
  readonly noteHeard: (provider: string) => Promise<void>;
  readonly log: Log;
};

/** Who sends: its name, and how its users are read back, where that is configured. */
export type Sender = { readonly name: string; readonly lookUp: LookUp | null };

export type Budget = {
  /** When ROQ must have been dealt with, in milliseconds of our clock; the rest stays pending. */
  readonly deadline: number;
  /** How long a lease must last to outlive this invocation. */
  readonly leaseMs: number;
};

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
  await withTimings(async (spent) => {
    const events = await read(ports.now());
    const { profiles, failure } = await readBack(sender, events);
    const heard = gather([...events, ...profiles], ports.now());
    const folded = await foldAll(ports, heard, budget.leaseMs);
    const outcomes = await convergeAll(ports, folded, budget.deadline, sender.name);
    for (const event of events) ports.log(eventLine(sender.name, event, folded, outcomes, spent));
    // What the event told is recorded; for what it left out the sender must come again.
    if (failure) throw failure;
  });
}

type Profile = Pick<UserEvent, 'reference' | 'told' | 'at'>;

/** The users as the provider has them now whose events left out what changed. */
async function readBack(
  { lookUp }: Sender,
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
      const profile = await lookUp(reference);
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

/** The facts of a request by user, so that each user is folded once. */
function gather(events: readonly Profile[], nowMs: number): ReadonlyMap<string, Facts> {
  const heard = new Map<string, Facts>();
  for (const { reference, told, at } of events) {
    if (told === null || reference === null) continue;
    if (isAhead(at, nowMs)) throw new RejectedError('from_the_future', 'the event is dated in the future');
    heard.set(reference, fold(heard.get(reference) ?? {}, toFacts(told, at)));
  }
  return heard;
}

/** All or nothing: a sender that is told 2xx sends none of it again. */
async function foldAll(
  { store }: ReceivePorts,
  heard: ReadonlyMap<string, Facts>,
  leaseMs: number,
): Promise<ReadonlyMap<string, Folded>> {
  const owner = randomUUID();
  const folds = [...heard].map(
    async ([reference, facts]) => [reference, await store.fold(reference, facts, owner, leaseMs)] as const,
  );
  return new Map(await Promise.all(folds));
}

async function convergeAll(
  ports: ReceivePorts,
  folded: ReadonlyMap<string, Folded>,
  deadline: number,
  provider: string,
): Promise<ReadonlyMap<string, Outcome>> {
  const leased = [...folded.values()].map(({ leased }) => leased).filter((record) => record !== null);
  try {
    const [outcomes] = await Promise.all([converge(ports, leased, deadline), ports.noteHeard(provider)]);
    return new Map(outcomes.map((outcome) => [outcome.reference, outcome]));
  } catch (error) {
    // The facts are recorded, and stay pending until somebody can write down what became of them.
    if (!(error instanceof UnavailableError)) throw error;
    ports.log({ message: 'failure', code: error.code, cause: causeName(error) });
    return new Map();
  }
}

function eventLine(
  provider: string,
  event: UserEvent,
  folded: ReadonlyMap<string, Folded>,
  outcomes: ReadonlyMap<string, Outcome>,
  spent: Timings,
): EventLine {
  const { id, kind, reference, rejected } = event;
  const user = reference === null ? undefined : folded.get(reference);
  const outcome = reference === null ? undefined : outcomes.get(reference);
  return {
    message: 'event',
    provider,
    eventId: id,
    kind,
    reference,
    outcome: outcomeOf(event, user, outcome),
    code: rejected ?? outcome?.code ?? null,
    cause: null,
    roqMs: Math.round(spent.roqMs),
    storeMs: Math.round(spent.storeMs),
  };
}

function outcomeOf(
  { told, rejected }: UserEvent,
  user: Folded | undefined,
  outcome: Outcome | undefined,
): string {
  if (rejected) return 'rejected';
  if (told === null) return 'ignored';
  return user?.changed === false ? 'repeat' : (outcome?.is ?? 'pending');
}
