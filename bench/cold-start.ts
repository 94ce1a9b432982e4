// What a new Lambda environment pays: the bundle, its import, the first event; each time in a fresh process.

import { type Bundle, type BundleName, bundle, bytesOfWebhook } from './bundles.ts';
import { startChild } from './child.ts';
import { signedEvents } from './events.ts';
import type { FirstEvent } from './first-event.ts';
import { type Bench, type Goal, short, type Table } from './report.ts';
import { type Services, startServices } from './services.ts';
import { toFigure } from './statistics.ts';
import { referenceOf } from './users.ts';

const contenders = ['ours', 'safe', 'naive'] as const satisfies readonly BundleName[];

type Contender = (typeof contenders)[number];
type Measured = { readonly bundle: Bundle; readonly starts: FirstEvent[] };

export const coldStart: Bench = async ({ quick }) => {
  const services = await startServices();
  try {
    const measured = Object.fromEntries(
      await Promise.all(
        contenders.map(
          async (name): Promise<[string, Measured]> => [name, { bundle: await bundle(name), starts: [] }],
        ),
      ),
    ) as Record<Contender, Measured>;
    for (let round = 0; round < (quick ? 2 : 25); round++) {
      for (const contender of contenders) {
        await services.reset();
        measured[contender].starts.push(await start(measured[contender].bundle, services));
      }
    }
    return { tables: [toTable(measured, await bareBytes())], goals: await toGoals(measured), plots: [] };
  } finally {
    services.close();
  }
};

async function start({ path }: Bundle, { environment }: Services): Promise<FirstEvent> {
  const child = startChild('first-event.ts', environment, [
    '--disable-warning=DEP0040',
    '--disable-warning=DEP0169',
  ]);
  const [event] = signedEvents('signed up', [referenceOf(0)], environment.CLERK_SECRETS);
  const first = await child.ask<FirstEvent>('start', { path, event });
  child.close();
  return first;
}

async function bareBytes(): Promise<number> {
  const child = startChild('first-event.ts');
  const bytes = await child.ask<number>('nothing');
  child.close();
  return bytes;
}

function toTable(measured: Record<Contender, Measured>, bare: number): Table {
  const names = ['importMs', 'firstEventMs', 'cpuMs', 'peakBytes'] as const;
  return {
    title: 'Cold start',
    columns: ['contender', 'bundle KB', 'import ms', 'first event ms', 'CPU ms', 'peak memory MB'],
    rows: contenders.map((contender) => {
      const { bundle, starts } = measured[contender];
      const cells = names.map((name) => {
        const { median, min, max } = toFigure(
          starts.map((first) => first[name] / (name === 'peakBytes' ? 1e6 : 1)),
        );
        return `${short(median)} (${short(min)}–${short(max)})`;
      });
      return [contender, (bundle.bytes / 1_000).toFixed(0), ...cells];
    }),
    notes: [
      `Median (min–max) of ${measured.ours.starts.length} starts each. A process that imports none of them peaks at ${short(bare / 1e6)} MB.`,
    ],
  };
}

async function toGoals({ ours, safe }: Record<Contender, Measured>): Promise<Goal[]> {
  const startMs = ({ starts }: Measured) =>
    toFigure(starts.map(({ importMs, firstEventMs }) => importMs + firstEventMs)).median;
  const kilobytes = async (providers: string) => (await bytesOfWebhook(providers)) / 1_000;
  return [
    {
      goal: 'bundle of the webhook, one HMAC provider, KB',
      wanted: { atMost: 230 },
      measured: await kilobytes('clerk'),
    },
    {
      goal: 'bundle of the webhook, one JWS provider, KB',
      wanted: { atMost: 260 },
      measured: await kilobytes('kinde'),
    },
    {
      goal: 'bundle of the webhook, all providers, KB',
      wanted: { atMost: 330 },
      measured: await kilobytes(''),
    },
    {
      goal: "import and first event, of the safe peer's",
      wanted: { atMost: 0.45 },
      measured: startMs(ours) / startMs(safe),
    },
  ];
}
