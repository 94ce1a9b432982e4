// The simulated ROQ against the stand-in, which is driven by ROQ's own SDK in test/local/roq.test.ts: our client meets
// the same answers and the same errors at both, whatever it asks for.

import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { createRoq, type Roq } from '../../lib/roq/client.ts';
import { RoqError } from '../../lib/roq/faults.ts';
import type { Change } from '../../lib/roq/requests.ts';
import { type RoqOptions, startRoq } from '../../local/roq.ts';
import { Chance } from './chance.ts';
import { createSimulatedRoq, type SimulatedRoq } from './roq.ts';

const [environmentId, apiKey] = ['environment', 'key'];
const startMs = Date.parse('2026-03-01T00:00:00Z');

let nowMs = startMs;
let order = new Chance('order');
let ways: RoqOptions;
let standIn: Awaited<ReturnType<typeof startRoq>>;

afterEach(() => standIn.close());

type Asked =
  | { readonly ask: 'change'; readonly changes: readonly Wish[] }
  | {
      readonly ask: 'users';
      readonly references: readonly string[];
      readonly offset: number;
      readonly all: boolean;
    }
  | { readonly ask: 'user'; readonly place: number }
  | { readonly ask: 'expire' }
  | { readonly ask: 'wait' };

/** A user is meant by its place in the order of creation. */
type Wish = { readonly place: number | null; readonly reference: string; readonly user: object };

const reference = fc.constantFrom('a', 'b', 'c', 'd');
const user = fc.record(
  {
    email: fc.constantFrom('a@x.example', 'B@x.example', 'no address'),
    firstName: fc.constantFrom(null, '', 'A', 'A\0', 'x'.repeat(300)),
    customData: fc.constantFrom(null, {}, { plan: 'pro' }, { plan: '\0' }),
    active: fc.boolean(),
    isOptedIn: fc.boolean(),
    tenantId: fc.constantFrom(null, '0b5e5b1c-8f7e-4d59-9d0c-0d7a4d2f8d11', 'no uuid'),
  },
  { requiredKeys: [] },
);
const wish = fc.record({ place: fc.option(fc.nat(4)), reference, user });
const asked: fc.Arbitrary<Asked> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      ask: fc.constant('change'),
      changes: fc.array(wish, { minLength: 1, maxLength: 4 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      ask: fc.constant('users'),
      references: fc.uniqueArray(reference, { minLength: 1 }),
      offset: fc.nat(3),
      all: fc.boolean(),
    }),
  },
  fc.record({ ask: fc.constant('user'), place: fc.nat(5) }),
  fc.record({ ask: fc.constantFrom('expire', 'wait') }),
) as fc.Arbitrary<Asked>;

test.each<[string, RoqOptions]>([
  ['with ties', {}],
  [
    'that keeps addresses unique, in lower case',
    { hasTies: false, hasUniqueEmails: true, lowersEmails: true },
  ],
])(
  'whatever a ROQ %s is asked, both answer the same',
  async (_what, how) => {
    ways = { ...how, pageCap: 3, now: () => nowMs, random: () => order.next() };
    standIn = await startRoq({ ...ways, environmentId, apiKey });
    await fc.assert(
      fc.asyncProperty(fc.array(asked, { minLength: 1, maxLength: 12 }), async (history) => {
        nowMs = startMs;
        expect(await atSimulated(history)).toEqual(await atStandIn(history));
      }),
      { numRuns: 150, seed: 5 },
    );
  },
  60_000,
);

async function atStandIn(history: readonly Asked[]): Promise<unknown> {
  const users = standIn.users as unknown[];
  users.length = 0;
  const roq = createRoq({ url: standIn.url, environmentId, apiKey, timeoutMs: 5_000, now: () => nowMs });
  return tell(history, roq, standIn.users, standIn.expireTokens);
}

async function atSimulated(history: readonly Asked[]): Promise<unknown> {
  const simulated = createSimulatedRoq({
    now: () => nowMs,
    ...ways,
    environmentId,
    apiKey,
    tokenLifetimeMs: 3_600_000,
  });
  const fetch = fetchFrom(simulated);
  const roq = createRoq({
    url: 'https://roq.example',
    environmentId,
    apiKey,
    timeoutMs: 5_000,
    now: () => nowMs,
    fetch,
  });
  return tell(history, roq, simulated.users.rows, simulated.expireTokens);
}

function fetchFrom({ answer }: SimulatedRoq): typeof fetch {
  return async (input, init) => {
    const request = {
      path: new URL(String(input)).pathname,
      headers: new Headers(init?.headers),
      body: String(init?.body),
    };
    const { status, body } = answer(request);
    return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } });
  };
}

/** What came of each question, and what is left, with ids that say only who came first. */
async function tell(
  history: readonly Asked[],
  roq: Roq,
  rows: readonly { readonly id: string }[],
  expire: () => void,
): Promise<unknown> {
  const heard: unknown[] = [];
  order = new Chance('order');
  for (const question of history) {
    if (question.ask === 'expire') expire();
    else if (question.ask === 'wait') nowMs += 40 * 60_000;
    else heard.push(await answerTo(question, roq, rows));
  }
  nowMs = startMs;
  const known = new Map<string, string>();
  const text = JSON.stringify({ heard, rows: rows.map((row) => ({ ...row })) });
  const anonymous = text.replace(/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g, (id) => {
    known.set(id, known.get(id) ?? `id ${known.size}`);
    return known.get(id) ?? '';
  });
  return JSON.parse(anonymous);
}

async function answerTo(
  question: Exclude<Asked, { ask: 'expire' | 'wait' }>,
  roq: Roq,
  rows: readonly { readonly id: string }[],
): Promise<unknown> {
  const idAt = (place: number) => rows[place]?.id ?? '7b0b5b6e-3f0a-4c58-8a51-111111111111';
  try {
    if (question.ask === 'user') return await roq.user(idAt(question.place));
    if (question.ask === 'users') {
      const { references, offset, all } = question;
      const filter = {
        reference: { valueIn: references },
        ...(all && { withDeactivated: { equalTo: true } }),
      };
      return await roq.users({ filter, offset, order: { sort: 'createdAt', order: 'ASC' } });
    }
    return await roq.change(question.changes.map((one) => toChange(one, idAt)));
  } catch (error) {
    if (!(error instanceof RoqError)) throw error;
    const { code, effect, statusCode, errorCode, errorSubCode } = error;
    return { code, effect, statusCode, errorCode, errorSubCode };
  }
}

function toChange({ place, reference, user }: Wish, idAt: (place: number) => string): Change {
  return place === null
    ? { create: { email: 'a@x.example', ...user, reference } }
    : { update: { id: idAt(place), user } };
}
