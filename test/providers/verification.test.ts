// A verification belongs to an address, whichever provider tells it, in whatever order and with whatever ties.

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RejectedError } from '../../lib/errors.ts';
import type { UserEvent } from '../../lib/event.ts';
import { desired, type Facts, fold, toFacts } from '../../lib/user.ts';
import { type SigningKeys, startSigningKeys } from '../../local/providers/keys.ts';
import { type Example, inWholeSeconds, type SampleUser, sampleUser } from '../../local/providers/sender.ts';
import { change, listPaths, type Path } from '../hostile/json.ts';
import { connect, listMirrored, listWays, nowMs, send, type Way } from '../support/sent.ts';

let keys: SigningKeys;

beforeAll(async () => {
  keys = await startSigningKeys();
});
afterAll(() => keys.close());

const addresses = ['ada@example.com', 'Ada@example.com', 'eve@example.com', 'ad\u0130@example.com'];
const startMs = inWholeSeconds(nowMs) - 60_000;
// Two within one second, which some senders do not tell apart.
const times = [startMs, startMs + 300, startMs + 1_000];

/** One event, and which address it verifies, by what its example is said to be read as. */
type Drawn = {
  readonly title: string;
  readonly event: UserEvent;
  /** null: it names none, and is about the one told before; undefined: it verifies none. */
  readonly verifies: string | null | undefined;
};

const ways = listWays().filter(({ sender, title }) => title === sender.name);
// Its verifications name no address, so that another provider's address might be taken for the verified one.
const nameless = ['zitadel'];

describe('nobody is opted in for an address that no event verified', () => {
  test.each(ways)('of $title', async (way) => {
    await expectRight(await drawAll(way));
  });

  test('of several providers at once', async () => {
    const named = ways.filter(({ sender }) => !nameless.includes(sender.name));
    const drawn = await Promise.all(named.map(drawAll));
    await expectRight(drawn.flat());
  });
});

function expectRight(all: readonly Drawn[]): void {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...all), { maxLength: 8 }), (history) => {
      const { email, isOptedIn } = desired(foldAll(history));
      if (isOptedIn !== true) return;
      const verified = history.flatMap(({ event, verifies }) =>
        verifies === null ? toldBefore(history, event.at) : [verifies],
      );
      expect(verified.map(inSmallLetters)).toContain(inSmallLetters(email));
    }),
    { numRuns: 2_000 },
  );
}

function foldAll(history: readonly Drawn[]): Facts {
  return history.reduce<Facts>((facts, { event }) => fold(facts, toFacts(event.told ?? {}, event.at)), {});
}

/** The newest addresses that were told before a moment. */
function toldBefore(history: readonly Drawn[], at: number): readonly (string | null | undefined)[] {
  const before = history.filter(({ event }) => event.told?.email !== undefined && event.at < at);
  const newest = Math.max(...before.map(({ event }) => event.at));
  return before.filter(({ event }) => event.at === newest).map(({ event }) => event.told?.email);
}

function inSmallLetters(address: string | null | undefined): string | undefined {
  return address?.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** Every example, of every address, at every time; as it is, without its address, and with one that can't be read. */
async function drawAll(way: Way): Promise<readonly Drawn[]> {
  const drawn: Drawn[] = [];
  for (const [name, example] of listMirrored(way.sender)) {
    for (const email of addresses) {
      const sample = sampleUser('9f4a3b5e-0000-4000-8000-000000000001', email);
      for (const atMs of times) {
        const payload = example.payload(sample, atMs);
        for (const [how, harmed] of harm(payload, email)) {
          const title = `${way.title} ${name} ${how}`;
          for (const event of await read(way, harmed, atMs)) {
            if (event.told === null) continue;
            const verifies = how === 'whole' ? toVerified(example, sample, atMs, event.kind) : undefined;
            drawn.push({ title, event, verifies });
          }
        }
      }
    }
  }
  return drawn;
}

function toVerified(example: Example, sample: SampleUser, atMs: number, kind: string): Drawn['verifies'] {
  const told = example.wanted(sample, atMs).find((wanted) => wanted.kind === kind)?.told;
  if (told?.emailVerified !== true) return undefined;
  return told.emailVerifiedOf ?? told.email ?? null;
}

function* harm(payload: object, email: string): Generator<readonly [string, object]> {
  yield ['whole', payload];
  if (payload instanceof Uint8Array) return;
  const places = listPaths(payload).filter((path) => isAddress(memberAt(payload, path), email));
  if (places.length === 0) return;
  const to = (value: unknown) =>
    places.reduce((changed: unknown, path) => change(changed, path, () => value), payload) as object;
  // A text of JSON within the payload keeps it.
  if (isIn(to(null), email)) return;
  yield ['without its address', JSON.parse(JSON.stringify(to(undefined)))];
  yield ['with an address of another type', to(7)];
  yield ['with no address', to(null)];
}

function isIn(payload: object, email: string): boolean {
  return JSON.stringify(payload).toLowerCase().includes(email.toLowerCase());
}

/** Some senders keep addresses in small letters. */
function isAddress(value: unknown, email: string): boolean {
  return typeof value === 'string' && value.toLowerCase() === email.toLowerCase();
}

function memberAt(payload: object, path: Path): unknown {
  return path.reduce<unknown>((value, name) => (value as Record<string | number, unknown>)[name], payload);
}

async function read({ sender, provider, environment }: Way, payload: object, signedAtMs: number) {
  const settings = environment(keys);
  const request = await send(sender, payload, { keys, settings, signedAtMs });
  try {
    return await connect(provider, settings)(request, nowMs);
  } catch (error) {
    if (!(error instanceof RejectedError)) throw error;
    return [];
  }
}
