// A pull of a hundred times as many users is to take a hundred times as long, and no more memory.

import { answerJson, serve } from '../local/server.ts';
import { startPullHost } from './lambda.ts';
import type { PullRun } from './pull-host.ts';
import { type Bench, type Goal, short, type Table } from './report.ts';
import { type Services, startServices } from './services.ts';
import { toFigure } from './statistics.ts';
import { emailOf, referenceOf } from './users.ts';

type Sample = {
  readonly users: number;
  readonly run: PullRun;
  readonly readUnits: number;
  readonly writeUnits: number;
};

export const pull: Bench = async ({ quick }) => {
  const sizes = quick ? [1_000, 5_000] : [10_000, 100_000, 1_000_000];
  const services = await startServices();
  const samples: Sample[] = [];
  try {
    for (const users of sizes) samples.push(await measure(services, users));
  } finally {
    services.close();
  }
  return { tables: [toTable(samples)], goals: toGoals(samples), plots: [] };
};

async function measure(services: Services, users: number): Promise<Sample> {
  await services.reset();
  await services.seed({ are: 'in step', count: users });
  const api = await startList(users);
  const host = startPullHost({
    ...services.environment,
    CLERK_API_KEY: 'sk_test_of_the_benchmark',
    CLERK_API_URL: api.url,
  });
  const before = await services.counts();
  const run = await host.ask<PullRun>('pull');
  const after = await services.counts();
  host.close();
  await api.close();
  const { listed, inStep, expected } = run.report;
  if (listed !== users || inStep !== users || expected !== users)
    throw new Error(`of ${users} users ${listed} were listed, ${inStep} in step, ${expected} expected`);
  const readUnits = after.readUnits - before.readUnits;
  return { users, run, readUnits, writeUnits: after.writeUnits - before.writeUnits };
}

/** The list of Clerk's API, of so many users. */
function startList(users: number) {
  return serve(0, async (request, response) => {
    const { searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1');
    const after = searchParams.get('starting_after');
    const begin = after === null ? 0 : Number(after.replace('user_', '')) + 1;
    const length = Math.min(Number(searchParams.get('limit')), users - begin);
    answerJson(
      response,
      200,
      Array.from({ length }, (_, i) => toUser(begin + i)),
    );
  });
}

function toUser(number: number): object {
  return {
    id: referenceOf(number),
    object: 'user',
    first_name: 'Ada',
    last_name: null,
    locale: null,
    image_url: null,
    banned: false,
    locked: false,
    deprovisioned: false,
    primary_email_address_id: 'idn_1',
    email_addresses: [{ id: 'idn_1', email_address: emailOf(number), verification: { status: 'verified' } }],
    primary_phone_number_id: null,
    phone_numbers: [],
    created_at: 1_760_000_000_000,
    updated_at: 1_760_000_000_000,
  };
}

function toTable(samples: readonly Sample[]): Table {
  return {
    title: 'Pull of users who are all in step',
    columns: [
      'users',
      's',
      'µs a user',
      'CPU µs a user',
      'DynamoDB read units a user',
      'write units a user',
      'peak memory MB',
    ],
    rows: samples.map(({ users, run, readUnits, writeUnits }) => [
      ...[String(users), short(run.wallMs / 1_000), short((run.wallMs / users) * 1_000)],
      short((run.cpuMs / users) * 1_000),
      ...[short(readUnits / users), short(writeUnits / users), short(run.peakBytes / 1e6)],
    ]),
  };
}

function toGoals(samples: readonly Sample[]): Goal[] {
  const [least, most] = [samples[0], samples.at(-1)];
  const each = (sample: Sample | undefined) =>
    toFigure([(sample?.run.wallMs ?? 0) / (sample?.users ?? 1)]).median;
  return [
    {
      goal: 'pull: time a user, of the most users to the least',
      wanted: { atMost: 1.2 },
      measured: each(most) / each(least),
    },
    {
      goal: 'pull: peak memory of the most users, MB',
      wanted: { atMost: 256 },
      measured: (most?.run.peakBytes ?? 0) / 1e6,
    },
  ];
}
