// Tokens whose keys are published, at the webhook's own handler: a key server that fails, and floods of made-up key ids.

import type { ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { kinde } from '../../lib/providers/kinde/kinde.ts';
import { kinde as sender } from '../../local/providers/kinde/kinde.ts';
import { createSigner, type KeyServer, type Signer, startKeyServer } from '../signatures/key-server.ts';
import { type Door, type Outcome, openDoor, toKnock } from '../support/door.ts';
import { atMs, firstMirrored, nowMs, send, user } from '../support/sent.ts';

let door: Door;
let server: KeyServer;
let signer: Signer;
let knock: (kid?: string) => Promise<Outcome>;

beforeAll(async () => {
  door = await openDoor();
});
afterAll(() => door.close());

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: nowMs });
  signer = await createSigner();
  server = await startKeyServer(signer.jwk);
  const settings = { KINDE_JWKS_URL: server.url };
  const receive = door.behind(kinde, settings);
  knock = async (kid) => {
    const sign: Signer['sign'] = (claims, header) => signer.sign(claims, { ...header, ...(kid && { kid }) });
    const keys = { url: '', jwksUrl: server.url, sign, close: async () => {} };
    return receive(
      toKnock(await send(sender, firstMirrored(sender).payload(user, atMs), { keys, settings })),
    );
  };
});
afterEach(async () => {
  vi.useRealTimers();
  await server[Symbol.asyncDispose]();
});

const failures: Readonly<Record<string, (response: ServerResponse) => void>> = {
  'breaks down': (response) => response.writeHead(500).end(),
  'hangs up': (response) => response.destroy(),
  'never answers': () => {},
  'answers without end': (response) => trickle(response),
  'sends something else': (response) => response.end('<html></html>'),
  'sends no end of keys': (response) => response.end(`{"keys":[${'{},'.repeat(200_000)}{}]}`),
  'sends keys nested without end': (response) => response.end(`{"keys":${'['.repeat(100_000)}`),
};

test.each(Object.entries(failures))(
  'a key server that %s: send it again, and then it is taken',
  async (_how, instead) => {
    server.instead = instead;
    expect(await knock()).toMatchObject({
      status: 503,
      folded: [],
      lines: [{ outcome: 'unavailable', code: 'keys_unavailable' }],
    });
    server.instead = null;
    vi.setSystemTime(nowMs + 1_000);
    expect(await knock()).toMatchObject({ status: 200, folded: [[user.id, {}]] });
  },
);

test('of a hundred requests at once with made-up key ids each is refused, and the keys are fetched once', async () => {
  const outcomes = await Promise.all(Array.from({ length: 100 }, (_, i) => knock(`made-up-${i}`)));
  expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set([401]));
  expect(server.requests()).toBe(1);
  expect(await knock()).toMatchObject({ status: 200 });
  expect(server.requests()).toBe(1);
});

test('a flood while the key server is down asks it once in a second, and what is true is taken after it', async () => {
  server.instead = (response) => response.writeHead(500).end();
  for (const second of [0, 1, 2]) {
    vi.setSystemTime(nowMs + second * 1_000);
    for (let i = 0; i < 20; i++) expect((await knock(`made-up-${i}`)).status).toBe(503);
  }
  expect(server.requests()).toBe(3);
  server.instead = null;
  vi.setSystemTime(nowMs + 3_000);
  expect(await knock()).toMatchObject({ status: 200 });
});

test.each(Object.entries(failures))(
  'a key server that %s for hours: what known keys signed is taken, and what they did not is to be sent again',
  async (_how, instead) => {
    expect(await knock()).toMatchObject({ status: 200 });
    server.instead = instead;
    vi.setSystemTime(nowMs + 6 * 3_600_000);
    expect(await knock()).toMatchObject({ status: 200, folded: [[user.id, {}]] });
    expect(await knock('made-up')).toMatchObject({ status: 503, folded: [] });
  },
);

/** A byte now and then, for as long as somebody listens. */
function trickle(response: ServerResponse): void {
  response.write('{"keys":[');
  const timer = setInterval(() => response.write(' '), 50);
  response.on('close', () => clearInterval(timer));
}
