// What a million events cost: the duration and CPU that were measured, the units that DynamoDB would charge, the log.

import { type BundleName, bundle } from './bundles.ts';
import type { Child } from './child.ts';
import { type GatewayEvent, type Kind, kinds, signedEvents } from './events.ts';
import type { Run } from './host.ts';
import { memoryMb, startHost } from './lambda.ts';
import { accessLogBytes, megabytesOfOneCpu, prices } from './prices.ts';
import { type Bench, type Goal, short, type Table } from './report.ts';
import { type Services, startServices } from './services.ts';
import { referenceOf } from './users.ts';

const contenders = ['ours', 'safe', 'naive'] as const satisfies readonly BundleName[];
// What a call takes within a region, about; ROQ is elsewhere.
const latency = { roq: 50, store: 5 };

type Contender = (typeof contenders)[number];
type Work = Kind | 'repeated';

/** Of one event, on average. */
type Used = {
  readonly contender: Contender;
  readonly work: Work;
  readonly waitMs: number;
  readonly cpuMs: number;
  readonly writeUnits: number;
  readonly readUnits: number;
  readonly logBytes: number;
};

export const cost: Bench = async ({ quick }) => {
  const services = await startServices();
  try {
    const used: Used[] = [];
    for (const contender of contenders) used.push(...(await use(services, contender, quick ? 5 : 100)));
    return { tables: [toTable(used)], goals: toGoals(used), plots: [] };
  } finally {
    services.close();
  }
};

async function use(services: Services, contender: Contender, count: number): Promise<Used[]> {
  const host = startHost(services.environment);
  await host.ask('load', (await bundle(contender)).path);
  const secret = services.environment.CLERK_SECRETS;
  const works = Object.keys(kinds) as Kind[];
  const used: Used[] = [];
  // The first round warms up.
  for (const length of [200, count]) {
    await services.reset();
    await services.latency(length === count ? latency : { roq: 0, store: 0 });
    const references = Array.from({ length }, (_, i) => referenceOf(i));
    let events: GatewayEvent[] = [];
    used.length = 0;
    for (const work of works) {
      events = signedEvents(work, references, secret);
      used.push(await useOne(host, services, contender, work, events));
    }
    used.push(await useOne(host, services, contender, 'repeated', events));
  }
  host.close();
  return used;
}

async function useOne(
  host: Child,
  services: Services,
  contender: Contender,
  work: Work,
  events: readonly GatewayEvent[],
): Promise<Used> {
  const [before, written] = [await services.counts(), host.written()];
  const run = await host.ask<Run>('run', { events, concurrency: 1 });
  const after = await services.counts();
  const each = (sum: number) => sum / events.length;
  return {
    contender,
    work,
    waitMs: each(run.wallMs - run.cpuMs),
    cpuMs: each(run.cpuMs),
    writeUnits: each(after.writeUnits - before.writeUnits),
    readUnits: each(after.readUnits - before.readUnits),
    logBytes: each(host.written() - written),
  };
}

/** Dollars for a million events, by what is paid for. */
function priceOf(used: Used) {
  const million = 1e6;
  const logged = (bytes: number) => bytes * prices.logsPerByte * million;
  const price = {
    lambda:
      (prices.lambdaPerRequest + durationMs(used) * (memoryMb / 1_024_000) * prices.lambdaPerGbSecond) *
      million,
    dynamoDb:
      (used.writeUnits * prices.dynamoDbPerWriteUnit + used.readUnits * prices.dynamoDbPerReadUnit) * million,
    // Lambda's own lines of a call that went well are not kept: see `logs` in serverless.yml.
    log: logged(used.logBytes),
  };
  const byUrl = price.lambda + price.dynamoDb + price.log;
  return { ...price, byUrl, byHttpApi: byUrl + prices.httpApiPerRequest * million + logged(accessLogBytes) };
}

// Lambda gives a share of a processor, and bills whole milliseconds.
function durationMs({ waitMs, cpuMs }: Used): number {
  return Math.ceil(waitMs + cpuMs * Math.max(1, megabytesOfOneCpu / memoryMb));
}

function toTable(all: readonly Used[]): Table {
  return {
    title: 'Dollars for a million events',
    columns: [
      'event',
      'contender',
      'billed ms',
      'write units',
      'read units',
      'log bytes',
      'Lambda $',
      'DynamoDB $',
      'log $',
      'by function URL $',
      'by HTTP API $',
    ],
    rows: all.map((used) => {
      const { lambda, dynamoDb, log, byUrl, byHttpApi } = priceOf(used);
      return [
        ...[used.work, used.contender, String(durationMs(used))],
        ...[used.writeUnits, used.readUnits, used.logBytes].map(short),
        ...[lambda, dynamoDb, log, byUrl, byHttpApi].map((dollars) => dollars.toFixed(2)),
      ];
    }),
    notes: [
      `Prices of ${prices.region}, looked up on ${prices.lookedUp}: bench/prices.ts. ${memoryMb} MB, ROQ takes ${latency.roq} ms and DynamoDB ${latency.store} ms. Billed are the time that was waited and the CPU time that was used here, stretched to the share of a processor that ${memoryMb} MB have.`,
      "DynamoDB's units are computed from the items' sizes by its published rules (bench/capacity.ts), the index included.",
      'Not in it: storage, custom metrics and alarms, which do not grow with the events; cold starts; and the schedule, which runs whether there are events or not.',
    ],
  };
}

function toGoals(all: readonly Used[]): Goal[] {
  const verified = all.find(({ contender, work }) => contender === 'ours' && work === 'verified');
  if (!verified) return [];
  const { lambda, log } = priceOf(verified);
  const effective = all.filter(({ contender, work }) => contender === 'ours' && work !== 'repeated');
  const mean = (name: 'byHttpApi' | 'byUrl') =>
    effective.reduce((sum, used) => sum + priceOf(used)[name], 0) / effective.length;
  return [
    { goal: 'write units of a verification', wanted: { atMost: 4 }, measured: verified.writeUnits },
    {
      goal: 'dollars for a million verifications, Lambda and log',
      wanted: { atMost: 0.75 },
      measured: lambda + log,
    },
    {
      goal: 'dollars for a million events, by the HTTP API',
      wanted: { atMost: 3 },
      measured: mean('byHttpApi'),
    },
    {
      goal: 'dollars for a million events, by a function URL',
      wanted: { atMost: 2 },
      measured: mean('byUrl'),
    },
  ];
}
