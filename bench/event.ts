// One event after the other through the packaged webhook, beside two peers: how fast, for how much CPU, in how many
// round trips.

import { type BundleName, bundle } from './bundles.ts';
import type { Child } from './child.ts';
import { forgedEvents, type GatewayEvent, type Kind, kinds, signedEvents } from './events.ts';
import type { Run } from './host.ts';
import { startHost } from './lambda.ts';
import { type Bench, type Goal, type Plot, short, type Table } from './report.ts';
import { type Services, startServices } from './services.ts';
import { quantile, toFigure } from './statistics.ts';
import { referenceOf } from './users.ts';

const contenders = ['ours', 'safe', 'naive'] as const satisfies readonly BundleName[];
// Those that do something.
const effective = Object.keys(kinds) as Kind[];
const works = [...effective, 'repeated', 'forged'] as const;
const delays = [0, 50];

type Contender = (typeof contenders)[number];
type Work = (typeof works)[number];
type Setting = { readonly roqMs: number; readonly concurrency: number };
type Sample = Setting & {
  readonly contender: Contender;
  readonly work: Work;
  readonly run: Run;
  readonly roqTrips: number;
  readonly storeTrips: number;
};

const settings: readonly Setting[] = delays.flatMap((roqMs) => [
  { roqMs, concurrency: 1 },
  { roqMs, concurrency: 32 },
]);

export const event: Bench = async ({ quick, profile }) => {
  const services = await startServices();
  try {
    const hosts = await startHosts(services, profile);
    await warmUp(hosts, services);
    const samples: Sample[] = [];
    for (let round = 0; round < (quick ? 1 : 7); round++) {
      for (const setting of settings) {
        await services.latency({ roq: setting.roqMs, store: 0 });
        // Whoever goes first in one round goes last in another.
        const order = contenders.map((_, i) => contenders[(i + round) % contenders.length] ?? 'ours');
        for (const contender of order) {
          samples.push(...(await measure(hosts[contender], contender, services, setting, quick)));
        }
      }
    }
    for (const host of Object.values(hosts)) host.close();
    return { tables: toTables(samples), goals: toGoals(samples), plots: [toPlot(samples)] };
  } finally {
    services.close();
  }
};

async function startHosts(
  { environment }: Services,
  profile: string | null,
): Promise<Record<Contender, Child>> {
  const start = async (name: Contender): Promise<[Contender, Child]> => {
    const host = startHost(environment, name === 'ours' ? profile : null);
    await host.ask('load', (await bundle(name)).path);
    return [name, host];
  };
  return Object.fromEntries(await Promise.all(contenders.map(start))) as Record<Contender, Child>;
}

// Until the compiler has seen it all.
async function warmUp(hosts: Record<Contender, Child>, services: Services): Promise<void> {
  for (const contender of contenders) {
    await measure(hosts[contender], contender, services, { roqMs: 0, concurrency: 8 }, false);
  }
}

async function measure(
  host: Child,
  contender: Contender,
  services: Services,
  setting: Setting,
  quick: boolean,
): Promise<Sample[]> {
  await services.reset();
  const count = quick ? 16 : setting.concurrency > 1 ? 320 : setting.roqMs > 0 ? 20 : 100;
  const references = Array.from({ length: count }, (_, i) => referenceOf(i));
  const secret = services.environment.CLERK_SECRETS;
  const samples: Sample[] = [];
  let last: GatewayEvent[] = [];
  for (const work of works) {
    const events =
      work === 'repeated'
        ? last
        : work === 'forged'
          ? forgedEvents(references)
          : signedEvents(work, references, secret);
    last = events;
    const before = await services.counts();
    const run = await host.ask<Run>('run', { events, concurrency: setting.concurrency });
    const after = await services.counts();
    checkStatuses(contender, work, run.statuses);
    const roqTrips = (after.roqRequests - before.roqRequests) / count;
    const storeTrips = (after.storeRequests - before.storeRequests) / count;
    samples.push({ ...setting, contender, work, run, roqTrips, storeTrips });
  }
  const { roqUsers } = await services.counts();
  if (roqUsers !== count) throw new Error(`${contender} made ${roqUsers} users of ${count}`);
  return samples;
}

function checkStatuses(contender: Contender, work: Work, statuses: readonly number[]): void {
  const isRight = (status: number) => (work === 'forged' ? status === 401 : status === 200);
  const wrong = statuses.find((status) => !isRight(status));
  if (wrong !== undefined) throw new Error(`${contender} answered ${wrong} to an event that was ${work}`);
}

function toTables(samples: readonly Sample[]): Table[] {
  return settings.map(({ roqMs, concurrency }) => ({
    title: `Events, ROQ takes ${roqMs} ms, ${concurrency} at once`,
    columns: [
      'event',
      'contender',
      'p50 ms',
      'p99 ms',
      'events/s',
      '(min–max)',
      'CPU ms',
      '(min–max)',
      'trips',
      'of them ROQ',
    ],
    rows: works.flatMap((work) =>
      contenders.map((contender) =>
        toRow(samples.filter((sample) => isOf(sample, { work, contender, roqMs, concurrency }))),
      ),
    ),
  }));
}

function isOf(sample: Sample, wanted: Partial<Sample>): boolean {
  return (Object.keys(wanted) as (keyof Sample)[]).every((name) => sample[name] === wanted[name]);
}

function toRow(samples: readonly Sample[]): string[] {
  const [first] = samples;
  const latencies = samples.flatMap(({ run }) => run.latenciesMs);
  const rate = toFigure(samples.map(({ run }) => run.latenciesMs.length / (run.wallMs / 1_000)));
  const cpu = toFigure(samples.map(cpuMs));
  const spread = ({ min, max }: typeof rate) => `${short(min)}–${short(max)}`;
  return [
    ...[
      first?.work ?? '',
      first?.contender ?? '',
      short(quantile(latencies, 0.5)),
      short(quantile(latencies, 0.99)),
    ],
    ...[short(rate.median), spread(rate), short(cpu.median), spread(cpu)],
    ...[
      short(mean(samples, (sample) => sample.roqTrips + sample.storeTrips)),
      short(mean(samples, ({ roqTrips }) => roqTrips)),
    ],
  ];
}

function cpuMs({ run }: Sample): number {
  return run.cpuMs / run.latenciesMs.length;
}

function mean(samples: readonly Sample[], of: (sample: Sample) => number): number {
  return samples.reduce((sum, sample) => sum + of(sample), 0) / samples.length;
}

function toGoals(samples: readonly Sample[]): Goal[] {
  const trips = (work: Work) =>
    mean(
      samples.filter((sample) => isOf(sample, { work, contender: 'ours' })),
      (s) => s.roqTrips + s.storeTrips,
    );
  const own = (wanted: Partial<Sample>) => samples.filter((sample) => isOf(sample, wanted));
  const cpuOf = (contender: Contender, work: Work) =>
    toFigure(own({ work, contender, concurrency: 1 }).map(cpuMs)).median;
  // Events that do something, as they come: one of each kind.
  const cpu = (contender: Contender) => effective.reduce((sum, work) => sum + cpuOf(contender, work), 0);
  const cpuShare = (work: Work) => cpuOf('ours', work) / cpuOf('safe', work);
  const p50 = (contender: Contender, work: Work, roqMs: number) =>
    quantile(
      own({ work, contender, roqMs, concurrency: 1 }).flatMap(({ run }) => run.latenciesMs),
      0.5,
    );
  const rate = (contender: Contender, work: Work, roqMs: number) =>
    toFigure(
      own({ work, contender, roqMs, concurrency: 32 }).map(({ run }) => run.latenciesMs.length / run.wallMs),
    ).median;
  const cells = effective.flatMap((work) => delays.map((roqMs) => [work, roqMs] as const));
  const roqOfRepeat = mean(
    samples.filter((sample) => isOf(sample, { work: 'repeated', contender: 'ours' })),
    (s) => s.roqTrips,
  );
  return [
    { goal: 'round trips of a signup', wanted: { atMost: 4 }, measured: trips('signed up') },
    { goal: 'round trips of a verification', wanted: { atMost: 3 }, measured: trips('verified') },
    { goal: 'round trips of a deactivation', wanted: { atMost: 3 }, measured: trips('disabled') },
    { goal: 'round trips of a repeat', wanted: { atMost: 2 }, measured: trips('repeated') },
    { goal: 'round trips of a repeat to ROQ', wanted: { atMost: 0 }, measured: roqOfRepeat },
    {
      goal: "CPU of an effective event, of the safe peer's",
      wanted: { atMost: 0.6 },
      measured: cpu('ours') / cpu('safe'),
    },
    { goal: 'CPU of a repeat, of the same', wanted: { atMost: 1 }, measured: cpuShare('repeated') },
    { goal: 'CPU of a forged request, of the same', wanted: { atMost: 2 }, measured: cpuShare('forged') },
    {
      goal: "p50 at 1 at once, of the safe peer's, the worst",
      wanted: { atMost: 1 },
      measured: Math.max(...cells.map((cell) => p50('ours', ...cell) / p50('safe', ...cell))),
    },
    {
      goal: "events/s at 32 at once, of the safe peer's, the worst",
      wanted: { atLeast: 1 },
      measured: Math.min(...cells.map((cell) => rate('ours', ...cell) / rate('safe', ...cell))),
    },
  ];
}

function toPlot(samples: readonly Sample[]): Plot {
  const shown = { roqMs: 50, concurrency: 32 };
  const ofWork = (contender: Contender, work: Work, share: number) =>
    quantile(
      samples.filter((s) => isOf(s, { ...shown, contender, work })).flatMap(({ run }) => run.latenciesMs),
      share,
    );
  const bars = contenders.flatMap((contender) =>
    (
      [
        ['p50', 0.5],
        ['p99', 0.99],
      ] as const
    ).map(([name, share]) => [`${contender} ${name}`, works.map((work) => ofWork(contender, work, share))]),
  );
  const title = `How long an event takes; ROQ takes ${shown.roqMs} ms, ${shown.concurrency} at once`;
  return { file: 'latency.svg', title, is: 'bars', unit: 'ms', x: works, series: Object.fromEntries(bars) };
}
