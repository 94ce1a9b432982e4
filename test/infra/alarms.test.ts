import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newBackfill } from '../../lib/jobs/backfill-job.ts';
import { startJob } from '../../lib/jobs/jobs.ts';
import { toFacts } from '../../lib/user.ts';
import { apiUser } from '../../local/providers/api.ts';
import { kratosApi } from '../../local/providers/kratos/api.ts';
import { type Deployment, deploy } from '../support/deployed.ts';
import type { Resource } from '../support/packaged.ts';

// Every alarm of the packaged template that looks at a figure of ours, held against the lines that the bundles write.

let deployment: Deployment;
let calm: readonly string[];
let noisy: readonly string[];
let troubled: readonly string[];

beforeAll(async () => {
  deployment = await deploy({
    options: 'silenceHours: 24\nusualRepairs: 0\nusualMissed: 0',
    environment: "  CEILING_COUNT: '0'",
  });
  await deployment.deliver('user.signed_up', randomUUID());
  await deployment.call('reconcile', { begin: 'audit' });
  calm = ringing();
  for (let i = 0; i < 20; i++) await deployment.deliver('user.signed_up', randomUUID(), () => ({}));
  noisy = ringing();
  await makeTrouble(deployment);
  troubled = ringing();
}, 90_000);
afterAll(() => deployment?.close());

describe('the alarms on figures of ours', () => {
  test('are silent while all is well', () => {
    expect(calm).toEqual([]);
  });

  test('leave what nobody signed to its own, which does not ring for half an hour', () => {
    expect(noisy).toEqual(['unsigned']);
    expect(alarms().find(({ AlarmName }) => nameOf(AlarmName) === 'unsigned')).toMatchObject({
      Period: 300,
      EvaluationPeriods: 6,
    });
  });

  test('each ring for the trouble that they are for', () => {
    expect(troubled).toEqual([
      'audit-repairs',
      'cognito-failures',
      'held',
      'job-failures',
      'oldest-pending',
      'parked',
      'pull-missed',
      'pull-stopped',
      'rejected',
      'roq-unauthorized',
      'settings-faults',
      'silence',
      'unsigned',
    ]);
    expect(troubled).toEqual(alarms().map(({ AlarmName }) => nameOf(AlarmName)));
  });
});

async function makeTrouble(deployment: Deployment): Promise<void> {
  const { call, deliver, toEvent, roq, documents, start, store } = deployment;
  // Refused for good by ROQ, and held by the ceiling.
  const [parked, held, drifted] = [randomUUID(), randomUUID(), randomUUID()];
  roq.fail.always({ how: 'refuse', operation: 'createUser', reference: parked });
  for (const reference of [parked, held, drifted]) await deliver('user.signed_up', reference);
  await deliver('user.disabled', held);
  const signature = `v1,${Buffer.alloc(32).toString('base64')}`;
  for (let i = 0; i < 10; i++) {
    await deliver('user.signed_up', randomUUID(), (headers) => ({
      ...headers,
      'webhook-signature': signature,
    }));
  }
  const unset = await start('webhook', { GENERIC_SECRETS: 'ssm:/roq-sync/dev/webhook/NOTHING' });
  const outcome = await unset.invoke(await toEvent('user.signed_up', randomUUID()));
  expect(outcome).toMatchObject({ is: 'returned', value: { statusCode: 503 } });
  await call('cognito', { triggerSource: 'PostConfirmation_ConfirmSignUp' });
  // Changed by hand in ROQ, so that the next audit repairs it.
  for (const user of roq.users.filter(({ reference }) => reference === drifted)) user.firstName = 'Nobody';
  await call('operate', { command: 'audit', apply: true });
  // A job was begun by a version that read another shape of exports.
  const url = `${roq.url}/users.json`;
  const file = { from: 'url', url, shape: 'bygone', exportedAtMs: null, version: null } as const;
  await startJob({ documents, now: Date.now }, 'backfill-bygone', newBackfill(true, file, null));
  await call('reconcile', {});
  // Kratos has a user of whom nobody told, and then has them no more: the whole list is empty.
  const { api } = deployment;
  const untold = apiUser(kratosApi, 1);
  api.users.set(untold.id, untold);
  await pull(deployment);
  api.users.clear();
  await pull(deployment);
  // The reminder of what is held pauses for ten minutes: of two measurings so far apart, one at least falls outside.
  const later = await start('reconcile', clockAhead(12 * 60_000));
  expect(await later.invoke({})).toMatchObject({ is: 'returned' });
  // An hour ago somebody signed up, and since then the API key is not taken; a day ago the provider fell silent.
  await store.fold(randomUUID(), toFacts({ email: 'late@example.com' }, 1), randomUUID(), 1_000);
  await documents.put('heard', 'generic', { at: Date.now() - 25 * 3_600_000 }, null);
  const locked = await start('reconcile', { ROQ_API_KEY: 'revoked' });
  expect(await locked.invoke({})).toMatchObject({ is: 'returned' });
}

async function pull({ call }: Deployment): Promise<void> {
  await call('pull', { begin: 'kratos', apply: true });
  await call('pull', {});
}

/** What has a process of Node go by a clock that is ahead. */
function clockAhead(aheadMs: number): Readonly<Record<string, string>> {
  const program = `const now=Date.now;Date.now=()=>now()+${aheadMs}`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(program)}` };
}

type Alarm = Resource['Properties'];
type Metric = {
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions: readonly {
    readonly Name: string;
    readonly Value: string | { readonly Ref: string };
  }[];
};
type Query = {
  readonly Id: string;
  readonly Expression?: string;
  readonly MetricStat?: { readonly Metric: Metric; readonly Stat: string };
};

/** Those that look at a figure of ours, by name. */
function alarms(): readonly Alarm[] {
  return Object.values(deployment.template.Resources)
    .filter(
      ({ Type, Properties }) => Type === 'AWS::CloudWatch::Alarm' && isOurs(watchedBy(Properties).metric),
    )
    .map(({ Properties }) => Properties)
    .sort((a, b) => (String(a.AlarmName) < String(b.AlarmName) ? -1 : 1));
}

function isOurs({ Namespace }: Metric): boolean {
  return Namespace === 'roq-sync';
}

/** The figure that an alarm looks at, how it is put together, and by what it is divided. */
function watchedBy(alarm: Alarm): {
  readonly metric: Metric;
  readonly stat: unknown;
  readonly divisor: number;
} {
  if (!alarm.Metrics) return { metric: alarm as unknown as Metric, stat: alarm.Statistic, divisor: 1 };
  const [result, query] = alarm.Metrics as readonly Query[];
  if (!query?.MetricStat) throw new Error(`${alarm.AlarmName} looks at nothing`);
  const [, id, divisor] = /^(\w+) \/ (\d+)$/.exec(result?.Expression ?? '') ?? [];
  return {
    metric: query.MetricStat.Metric,
    stat: query.MetricStat.Stat,
    divisor: id === query.Id ? Number(divisor) : 0,
  };
}

/** The names of those that everything logged so far would have set off. */
function ringing(): readonly string[] {
  return alarms()
    .filter((alarm) => {
      const { metric, stat, divisor } = watchedBy(alarm);
      const values = told(metric);
      const sum = values.reduce((all, one) => all + one, 0);
      const figure = (stat === 'Sum' ? sum : Math.max(...values)) / divisor;
      const threshold = Number(alarm.Threshold);
      return alarm.ComparisonOperator === 'GreaterThanThreshold' ? figure > threshold : figure >= threshold;
    })
    .map(({ AlarmName }) => nameOf(AlarmName));
}

function nameOf(alarmName: unknown): string {
  return String(alarmName).replace('roq-sync-dev-', '');
}

type Line = Readonly<Record<string, unknown>> & {
  readonly _aws?: {
    readonly CloudWatchMetrics: readonly {
      readonly Namespace: string;
      readonly Dimensions: readonly (readonly string[])[];
      readonly Metrics: readonly { readonly Name: string }[];
    }[];
  };
};

/** What CloudWatch would keep under that very namespace, name, and dimensions with their values. */
function told({ Namespace, MetricName, Dimensions }: Metric): readonly number[] {
  const wanted = Dimensions.map(({ Name, Value }) => [
    Name,
    typeof Value === 'string' ? Value : nameOfFunction(Value),
  ]);
  return (deployment.lines() as Line[]).flatMap((line) =>
    (line._aws?.CloudWatchMetrics ?? [])
      .filter((directive) => directive.Namespace === Namespace)
      .filter(({ Metrics }) => Metrics.some(({ Name }) => Name === MetricName))
      .flatMap((directive) => directive.Dimensions)
      .map((names) => names.map((name) => [name, line[name]]))
      .filter((dimensions) => JSON.stringify(dimensions.sort()) === JSON.stringify(wanted.sort()))
      .map(() => Number(line[MetricName])),
  );
}

function nameOfFunction({ Ref }: { readonly Ref: string }): string {
  return String(deployment.template.Resources[Ref]?.Properties.FunctionName);
}
