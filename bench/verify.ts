// What it costs to make sure of a signature, family by family, beside node:crypto or jose alone.

import { families, type Verification } from './families.ts';
import { type Bench, short, type Table } from './report.ts';
import { toFigure } from './statistics.ts';

type Sample = { readonly ours: number; readonly floor: number };

export const verify: Bench = async ({ quick }) => {
  const { verifications, close } = await families();
  try {
    const rows: string[][] = [];
    for (const verification of verifications)
      rows.push(toRow(verification, await measure(verification, quick)));
    return { tables: [toTable(rows)], goals: [], plots: [] };
  } finally {
    await close();
  }
};

async function measure({ ours, floor }: Verification, quick: boolean): Promise<readonly Sample[]> {
  const calls = quick ? 20 : 500;
  await microsecondsOf(ours, calls);
  await microsecondsOf(floor, calls);
  const samples: Sample[] = [];
  for (let round = 0; round < (quick ? 3 : 21); round++) {
    samples.push({ ours: await microsecondsOf(ours, calls), floor: await microsecondsOf(floor, calls) });
  }
  return samples;
}

async function microsecondsOf(run: () => Promise<unknown>, calls: number): Promise<number> {
  const startedAt = performance.now();
  for (let i = 0; i < calls; i++) await run();
  return ((performance.now() - startedAt) / calls) * 1_000;
}

function toTable(rows: readonly (readonly string[])[]): Table {
  return {
    title: 'Verifying a signature',
    columns: ['family', 'floor', 'ours µs', '(min–max)', 'floor µs', 'ours / floor'],
    rows,
    notes: ['The same body of about 1 KB for all, keys known already.'],
  };
}

function toRow({ family, floorIs }: Verification, samples: readonly Sample[]): string[] {
  const ours = toFigure(samples.map((sample) => sample.ours));
  const floor = toFigure(samples.map((sample) => sample.floor));
  const ratio = toFigure(samples.map((sample) => sample.ours / sample.floor));
  return [
    ...[family, floorIs, short(ours.median), `${short(ours.min)}–${short(ours.max)}`],
    ...[short(floor.median), short(ratio.median)],
  ];
}
