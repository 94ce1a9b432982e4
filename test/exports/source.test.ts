import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http';
import {
  type AddressInfo,
  createServer as createRawServer,
  type Server as RawServer,
  type Socket,
} from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, expect, test, vi } from 'vitest';
import { openSource } from '../../lib/exports/source.ts';

let server: Server | undefined;
let rawServer: RawServer | undefined;
const sockets: Socket[] = [];

afterEach(() => {
  vi.useRealTimers();
  server?.closeAllConnections();
  server?.close();
  rawServer?.close();
  for (const socket of sockets.splice(0)) socket.destroy();
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

test('is read to its end by a slow reader, though its server has long closed the connection', async () => {
  const file = Array.from(
    { length: 20_000 },
    (_, i) => `{"id":"u${i}","email":"u${i}@x.example","first_name":"Ada Lovelace"}\n`,
  ).join('');
  const url = await serveRaw(`HTTP/1.0 200 OK\r\ncontent-length: ${file.length}\r\n\r\n${file}`);
  const { body } = await openSource(url, null, 60_000);
  const parts: Uint8Array[] = [];
  for await (const part of body) {
    parts.push(part);
    for (let turn = 0; turn < 10_000; turn++) await setImmediate();
  }
  expect(Buffer.concat(parts).toString()).toBe(file);
});

test.each([
  ['is longer than what comes', 'content-length: 100', 'a part'],
  ['is shorter than what comes', 'content-length: 3', 'a part'],
  ['comes in pieces, and the last is missing', 'transfer-encoding: chunked', '6\r\na part\r\n'],
  ['comes in pieces, and one is no piece', 'transfer-encoding: chunked', '6\r\na partX\r\n'],
])('is not taken for whole where it %s', async (_what, header, sent) => {
  const url = await serveRaw(`HTTP/1.1 200 OK\r\n${header}\r\n\r\n${sent}`);
  const reading = openSource(url, null, 60_000).then(({ body }) => textOf(body));
  await expect(reading).rejects.toMatchObject({ code: 'source_unavailable' });
});

test.each([
  ['nothing', ''],
  ['half of a header', 'HTTP/1.1 200 OK\r\nconte'],
  ['what is not HTTP', '\u0000\u0001\u0002\r\n\r\n'],
])('can not be had where its server sends %s', async (_what, sent) => {
  const url = await serveRaw(sent);
  await expect(openSource(url, null, 60_000)).rejects.toMatchObject({ code: 'source_unavailable' });
});

test.each([204, 206])('is not whole where its server answers %i', async (status) => {
  const url = await serve((_, response) => response.writeHead(status).end());
  await expect(openSource(url, null, 60_000)).rejects.toMatchObject({ code: 'source_unavailable' });
});

test.each([301, 302, 303, 307, 308])('is not looked for where an answer %i leads', async (status) => {
  const asked: (string | undefined)[] = [];
  const url = await serve((request, response) => {
    asked.push(request.url);
    response.writeHead(status, { location: '/elsewhere' }).end('elsewhere');
  });
  await expect(openSource(url, null, 60_000)).rejects.toMatchObject({ code: 'source_unavailable' });
  expect(asked).toEqual(['/users']);
});

test('is asked for without anything that could be a credential, and comes as its bytes are', async () => {
  let asked: IncomingHttpHeaders = {};
  const packed = gzipSync('whole');
  const url = await serve((request, response) => {
    asked = request.headers;
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(packed);
  });
  const { body } = await openSource(url, null, 60_000);
  expect(Buffer.concat(await Array.fromAsync(body))).toEqual(packed);
  expect(Object.keys(asked).sort()).toEqual(['accept-encoding', 'connection', 'host']);
});

test('is let go of when its reader stops, or finds that it has changed', async () => {
  for (const version of [null, '"old"']) {
    const url = await serve((_, response) => response.setHeader('etag', '"1"').write('a part'));
    const closed = new Promise((resolve) =>
      server?.once('connection', (socket) => socket.once('close', resolve)),
    );
    const source = await openSource(url, version, 60_000).catch(() => null);
    if (source) for await (const _ of source.body) break;
    await closed;
  }
});

test('is not asked for when no time is left', async () => {
  const url = await serve((_, response) => response.end('whole'));
  await expect(openSource(url, null, 0)).rejects.toMatchObject({ code: 'source_slow' });
});

async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener);
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/users`;
}

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  return Buffer.concat(await Array.fromAsync(body)).toString();
}

/** Sends these very bytes in answer to a request, and closes the connection. */
async function serveRaw(answer: string): Promise<string> {
  const raw = createRawServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    socket.once('data', () => socket.end(answer));
  });
  rawServer = raw;
  await new Promise<void>((resolve) => raw.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(raw.address() as AddressInfo).port}/users`;
}
