import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createKeepAliveFetch } from '../../lib/http/keep-alive.ts';

let answer: (request: IncomingMessage, response: ServerResponse) => void;
let connections = 0;
let url: string;
let close: () => Promise<void>;

beforeEach(async () => {
  connections = 0;
  const server = createServer((request, response) => answer(request, response));
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`;
  close = () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
});
afterEach(() => close());

const send = createKeepAliveFetch(1_000);

test('sends what fetch would, and answers as fetch does', async () => {
  const seen: string[] = [];
  answer = async (request, response) => {
    const body = Buffer.concat((await Array.fromAsync(request)) as Buffer[]).toString();
    seen.push(`${request.method} ${request.headers.accept} ${request.headers['content-length']} ${body}`);
    response
      .setHeader('retry-after', '7')
      .writeHead(429, { 'content-type': 'application/json' })
      .end('{"ä":1}');
  };
  const response = await send(url, { method: 'POST', headers: { accept: 'a/b' }, body: 'böse' });
  expect(seen).toEqual(['POST a/b 5 böse']);
  expect([response.status, response.ok, response.headers.get('Retry-After')]).toEqual([429, false, '7']);
  expect(await response.json()).toEqual({ ä: 1 });
});

test('keeps its connection from one request to the next', async () => {
  answer = (_request, response) => response.end('1');
  for (let i = 0; i < 5; i++) expect(await (await send(url)).text()).toBe('1');
  expect(connections).toBe(1);
});

test('follows no redirect, which could lead credentials to another host', async () => {
  answer = (_request, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end();
  expect((await send(url, { redirect: 'manual' })).status).toBe(302);
});

test('gives up on a signal, also within an answer, and on an answer without end', async () => {
  answer = (_request, response) => void response.writeHead(200).write('{');
  await expect(send(url, { signal: AbortSignal.timeout(50) })).rejects.toMatchObject({
    name: 'TimeoutError',
  });
  answer = (_request, response) => response.end('x'.repeat(1_001));
  await expect(send(url)).rejects.toThrow(RangeError);
});

test('fails with the code of the connection', async () => {
  await expect(send('http://127.0.0.1:1/')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  answer = (request) => request.socket.destroy();
  await expect(send(url)).rejects.toMatchObject({ code: 'ECONNRESET' });
});
