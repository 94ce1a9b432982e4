// `npm run load`: thousands of events over real HTTP, repeated and shuffled, while ROQ is slow and fails now and then;
// afterwards ROQ, the table and what was sent are compared user by user.

import { randomUUID } from 'node:crypto';
import { parseArgs, styleText } from 'node:util';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { budgetOf } from '../lib/app.ts';
import { createStore } from '../lib/dynamodb/store.ts';
import { drain } from '../lib/sync/drain.ts';
import { newWebhookSecret, signWebhook } from './providers/signing.ts';
import { type Stack, startStack } from './stack.ts';

const help = `Usage: npm run load -- [options]

Sends events to the webhook on this machine and checks that nothing is lost and nothing doubled.

  --events N        how many different events (default: 20000); a tenth of them is sent twice
  --concurrency N   requests at once (default: 64)
  --roq-ms N        how long ROQ takes for each request, in milliseconds (default: 50)
  --failures P      the share of ROQ's requests that fail, 0 to 1 (default: 0.01)
  --seed N          draws the same events in the same order again (default: 1)
  --json            print one JSON document
  --help            this text

Exits with 1 when a user is not as the newest events say.
`;

const options = {
  events: { type: 'string', default: '20000' },
  concurrency: { type: 'string', default: '64' },
  'roq-ms': { type: 'string', default: '50' },
  failures: { type: 'string', default: '0.01' },
  seed: { type: 'string', default: '1' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

type Event = {
  readonly id: string;
  readonly type: string;
  readonly time: number;
  readonly user: { readonly id: string; readonly [member: string]: unknown };
};

/** What the newest events say of a user. */
type Expected = { firstName: string; isOptedIn: boolean; active: boolean };

await main();

async function main(): Promise<void> {
  const { values } = parseArgs({ options });
  if (values.help) return void process.stdout.write(help);
  const random = seeded(Number(values.seed));
  const { events, expected } = draw(Number(values.events), random);
  const secret = newWebhookSecret();
  const stack = await open(secret);
  try {
    misbehave(stack, Number(values['roq-ms']), Number(values.failures), random);
    const say = values.json ? () => {} : progress(events.length);
    const sent = await sendAll(stack, secret, shuffle(repeatSome(events, random), random), {
      concurrency: Number(values.concurrency),
      say,
    });
    stack.roq.fail.clear();
    const minutes = await untilQuiet(stack);
    const faults = await compare(stack, expected);
    const figures = { events: events.length, users: expected.size, ...sent, minutes, faults };
    process.stdout.write(values.json ? `${JSON.stringify(figures)}\n` : summary(figures));
    if (faults.length > 0) process.exitCode = 1;
  } finally {
    await stack.close();
  }
}

function open(secret: string): Promise<Stack> {
  return startStack({
    log: () => {},
    environment: {
      PROVIDERS: 'generic',
      GENERIC_SECRETS: secret,
      CEILING_COUNT: '1000000',
      GENERIC_JWKS_URL: '',
      GENERIC_ISSUER: '',
      GENERIC_AUDIENCE: '',
    },
  });
}

/** A history of each user: signed up, verified, renamed, disabled and enabled again, for some the last of it undone. */
function draw(count: number, random: () => number) {
  const events: Event[] = [];
  const expected = new Map<string, Expected>();
  const startMs = Date.now() - 3_600_000;
  while (events.length < count) {
    const id = `user-${expected.size}`;
    const user: Expected = { firstName: 'First', isOptedIn: false, active: true };
    const length = 3 + Math.floor(random() * 5);
    for (let step = 0; step < length && events.length < count; step++) {
      const time = startMs + events.length;
      const { type, members } = next(step, user, random);
      events.push({ id: randomUUID(), type, time, user: { id, ...members } });
    }
    expected.set(id, user);
  }
  return { events, expected };

  function next(step: number, user: Expected, chance: () => number) {
    const email = `${expected.size}@load.example`;
    if (step === 0) {
      return { type: 'user.signed_up', members: { email, first_name: user.firstName } };
    }
    const drawn = chance();
    if (drawn < 0.3 && !user.isOptedIn) {
      user.isOptedIn = true;
      return { type: 'user.email_verified', members: { email } };
    }
    if (drawn < 0.6) {
      user.firstName = `Name ${Math.floor(chance() * 1_000)}`;
      return { type: 'user.updated', members: { first_name: user.firstName } };
    }
    user.active = !user.active;
    return { type: user.active ? 'user.enabled' : 'user.disabled', members: {} };
  }
}

function repeatSome(events: readonly Event[], random: () => number): Event[] {
  return events.flatMap((event) => (random() < 0.1 ? [event, event] : [event]));
}

function shuffle<Item>(items: Item[], random: () => number): Item[] {
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    const [one, other] = [items[i], items[j]];
    if (one !== undefined && other !== undefined) [items[i], items[j]] = [other, one];
  }
  return items;
}

function misbehave({ roq }: Stack, delayMs: number, share: number, random: () => number): void {
  if (delayMs > 0) roq.fail.always({ how: 'slow', delayMs });
  for (const how of ['drop', 'answer-lost', 'bad-gateway', 'throttle'] as const) {
    roq.fail.sometimes({ how }, share / 4, random);
  }
}

type Sending = { readonly concurrency: number; readonly say: (done: number) => void };

async function sendAll(
  stack: Stack,
  secret: string,
  events: readonly Event[],
  { concurrency, say }: Sending,
) {
  const tookMs: number[] = [];
  let again = 0;
  let next = 0;
  const url = `${stack.webhookUrl}generic`;
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      for (let event = events[next++]; event; event = events[next++]) {
        const sentAt = performance.now();
        while (!(await send(url, secret, event))) again += 1;
        tookMs.push(performance.now() - sentAt);
        say(tookMs.length);
      }
    }),
  );
  const seconds = (performance.now() - startedAt) / 1_000;
  tookMs.sort((a, b) => a - b);
  const at = (share: number) => Math.round(tookMs[Math.floor(tookMs.length * share)] ?? 0);
  return {
    requests: tookMs.length + again,
    sentAgain: again,
    seconds: Math.round(seconds),
    eventsPerSecond: Math.round(tookMs.length / seconds),
    p50Ms: at(0.5),
    p99Ms: at(0.99),
  };
}

/** False when the sender must try again, as one would after a 503. */
async function send(url: string, secret: string, event: Event): Promise<boolean> {
  const { headers, body } = signWebhook(event, secret, Date.now(), 'webhook');
  const answer = await fetch(url, { method: 'POST', headers, body: Buffer.from(body) });
  await answer.arrayBuffer();
  if (answer.status !== 200 && answer.status !== 503)
    throw new Error(`an event was answered ${answer.status}`);
  return answer.status === 200;
}

/** Runs the schedule until nothing is pending, each run a minute later by its clock; answers how many minutes. */
async function untilQuiet({ app }: Stack): Promise<number> {
  const client = new DynamoDBClient({});
  try {
    for (let minute = 1; minute <= 24 * 60; minute++) {
      const now = () => Date.now() + minute * 60_000;
      const store = createStore({ client, tableName: process.env.TABLE_NAME ?? '', now });
      const ports = { ...app, store, now };
      await drain(ports, budgetOf(ports, { getRemainingTimeInMillis: () => 60_000 }));
      if ((await app.queries.count('pending')) === 0) return minute;
    }
    throw new Error('records are still pending after a day');
  } finally {
    client.destroy();
  }
}

/** The users who are not as they should be, in ROQ or in the table. */
async function compare(
  { roq, app }: Stack,
  expected: ReadonlyMap<string, Expected>,
): Promise<readonly string[]> {
  const inRoq = Map.groupBy(roq.users, ({ reference }) => reference);
  const faults: string[] = [];
  for (const [reference, wanted] of expected) {
    const [user, ...more] = inRoq.get(reference) ?? [];
    const record = await app.store.get(reference);
    if (more.length > 0) faults.push(`${reference}: ${more.length + 1} users in ROQ`);
    if (!user) faults.push(`${reference}: not in ROQ`);
    else if (!isAs(user, wanted)) faults.push(`${reference}: not as the newest events say`);
    if (record?.roqId !== user?.id || record?.queue !== null)
      faults.push(`${reference}: its record is not in step`);
  }
  if (inRoq.size !== expected.size)
    faults.push(`${inRoq.size} references in ROQ instead of ${expected.size}`);
  return faults;
}

function isAs(user: { firstName: unknown; isOptedIn: unknown; active: unknown }, wanted: Expected): boolean {
  return (
    user.firstName === wanted.firstName &&
    user.isOptedIn === wanted.isOptedIn &&
    user.active === wanted.active
  );
}

function progress(total: number): (done: number) => void {
  const isTerminal = process.stderr.isTTY;
  return (done) => {
    if (isTerminal && done % 100 === 0)
      process.stderr.write(`\r${done} of about ${Math.round(total * 1.1)} sent`);
  };
}

type Figures = {
  readonly events: number;
  readonly users: number;
  readonly requests: number;
  readonly sentAgain: number;
  readonly seconds: number;
  readonly eventsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly minutes: number;
  readonly faults: readonly string[];
};

function summary(figures: Figures): string {
  const { events, users, requests, sentAgain, seconds, eventsPerSecond, p50Ms, p99Ms, minutes, faults } =
    figures;
  const verdict =
    faults.length === 0
      ? styleText('green', `All ${users} users are as the newest events say, each once.`)
      : styleText('red', `${faults.length} faults:\n${faults.slice(0, 20).join('\n')}`);
  return `
${events} events of ${users} users, ${requests} requests, ${sentAgain} of them sent again after a 503
${seconds} s, ${eventsPerSecond} a second, p50 ${p50Ms} ms, p99 ${p99Ms} ms
quiet after ${minutes} run${minutes === 1 ? '' : 's'} of the schedule
${verdict}
`;
}

function seeded(seed: number): () => number {
  let state = (seed % 2_147_483_646) + 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
