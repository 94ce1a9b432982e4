import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { openSource } from '../../lib/exports/source.ts';

let server: Server | undefined;

afterEach(() => {
  vi.useRealTimers();
  server?.closeAllConnections();
  server?.close();
});

test('is the file, with its version', async () => {
  const url = await serve((_, response) => response.setHeader('etag', '"1"').end('whole'));
  const { body, version } = await openSource(url, null, 60_000);
  expect({ text: await textOf(body), version }).toEqual({ text: 'whole', version: '"1"' });
});

test.each([
  ['another entity tag', { etag: '"2"' }, '"1"'],
  [
    'another date, where there is no tag',
    { 'last-modified': 'Tue, 05 May 2026 00:00:00 GMT' },
    'Mon, 04 May 2026 00:00:00 GMT',
  ],
])('has changed when it bears %s', async (_what, headers, version) => {
  const url = await serve((_, response) => response.writeHead(200, headers).end('other'));
  await expect(openSource(url, version, 60_000)).rejects.toMatchObject({ code: 'source_changed' });
});

test.each([403, 404, 503])(
  'is not changed, but not to be had, when its server answers %i',
  async (status) => {
    const url = await serve((_, response) => response.writeHead(status).end());
    await expect(openSource(url, '"1"', 60_000)).rejects.toMatchObject({ code: 'source_unavailable' });
  },
);

test('is not looked for elsewhere, nor where anybody may listen', async () => {
  const url = await serve((_, response) =>
    response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end(),
  );
  await expect(openSource(url, null, 60_000)).rejects.toMatchObject({ code: 'source_unavailable' });
  await expect(openSource('http://files.example/users', null, 60_000)).rejects.toMatchObject({
    code: 'source_unavailable',
  });
});

test('is not waited for beyond the run, and what has come is kept', async () => {
  const url = await serve((_, response) => response.write('a part'));
  const { body } = await openSource(url, null, 500);
  const parts: string[] = [];
  const reading = (async () => {
    for await (const part of body) parts.push(Buffer.from(part).toString());
  })();
  await expect(reading).rejects.toMatchObject({ code: 'source_slow' });
  expect(parts).toEqual(['a part']);
});

test('is given up when nothing more comes', async () => {
  const url = await serve((_, response) => response.write('a part'));
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const { body } = await openSource(url, null, 600_000);
  const rejected = expect(textOf(body)).rejects.toMatchObject({ code: 'source_unavailable' });
  await vi.waitFor(() => expect(vi.getTimerCount()).toBeGreaterThan(0));
  await vi.advanceTimersByTimeAsync(10_000);
  await rejected;
});

async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener);
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/users`;
}

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  return Buffer.concat(await Array.fromAsync(body)).toString();
}
