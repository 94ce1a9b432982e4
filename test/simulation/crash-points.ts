// Every way in which one call can fail, at every call of a short history, one at a time.

import { calm, dynamodbStrike, roqStrike } from './faults.ts';
import { type EventUser, type History, type Step, untroubled } from './history.ts';
import type { Violation } from './invariants.ts';
import type { Fate, Strike } from './lambda.ts';
import { run } from './run.ts';

/** Events in the order in which they happened. */
type Scenario = readonly { readonly kind: string; readonly user?: EventUser }[];

const signup = { kind: 'user.signed_up', user: { email: 'c4n4ry@x.example', first_name: 'c4n4ry' } };

/** What may happen to a user who signed up. */
const sequels: Readonly<Record<string, Scenario[number]>> = {
  verified: { kind: 'user.email_verified', user: { email: 'c4n4ry@x.example' } },
  renamed: { kind: 'user.updated', user: { first_name: 'c4n4ry2' } },
  'address changed': { kind: 'user.updated', user: { email: 'c4n4ry2@x.example' } },
  refused: { kind: 'user.updated', user: { timezone: `c4n4ry${'x'.repeat(300)}` } },
  disabled: { kind: 'user.disabled' },
  enabled: { kind: 'user.enabled' },
  deleted: { kind: 'user.deleted' },
};

/** A sign-up alone, and with every one and every two of what may follow it. */
const scenarios: Readonly<Record<string, Scenario>> = Object.fromEntries([
  ['signed up', [signup]],
  ...Object.entries(sequels).flatMap(([name, event]) => [
    [`signed up, ${name}`, [signup, event]],
    ...Object.entries(sequels)
      .filter(([other]) => other !== name)
      .map(([other, last]) => [`signed up, ${name}, ${other}`, [signup, event, last]]),
  ]),
]);

/** How long lies between the deliveries; the lease of a webhook that died runs out in between only in the last. */
const gapsMs = [0, 40, 2_000, 120_000] as const;

/** What goes wrong with a call: an attempt of the SDK counts as a call of its own. */
const dynamodbWays: Readonly<Record<string, Strike>> = {
  'fails before the effect': dynamodbStrike('unreachable', 1),
  'fails after the effect': dynamodbStrike('lost', 1),
  'is throttled': dynamodbStrike('throttled', 1),
  'the process dies before it': { ...dynamodbStrike('well', 1), dies: 'before' },
  'the process dies after it': { ...dynamodbStrike('well', 1), dies: 'after' },
};
const roqWays: Readonly<Record<string, Strike>> = {
  'fails before the effect': roqStrike('refused', 5, 0),
  'is cut before the effect': roqStrike('dropped', 5, 0),
  'is cut after the effect': roqStrike('cut', 5, 0),
  'is never answered': roqStrike('hanging', 5, 0),
  'lands late': roqStrike('late', 5, 20_000),
  'breaks down': roqStrike('internal', 5, 0),
  'is answered in part': roqStrike('partial', 5, 0),
  'is refused for once': roqStrike('bad-request', 5, 0),
  'is throttled': roqStrike('throttled', 5, 0),
  'the process dies before it': { ...roqStrike('well', 5, 0), dies: 'before' },
  'the process dies after it': { ...roqStrike('well', 5, 0), dies: 'after' },
};

// The SDK makes a call that failed three times in all: from this call on, each of them fails.
const lasting = new Set(['fails before the effect', 'fails after the effect', 'is throttled']);
const attempts = 3;

export type Case = {
  readonly scenario: string;
  /** The places of the events in the order of their delivery. */
  readonly order: readonly number[];
  readonly gapMs: number;
};

export type Crash = Case & { readonly call: number; readonly way: string };
export type Finding = Crash & { readonly violation: Violation };

/** Every order of every scenario, at every distance. */
export function listCases(): readonly Case[] {
  return Object.entries(scenarios).flatMap(([scenario, events]) =>
    permutationsOf(events.map((_, i) => i)).flatMap((order) =>
      (events.length === 1 ? [0] : gapsMs).map((gapMs) => ({ scenario, order, gapMs })),
    ),
  );
}

/** Runs a case once for every call and every way to fail; answers how often, and what did not hold. */
export async function crashEverywhere(
  one: Case,
): Promise<{ readonly runs: number; readonly findings: readonly Finding[] }> {
  const findings: Finding[] = [];
  let runs = 0;
  for (let call = 0; ; call++) {
    let isReached = false;
    for (const way of Object.keys(roqWays)) {
      const { violation, struck } = await crashAt({ ...one, call, way });
      if (!struck) continue;
      isReached = true;
      runs += 1;
      if (violation) findings.push({ ...one, call, way, violation });
    }
    if (!isReached) return { runs, findings };
  }
}

/** `struck`: whether the history has that call, and it can fail in that way. */
async function crashAt({ call, way, ...one }: Crash, trace?: (line: string) => void) {
  let calls = 0;
  let struck = false;
  const fate: Fate = (service, what) => {
    const ways = service === 'dynamodb' ? dynamodbWays : roqWays;
    const strike = ways[way];
    const isHit = calls === call || (service === 'dynamodb' && lasting.has(way) && isRepeat(calls, call));
    calls += 1;
    if (!isHit || !strike) return calm(service, what);
    struck = true;
    return strike;
  };
  const { violation } = await run(historyOf(one), { fateOf: () => fate, ...(trace && { trace }) });
  return { violation, struck };
}

function isRepeat(calls: number, call: number): boolean {
  return calls > call && calls < call + attempts;
}

function historyOf({ scenario, order, gapMs }: Case): History {
  const events = scenarios[scenario] ?? [];
  const steps = order.map((place, id): Step => {
    const atMs = 1_000 + id * gapMs;
    const { kind, user = {} } = events[place] ?? signup;
    const said = [{ reference: 'user|1', kind, user, happenedMs: place }];
    return {
      id,
      atMs,
      is: 'event',
      provider: 'generic',
      said,
      deliveries: [0],
      sender: 'svix',
      form: 'sound',
    };
  });
  return { ...untroubled, seed: scenario, steps };
}

function permutationsOf(places: readonly number[]): readonly (readonly number[])[] {
  if (places.length <= 1) return [places];
  return places.flatMap((first) =>
    permutationsOf(places.filter((place) => place !== first)).map((rest) => [first, ...rest]),
  );
}
