// Twenty thousand users at once: from an export, and pending after an outage; beside one request for each user, and
// beside the most that ROQ's latency and the requests in flight allow.

import { type BundleName, bundle } from './bundles.ts';
import type { Run } from './host.ts';
import { startHost } from './lambda.ts';
import { type Bench, type Goal, short, type Table } from './report.ts';
import { type Counts, type Services, startServices } from './services.ts';
import { toFigure } from './statistics.ts';
import { emailOf, referenceOf } from './users.ts';

const roqMs = 100;
// As lib/app.ts has it.
const inFlight = 8;
// Look-up and create, 25 users each.
const requestsOfUser = 2 / 25;

type Job = {
  readonly name: string;
  readonly bundle: BundleName;
  /** How many users; those that go one by one are fewer, for each takes as long as the other. */
  readonly users: number;
  readonly prepare: (services: Services, users: number) => Promise<unknown>;
  readonly input: (users: number) => object;
};

type Sample = { readonly job: Job; readonly run: Run; readonly counts: Counts };

export const backfill: Bench = async ({ quick, profile }) => {
  const users = quick ? 1_000 : 20_000;
  const services = await startServices();
  const samples: Sample[] = [];
  try {
    for (let round = 0; round < (quick ? 1 : 3); round++) {
      for (const job of jobsOf(users)) samples.push(await measure(services, job, profile));
    }
  } finally {
    services.close();
  }
  return { tables: [toTable(samples)], goals: toGoals(samples), plots: [] };
};

function jobsOf(users: number): readonly Job[] {
  return [
    {
      name: 'backfill',
      bundle: 'backfill',
      users,
      prepare: async () => {},
      input: (count) => ({ provider: 'generic', apply: true, users: exported(count) }),
    },
    {
      name: 'drain',
      bundle: 'reconcile',
      users,
      input: () => ({}),
      prepare: (services, count) => services.seed({ are: 'pending', count }),
    },
    {
      name: 'one by one',
      bundle: 'one-by-one',
      users: users / 20,
      prepare: async () => {},
      input: (count) => ({ users: listed(count), width: inFlight }),
    },
  ];
}

function exported(count: number): object[] {
  return listed(count).map(({ reference, email }) => ({
    id: reference,
    email,
    first_name: 'Ada',
    email_verified: true,
    disabled: false,
    updated_at: '2026-01-01T00:00:00Z',
  }));
}

function listed(count: number) {
  return Array.from({ length: count }, (_, i) => ({ reference: referenceOf(i), email: emailOf(i) }));
}

async function measure(services: Services, job: Job, profile: string | null): Promise<Sample> {
  await services.reset();
  await services.latency({ roq: 0, store: 0 });
  await job.prepare(services, job.users);
  await services.latency({ roq: roqMs, store: 0 });
  const host = startHost(services.environment, profile);
  await host.ask('load', (await bundle(job.bundle)).path);
  const before = await services.counts();
  const events = [job.input(job.users)];
  const run = await host.ask<Run>('run', { events, concurrency: 1, timeoutMs: 900_000 });
  const after = await services.counts();
  host.close();
  if (after.roqUsers !== job.users)
    throw new Error(`${job.name} made ${after.roqUsers} of ${job.users} users`);
  const roqRequests = after.roqRequests - before.roqRequests;
  const storeRequests = after.storeRequests - before.storeRequests;
  return { job, run, counts: { ...after, roqRequests, storeRequests } };
}

function toTable(samples: readonly Sample[]): Table {
  const names = [...new Set(samples.map(({ job }) => job.name))];
  const limit = inFlight / (roqMs / 1_000) / requestsOfUser;
  return {
    title: `Many users, ROQ takes ${roqMs} ms, at most ${inFlight} requests in flight`,
    columns: [
      'what',
      'users',
      'users/s',
      '(min–max)',
      'of the limit',
      'CPU ms a user',
      'ROQ requests a user',
      'DynamoDB requests a user',
      'peak memory MB',
    ],
    rows: names.map((name) => {
      const own = samples.filter(({ job }) => job.name === name);
      const rate = toFigure(own.map(usersPerSecond));
      const per = (of: (sample: Sample) => number) =>
        short(toFigure(own.map((s) => of(s) / s.job.users)).median);
      return [
        ...[name, String(own[0]?.job.users), short(rate.median), `${short(rate.min)}–${short(rate.max)}`],
        name === 'one by one' ? '' : `${short((rate.median / limit) * 100)} %`,
        ...[
          per(({ run }) => run.cpuMs),
          per(({ counts }) => counts.roqRequests),
          per(({ counts }) => counts.storeRequests),
        ],
        short(toFigure(own.map(({ run }) => run.peakBytes / 1e6)).median),
      ];
    }),
    notes: [
      `The limit is ${short(limit)} users a second: ${inFlight} requests in ${roqMs} ms, two of them (look-up and create) for 25 users.`,
      'One by one: `createUser` of `@roq/nodejs` and a `PutItem`, as many in flight, and no look-up before.',
    ],
  };
}

function usersPerSecond({ job, run }: Sample): number {
  return job.users / (run.wallMs / 1_000);
}

function toGoals(samples: readonly Sample[]): Goal[] {
  const rate = (name: string) =>
    toFigure(samples.filter(({ job }) => job.name === name).map(usersPerSecond)).median;
  return ['backfill', 'drain'].map((name) => ({
    goal: `${name}, times as fast as one by one`,
    wanted: { atLeast: 10 },
    measured: rate(name) / rate('one by one'),
  }));
}
