// What it costs to make sure of a signature, family by family, beside node:crypto or jose alone.

import { RejectedError } from '../lib/errors.ts';
import type { WebhookRequest } from '../lib/event.ts';
import { startSigningKeys } from '../local/providers/keys.ts';
import { families, type Verification } from './families.ts';
import { type Refusal, refusals } from './refusals.ts';
import { type Bench, type Goal, short, type Table } from './report.ts';
import { toFigure } from './statistics.ts';

type Sample = { readonly ours: number; readonly floor: number };

export const verify: Bench = async ({ quick }) => {
  const keys = await startSigningKeys();
  try {
    const rows: string[][] = [];
    for (const verification of await families(keys))
      rows.push(toRow(verification, await measure(verification, quick)));
    const costs: Cost[] = [];
    for (const refusal of await refusals(keys)) costs.push(await measureRefusal(refusal, quick));
    return { tables: [toTable(rows), toCostTable(costs)], goals: [toGoal(costs)], plots: [] };
  } finally {
    await keys.close();
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

/** Of the dearest refused request of a family: processor time, and that of verifying as many bytes. */
type Cost = {
  readonly family: string;
  readonly dearest: string;
  readonly refusedMs: number;
  readonly verifiedMs: number;
  readonly ratio: number;
};

async function measureRefusal({ family, check, right, wrong }: Refusal, quick: boolean): Promise<Cost> {
  const costs: Cost[] = [];
  for (const [dearest, request] of Object.entries(wrong)) {
    const refuse = receiveAgain(request, (received) => expectRefused(check(received)));
    const accept = receiveAgain(right, check);
    let [refusedMs, verifiedMs] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (let round = 0; round < (quick ? 3 : 41); round++) {
      refusedMs = Math.min(refusedMs, await processorMsOf(refuse));
      verifiedMs = Math.min(verifiedMs, await processorMsOf(accept));
    }
    costs.push({ family, dearest, refusedMs, verifiedMs, ratio: refusedMs / verifiedMs });
  }
  return costs.reduce((one, other) => (one.ratio > other.ratio ? one : other));
}

/** As the webhook gets it from the gateway: a body in base64. */
function receiveAgain({ headers, body }: WebhookRequest, check: Refusal['check']): () => Promise<unknown> {
  const text = Buffer.from(body).toString('base64');
  return () => check({ headers, body: Buffer.from(text, 'base64') });
}

async function expectRefused(checking: Promise<unknown>): Promise<void> {
  const error = await checking.then(
    () => new Error('it was accepted'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof RejectedError)) throw error;
}

// Of the whole process, for the keys of tokens are used in threads of their own.
async function processorMsOf(run: () => Promise<unknown>): Promise<number> {
  const calls = 5;
  const before = process.cpuUsage();
  for (let i = 0; i < calls; i++) await run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000 / calls;
}

function toCostTable(costs: readonly Cost[]): Table {
  return {
    title: 'Refusing a megabyte',
    columns: ['family', 'dearest', 'refused ms', 'verified ms', 'refused / verified'],
    rows: costs.map(({ family, dearest, refusedMs, verifiedMs, ratio }) => [
      ...[family, dearest, short(refusedMs), short(verifiedMs), short(ratio)],
    ]),
    notes: [
      'Processor time with the decoding of the body, the least of 41 rounds. Of all that was tried without a key the dearest; beside it as many bytes, rightly signed.',
      'Of signatures by ed25519, which can share no digest, two are verified: with one, a request costs half as much.',
    ],
  };
}

function toGoal(costs: readonly Cost[]): Goal {
  const measured = Math.max(...costs.map(({ ratio }) => ratio));
  return { goal: 'dearest refused megabyte, of a verified one', wanted: { atMost: 1.5 }, measured };
}
