// By EventBridge, or by `roq-sync pull`: providers are asked for their users.

import { setTimeout as wait } from 'node:timers/promises';
import type { Context } from 'aws-lambda';
import * as v from 'valibot';
import { type App, budgetOf } from '../app.ts';
import { hourMs } from '../directory.ts';
import { workOffAsks } from '../jobs/asks.ts';
import { type JobView, viewJob } from '../jobs/job-view.ts';
import type { StoredJob } from '../jobs/jobs.ts';
import { pullNoticed, pullSilent, readNotices } from '../jobs/occasions.ts';
import { beginPull, beginScheduled, type FindDirectory, runPull, runPulls } from '../jobs/pull.ts';
import { mapDirectory } from '../mapping/mapping.ts';
import type { Check } from '../operate/check.ts';
import { checkDirectory } from '../operate/directory-check.ts';
import type { DirectoryConfig } from '../providers/connect-directories.ts';

export type PullAnswer =
  | JobView
  | { readonly directories: readonly string[] }
  | { readonly ran: number }
  | { readonly checks: readonly Check[] }
  | { readonly error: { readonly code: 'input_invalid' | 'job_unknown'; readonly message: string } };

const listenMs = 30_000;

const inputs = v.union([
  /** By schedule, once a day. */
  v.strictObject({ begin: v.literal('scheduled') }),
  /** Begins a pull of a provider, and answers it at once. */
  v.strictObject({ begin: v.string(), apply: v.optional(v.boolean(), false) }),
  /** Carries a pull on, as far as the time goes. */
  v.strictObject({ job: v.string() }),
  /** Which providers can be pulled. */
  v.strictObject({ list: v.literal(true) }),
  /** Asks every provider what a pull asks, and shows the answers. */
  v.strictObject({ check: v.literal(true) }),
  /** By schedule, every few minutes: whatever is running. */
  v.strictObject({}),
]);

/** @throws UnavailableError, and what nobody foresaw, so that an alarm rings */
export function createHandler(app: App, config: DirectoryConfig) {
  const names = config.directories.map(({ traits }) => traits.name);
  const ports = { ...app, wait };
  let listenedAt = 0;
  const find: FindDirectory = (provider) => {
    const { deletions, isExclusive } = config;
    const found = config.directories.find(({ traits }) => traits.name === provider);
    return found?.directory
      ? {
          ...mapDirectory(app.mapping.get(provider), found.directory),
          traits: found.traits,
          deletions,
          isExclusive,
        }
      : null;
  };

  return async (input: unknown, context: Pick<Context, 'getRemainingTimeInMillis'>): Promise<PullAnswer> => {
    const parsed = v.safeParse(inputs, input);
    if (!parsed.success)
      return refuse('input_invalid', 'it takes begin with apply, job, list, check, or nothing');
    const asked = parsed.output;
    const budget = budgetOf(app, context);
    if ('list' in asked) return { directories: names };
    if ('check' in asked) return { checks: await checkAll() };
    if ('job' in asked) {
      const stored = await runPull(ports, asked.job, find, budget);
      return stored ? viewJob(asked.job, stored) : refuse('job_unknown', `there is no pull ${asked.job}`);
    }
    if ('apply' in asked && asked.begin !== 'scheduled') return begin(asked.begin, asked.apply);
    logFaults();
    if ('begin' in asked) {
      const day = new Date(app.now()).toISOString().slice(0, 10);
      // One a day, however often EventBridge delivers its event.
      for (const provider of names) await beginScheduled(app, provider, day);
    }
    const notices = (await readNotices(app)).filter(({ id }) => names.includes(id));
    const failures = await listen(notices.map(({ id }) => id));
    await pullNoticed(app, notices);
    if (config.silenceMs !== null) await pullSilent(app, names, config.silenceMs);
    await workOffAsks(ports, find, budget);
    await runPulls(ports, find, budget);
    // Thrown, so that an alarm rings.
    if (failures.length > 0) throw failures[0];
    return { ran: names.length };
  };

  /** Keeps the events of every provider coming, at once of one that `noticed` it; answers what kept that from working. */
  async function listen(noticed: readonly string[]): Promise<readonly unknown[]> {
    if (app.now() - listenedAt < hourMs && noticed.length === 0) return [];
    const all = config.directories.map(({ traits, directory }) =>
      directory?.listen?.(AbortSignal.timeout(listenMs), noticed.includes(traits.name)),
    );
    const settled = await Promise.allSettled(all);
    const failures = settled.filter((one) => one.status === 'rejected').map(({ reason }) => reason);
    if (failures.length === 0) listenedAt = app.now();
    return failures;
  }

  async function checkAll(): Promise<readonly Check[]> {
    const checks = config.directories.map(({ traits, directory, faults }) =>
      directory
        ? checkDirectory(directory, traits)
        : [
            {
              check: `${traits.title}: settings`,
              ok: false,
              detail: faults.join('; '),
              remedy: 'Correct them under `directory`.',
            },
          ],
    );
    return (await Promise.all(checks)).flat();
  }

  async function begin(provider: string, apply: boolean): Promise<PullAnswer> {
    const configured = config.directories.find(({ traits }) => traits.name === provider);
    if (!configured) return refuse('input_invalid', `begin is one of ${names.join(', ')}`);
    if (!configured.directory) return refuse('input_invalid', `${provider}: ${configured.faults.join('; ')}`);
    const id = await beginPull(app, provider, apply);
    const stored = await app.documents.get<StoredJob>('job', id);
    return stored ? viewJob(id, stored.document) : refuse('job_unknown', `there is no pull ${id}`);
  }

  // Every few minutes, so that their alarm goes on ringing.
  function logFaults(): void {
    for (const { traits, faults } of config.directories) {
      if (faults.length > 0) app.log({ message: 'settings', provider: traits.name, faults, isKept: false });
    }
  }
}

function refuse(code: 'input_invalid' | 'job_unknown', message: string): PullAnswer {
  return { error: { code, message } };
}
