// What acts on this machine is for programs here, and for no page that a browser shows.

import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startDoor } from '../../local/door.ts';
import type { RunningServer } from '../../local/server.ts';

let door: RunningServer;
let invoked = 0;

beforeAll(async () => {
  const handler = async () => {
    invoked += 1;
    return { done: true };
  };
  door = await startDoor({ functions: { operate: { handler, timeoutMs: 5_000 } } });
});
afterAll(() => door.close());
beforeEach(() => {
  invoked = 0;
});

test.each([
  ['from a page of another site', { origin: 'https://evil.example' }],
  ['from a page of another local server', { origin: 'http://localhost:1' }],
  ['from a page without an origin of its own', { origin: 'null' }],
  ['by another name that points here', { host: 'evil.example' }],
  ['by a name that begins like ours', { host: '127.0.0.1.evil.example' }],
])('a function is not invoked %s', async (_, headers) => {
  expect(await invoke(headers)).toBe(403);
  expect(invoked).toBe(0);
});

test.each([
  ['by a program', {}],
  ['by name', { host: 'localhost:3000' }],
  ['by a page that is served here itself', { host: 'localhost:3000', origin: 'http://localhost:3000' }],
])('a function is invoked %s', async (_, headers) => {
  expect(await invoke(headers)).toBe(200);
  expect(invoked).toBe(1);
});

async function invoke(headers: Record<string, string>): Promise<number | undefined> {
  const sent = request(`${door.url}/2015-03-31/functions/operate/invocations`, { method: 'POST', headers });
  sent.end('{}');
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  response.resume();
  return response.statusCode;
}
