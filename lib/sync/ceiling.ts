// How many users may be deactivated before a person has to look: a provider gone wrong must not lock everybody out.

import type { Documents } from '../dynamodb/documents.ts';

export type CeilingLimits = {
  /** Deactivations in one clock hour over all doors, and in one run, that are let through in any case. */
  readonly count: number;
  /** And this share of the active users, where it is more. */
  readonly share: number;
};

/** Counts `wanted` deactivations and answers how many of them may be made. */
export type Admit = (wanted: number) => Promise<number>;

/** What the last audit counted. */
export type Totals = { readonly active: number };

const hourMs = 60 * 60_000;

// A job may rest for days before an operator carries it on.
const keepRunMs = 31 * 24 * hourMs;

export type CeilingPorts = {
  readonly documents: Pick<Documents, 'spend' | 'refund' | 'get'>;
  readonly now: () => number;
  readonly limits: CeilingLimits;
};

/**
 * Builds the one gate that every deactivation passes. `run`, the id of a job, puts a ceiling on the run as well.
 * What finds no room is counted nowhere and has to be held.
 */
export function createCeiling({ documents, now, limits }: CeilingPorts, run: string | null = null): Admit {
  return async (wanted) => {
    const hour = hourAt(now());
    if (run === null) return admit(hour, wanted, 2 * hourMs);
    const inRun = await admit(`run#${run}`, wanted, keepRunMs);
    const inHour = inRun > 0 ? await admit(hour, inRun, 2 * hourMs) : 0;
    if (inHour < inRun) await documents.refund(`run#${run}`, inRun - inHour);
    return inHour;
  };

  // The share costs a read, so it is looked at only once the count is used up.
  async function admit(id: string, wanted: number, keepMs: number): Promise<number> {
    const first = await documents.spend(id, wanted, limits.count, keepMs);
    if (first === wanted || limits.share === 0) return first;
    const limit = await limitOf({ documents, limits });
    return limit > limits.count ? first + (await documents.spend(id, wanted - first, limit, keepMs)) : first;
  }
}

/** Deactivations that are counted in this clock hour, and how many of them the ceiling lets through. */
export async function readCeiling({
  documents,
  now,
  limits,
}: {
  readonly documents: Pick<Documents, 'spent' | 'get'>;
  readonly now: () => number;
  readonly limits: CeilingLimits;
}): Promise<{ readonly counted: number; readonly limit: number }> {
  return { counted: await documents.spent(hourAt(now())), limit: await limitOf({ documents, limits }) };
}

async function limitOf({
  documents,
  limits,
}: {
  readonly documents: Pick<Documents, 'get'>;
  readonly limits: CeilingLimits;
}): Promise<number> {
  const totals = await documents.get<Totals>('total', 'users');
  return Math.max(limits.count, Math.floor((totals?.document.active ?? 0) * limits.share));
}

function hourAt(nowMs: number): string {
  return `hour#${new Date(nowMs).toISOString().slice(0, 13)}`;
}
