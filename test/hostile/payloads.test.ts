import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { WebhookRequest } from '../../lib/event.ts';
import { type Door, expectHarmless, openDoor, toKnock } from '../support/door.ts';
import { atMs, listWays, send, user, type Way } from '../support/sent.ts';
import { type Harm, hostileNames, hostileValue, listPaths, type Path, prepare } from './json.ts';
import { type RawKeys, startRawKeys } from './keys.ts';

let keys: RawKeys;
let door: Door;

beforeAll(async () => {
  [keys, door] = await Promise.all([startRawKeys(), openDoor()]);
});
afterAll(() => Promise.all([keys.close(), door.close()]));

const runs = Number(process.env.HOSTILE_RUNS ?? 40);
const ada = { ...user, email: 'canary@example.com', firstName: 'Canary', lastName: 'Canary' };

describe.each(listWays())('$title', (way) => {
  const { sender, provider, environment } = way;
  const examples = Object.values(sender.examples).map(({ payload }) => payload(ada, atMs));
  const places = examples.flatMap((payload) => listPaths(payload).map((path) => ({ payload, path })));
  const harm = fc.record({
    how: fc.constantFrom<Harm['how'][]>('replace', 'replace', 'repeat', 'add'),
    name: fc.constantFrom(...hostileNames),
    raw: hostileValue(),
  });

  test('takes or refuses what it signed itself, whatever stands in it', async () => {
    const settings = environment(keys);
    const knock = door.behind(provider, settings);
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...places), harm, async ({ payload, path }, harm) => {
        const request = await signHarmed(way, settings, payload, path, harm);
        expectHarmless(await knock(toKnock(request)));
      }),
      { numRuns: runs, interruptAfterTimeLimit: 15_000, markInterruptAsFailure: true },
    );
    expect(await door.strangers()).toEqual([]);
  });
});

/** The harm is done before it is signed, so that the signature is right. */
async function signHarmed(
  { sender, provider }: Way,
  settings: Record<string, string>,
  original: object,
  path: Path,
  harm: Harm,
): Promise<WebhookRequest> {
  const { payload, rewrite } = prepare(original, path, harm);
  const covers = sender.covers ?? (provider.family === 'static credential' ? 'nothing' : 'body');
  const options = { keys, settings };
  if (covers === 'nothing') {
    const request = await send(sender, payload, options);
    return { ...request, body: Buffer.from(rewrite(Buffer.from(request.body).toString())) };
  }
  const text = Buffer.from(rewrite(JSON.stringify(payload)));
  const signed = await send(sender, text, options);
  if (Buffer.compare(signed.body, text) === 0) return signed;
  // The payload is the claims of a token.
  keys.rewriteClaims = rewrite;
  const request = await send(sender, payload, options);
  keys.rewriteClaims = (json) => json;
  return request;
}
