// How many users may be deactivated before a person has to look: a provider gone wrong must not lock everybody out.

import type { Documents } from '../dynamodb/documents.ts';
import type { Facts } from '../user.ts';

export type CeilingLimits = {
  /** Deactivations in this clock hour and the last, over all doors, and in one run, that are let through in any case. */
  readonly count: number;
  /** And this share of the active users, where it is more. */
  readonly share: number;
};

/**
 * Why a user is deactivated. Each has the whole ceiling for itself: users can delete themselves, and must not be able to
 * keep a ban waiting by that.
 */
export type Reason = (typeof reasons)[number];

export const reasons = ['disabled', 'deleted', 'gone'] as const;

/** Counts `wanted` deactivations and answers how many of them may be made. */
export type Admit = (wanted: number, reason: Reason) => Promise<number>;

/** What the last audit counted. */
export type Totals = { readonly active: number };

// A job may rest for days before an operator carries it on.
const keepRunMs = 31 * 24 * 60 * 60_000;

export type CeilingPorts = {
  readonly documents: Pick<Documents, 'spend' | 'refund' | 'spendInHours' | 'get'>;
  readonly limits: CeilingLimits;
};

/** A user who is disabled is so, also where they are deleted besides. */
export function reasonOf({ disabled, deleted }: Facts): Reason {
  if (disabled?.value === true) return 'disabled';
  return deleted?.value === true ? 'deleted' : 'gone';
}

/**
 * Builds the one gate that every deactivation passes. `run`, the id of a job, puts a ceiling on the run as well.
 * What finds no room is counted nowhere and has to be held.
 */
export function createCeiling({ documents, limits }: CeilingPorts, run: string | null = null): Admit {
  return async (wanted, reason) => {
    const inHours = (part: number) =>
      admit(part, (more, limit) => documents.spendInHours(`hours#${reason}`, more, limit));
    if (run === null) return inHours(wanted);
    const id = `run#${run}#${reason}`;
    const inRun = await admit(wanted, (more, limit) => documents.spend(id, more, limit, keepRunMs));
    const admitted = inRun > 0 ? await inHours(inRun) : 0;
    if (admitted < inRun) await documents.refund(id, inRun - admitted);
    return admitted;
  };

  // The share costs a read, so it is looked at only once the count is used up.
  async function admit(
    wanted: number,
    spend: (wanted: number, limit: number) => Promise<number>,
  ): Promise<number> {
    const first = await spend(wanted, limits.count);
    if (first === wanted || limits.share === 0) return first;
    const limit = await limitOf({ documents, limits });
    return limit > limits.count ? first + (await spend(wanted - first, limit)) : first;
  }
}

/** Deactivations of the reason that has come furthest, in this clock hour and the last, and how many are let through. */
export async function readCeiling({
  documents,
  limits,
}: {
  readonly documents: Pick<Documents, 'spentInHours' | 'get'>;
  readonly limits: CeilingLimits;
}): Promise<{ readonly counted: number; readonly limit: number }> {
  const counted = await Promise.all(reasons.map((reason) => documents.spentInHours(`hours#${reason}`)));
  return { counted: Math.max(...counted), limit: await limitOf({ documents, limits }) };
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
