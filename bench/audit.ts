// An audit of ten times as many records is to take ten times as long, and no more memory.

import { bundle } from './bundles.ts';
import type { Run } from './host.ts';
import { startHost } from './lambda.ts';
import { type Bench, type Goal, type Plot, short, type Table } from './report.ts';
import { type Services, startServices } from './services.ts';
import { toFigure } from './statistics.ts';

type Sample = { readonly records: number; readonly run: Run };

export const audit: Bench = async ({ quick, profile }) => {
  const sizes = quick ? [250, 1_000] : [10_000, 100_000, 1_000_000];
  const services = await startServices();
  const samples: Sample[] = [];
  try {
    for (let round = 0; round < (quick ? 1 : 2); round++) {
      // The largest takes long enough to be measured once.
      for (const records of round === 0 ? sizes : sizes.slice(0, -1)) {
        samples.push({ records, run: await measure(services, records, profile) });
      }
    }
  } finally {
    services.close();
  }
  return { tables: [toTable(samples)], goals: toGoals(samples), plots: toPlots(samples) };
};

async function measure(services: Services, records: number, profile: string | null): Promise<Run> {
  await services.reset();
  await services.seed({ are: 'in step', count: records });
  const host = startHost(services.environment, profile);
  await host.ask('load', (await bundle('operate')).path);
  const before = host.written();
  const events = [{ command: 'audit' }];
  const run = await host.ask<Run>('run', { events, concurrency: 1, timeoutMs: 900_000 });
  if (host.written() === before) throw new Error('the audit did not come to its end');
  host.close();
  return run;
}

function toTable(samples: readonly Sample[]): Table {
  return {
    title: 'Audit',
    columns: ['records', 's', '(min–max)', 'µs a record', 'CPU µs a record', 'peak memory MB'],
    rows: sizesOf(samples).map((records) => {
      const own = samples.filter((sample) => sample.records === records);
      const seconds = toFigure(own.map(({ run }) => run.wallMs / 1_000));
      const cpu = toFigure(own.map(({ run }) => (run.cpuMs / records) * 1_000));
      return [
        ...[String(records), short(seconds.median), `${short(seconds.min)}–${short(seconds.max)}`],
        ...[short((seconds.median / records) * 1e6), short(cpu.median)],
        short(peakOf(own) / 1e6),
      ];
    }),
  };
}

function toGoals(samples: readonly Sample[]): Goal[] {
  const sizes = sizesOf(samples);
  const of = (records: number | undefined) => samples.filter((sample) => sample.records === records);
  const [least, most] = [of(sizes[0]), of(sizes.at(-1))];
  const each = (own: readonly Sample[]) =>
    toFigure(own.map(({ run, records }) => run.wallMs / records)).median;
  return [
    {
      goal: 'audit: time a record, of the most records to the least',
      wanted: { atMost: 1.2 },
      measured: each(most) / each(least),
    },
    {
      goal: 'audit: peak memory of the most records, MB',
      wanted: { atMost: 256 },
      measured: peakOf(most) / 1e6,
    },
  ];
}

function toPlots(samples: readonly Sample[]): Plot[] {
  const sizes = sizesOf(samples);
  const of = (records: number) => samples.filter((sample) => sample.records === records);
  const x = sizes.map(String);
  const seconds = sizes.map((records) => toFigure(of(records).map(({ run }) => run.wallMs / 1_000)).median);
  const megabytes = sizes.map((records) => peakOf(of(records)) / 1e6);
  return [
    {
      file: 'audit-time.svg',
      title: 'Time of an audit by records',
      is: 'lines',
      unit: 's',
      x,
      series: { audit: seconds },
    },
    {
      file: 'audit-memory.svg',
      title: 'Peak memory of an audit by records',
      is: 'lines',
      unit: 'MB',
      x,
      series: { audit: megabytes },
    },
  ];
}

function peakOf(samples: readonly Sample[]): number {
  return toFigure(samples.map(({ run }) => run.peakBytes)).median;
}

function sizesOf(samples: readonly Sample[]): readonly number[] {
  return [...new Set(samples.map(({ records }) => records))];
}
