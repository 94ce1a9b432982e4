// Checks everything that the system depends on.

import type { App } from '../app.ts';
import { shardsOf } from '../dynamodb/record.ts';
import type { RunBudget } from '../sync/concurrency.ts';
import { readRan } from '../sync/drain.ts';
import { type Check, check } from './check.ts';
import { probe } from './probe.ts';
import { type ProviderFaults, readFaults } from './provider-faults.ts';

export type Diagnosis = { readonly checks: readonly Check[] };

// With a larger skew, times in tokens and signatures are refused.
const maxSkewMs = 30_000;

// The schedule runs every minute, and no user is overdue before `dueAt`.
const maxOverdueMs = 10 * 60_000;

const remedies = {
  token: 'Compare ROQ_PLATFORM_URL, ROQ_ENVIRONMENT_ID and ROQ_API_KEY with your ROQ environment.',
  clock: 'Set the clock of this machine: it disagrees with ROQ about the time.',
  query: 'The token is taken, the query is not: see whether the service account may read users.',
  table: 'See whether TABLE_NAME is the table that was deployed, with its index, and the role may use it.',
  state: 'See whether STATE_TABLE_NAME is the table that was deployed, and the role may use it.',
  schedule: "See whether the reconcile function's schedule is enabled, and what its log says.",
  provider:
    'Correct its settings, or the parameters that they name, which are read again within a minute when an event comes.',
};

/** Checks the configuration; `withProbe` also tries out at ROQ what its documentation leaves open. */
export async function doctor(app: App, withProbe: boolean, { deadline }: RunBudget): Promise<Diagnosis> {
  const checks = [
    // With incomplete settings, no command is run.
    { check: 'settings', ok: true, detail: 'complete', remedy: null },
    { check: 'version', ok: true, detail: app.version, remedy: null },
    await checkToken(app),
    await checkClock(app),
    await check('ROQ query', remedies.query, async () => {
      const query = { limit: 1, filter: { withDeactivated: { equalTo: true } } };
      return `${(await app.roq.users(query, { deadline })).totalCount} users`;
    }),
    await check('table of users', remedies.table, async () => {
      await app.store.get('roq-sync-doctor');
      for (const shard of shardsOf('pending')) await app.queries.due(shard, 0, 1);
      return 'answers, and so does its index';
    }),
    await check('table of state', remedies.state, async () => {
      await app.documents.get('total', 'users');
      return 'answers';
    }),
    await checkSchedule(app),
  ];
  const isUsable = checks.every(({ ok, check }) => ok || check === 'clock' || check === 'schedule');
  const providers = await checkProviders(app);
  if (!withProbe) return { checks: [...checks, ...providers] };
  return { checks: [...checks, ...providers, ...(isUsable ? await probe(app.roq, deadline) : [unprobed])] };
}

const unprobed: Check = {
  check: 'probe',
  ok: false,
  detail: 'not started',
  remedy: 'Mend what is above first.',
};

function checkToken({ roq }: App): Promise<Check> {
  return check('ROQ token', remedies.token, async () => {
    const { lifetimeMs } = await roq.inspectToken();
    return lifetimeMs === null
      ? 'fetched; it does not say how long it lasts'
      : `fetched; good for ${Math.round(lifetimeMs / 1000)} s`;
  });
}

function checkClock({ roq }: App): Promise<Check> {
  return check('clock', remedies.clock, async () => {
    const { clockAheadMs } = await roq.inspectToken();
    if (clockAheadMs === null) return 'ROQ does not say what time it is';
    const seconds = Math.round(clockAheadMs / 1000);
    const detail = `ROQ's is ${Math.abs(seconds)} s ${seconds < 0 ? 'behind' : 'ahead of'} ours`;
    return { ok: Math.abs(clockAheadMs) <= maxSkewMs, detail };
  });
}

/** A line for each provider that can't work; one for all where none is known. */
async function checkProviders(app: App): Promise<readonly Check[]> {
  let found: readonly ProviderFaults[] = [];
  const all = await check('providers', remedies.state, async () => {
    found = await readFaults(app);
    return 'none is known to have settings that can’t work';
  });
  if (found.length === 0) return [all];
  return found.map(({ provider, faults, isKept, at }) => {
    const what = isKept ? 'those that worked last go on where they are known' : 'its events are answered 503';
    const detail = `${faults.join('; ')}: ${what}, as of ${Math.round((app.now() - at) / 60_000)} minutes ago`;
    return { check: `provider ${provider}`, ok: false, detail, remedy: remedies.provider };
  });
}

function checkSchedule({ queries, documents, now }: App): Promise<Check> {
  return check('schedule', remedies.schedule, async () => {
    const ranAt = await readRan(documents);
    if (ranAt === null) return { ok: false, detail: 'has never run', isEarly: true };
    const silentMs = now() - ranAt;
    if (silentMs > maxOverdueMs) {
      return { ok: false, detail: `last ran ${Math.round(silentMs / 60_000)} minutes ago` };
    }
    const overdue = await Promise.all(
      shardsOf('pending').map((shard) => queries.due(shard, now() - maxOverdueMs, 1)),
    );
    const isBehind = overdue.some(({ entries }) => entries.length > 0);
    return { ok: !isBehind, detail: isBehind ? 'users have been due for over 10 minutes' : 'keeps up' };
  });
}
