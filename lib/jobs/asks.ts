// Users of whom an event left something out, or settled nothing: each is asked for, and folded as the provider has them.

import type { Entry, Noted } from '../dynamodb/documents.ts';
import { DirectoryError } from '../errors.ts';
import type { RunBudget } from '../sync/concurrency.ts';
import type { FindDirectory } from './pull.ts';
import { type ConnectedDirectory, newPull, type PullPorts } from './pull-job.ts';
import { applyMissed, judgeAnswer } from './pull-list.ts';
import { type Ask, createAsk } from './pull-question.ts';
import { openTally } from './tally.ts';

/**
 * Works off who is to be asked for, as far as the time goes. What a provider does not answer is asked again by the next run.
 * @throws UnavailableError
 */
export async function workOffAsks(ports: PullPorts, find: FindDirectory, budget: RunBudget): Promise<void> {
  const asks = new Map<string, Ask>();
  const silent = new Set<string>();
  for await (const entry of ports.documents.list<Noted>('ask')) {
    const { provider } = entry.document;
    const directory = find(provider);
    if (!directory || silent.has(provider)) continue;
    if (ports.now() >= budget.deadline) return;
    const ask = asks.get(provider) ?? createAsk(ports, directory, budget.deadline);
    asks.set(provider, ask);
    try {
      await workOff(ports, directory, ask, entry, budget);
    } catch (error) {
      if (!(error instanceof DirectoryError)) throw error;
      // One who can't be read is the next run's again; a provider that can't be asked need not be asked for others.
      if (error.code !== 'directory_invalid') silent.add(provider);
    }
  }
}

async function workOff(
  ports: PullPorts,
  directory: ConnectedDirectory,
  ask: Ask,
  { id, document: { provider, reference }, revision }: Entry<Noted>,
  budget: RunBudget,
): Promise<void> {
  const got = await ask((signal) => directory.get(reference.slice(ports.prefixOf(provider).length), signal));
  const { report } = newPull({ provider, apply: true, isScheduled: false, nowMs: ports.now() });
  const tally = openTally(report);
  const found = await judgeAnswer(ports, reference, got, tally);
  // What happened after the question is asked for once more.
  if (found === 'newer') return;
  if (typeof found !== 'string') await applyMissed(ports, directory, [found], tally, budget);
  const current = await ports.documents.get<Noted>('ask', id);
  if (current?.revision === revision) await ports.documents.remove('ask', id);
}
