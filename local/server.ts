// A loopback HTTP server that can be closed at once: what every stand-in in this folder is served by.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

export type RunningServer = { readonly url: string; readonly close: () => Promise<void> };

/** A request body that passed its limit. */
export class TooLargeError extends Error {
  override readonly name = 'TooLargeError';
}

/** Serves `handle` on 127.0.0.1; `port` 0 takes a free one. A handler that throws cuts its connection. */
export async function serve(
  port: number,
  handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): Promise<RunningServer> {
  const server = createServer((request, response) => {
    handle(request, response).catch((error: Error) => response.destroy(error));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/**
 * Whether a request comes from a program on this machine, and not from a page that a browser shows: one of another site
 * bears its origin, and one that had its own name point here (DNS rebinding) bears that name as its host.
 */
export function isFromThisMachine({ headers: { host = '', origin } }: IncomingMessage): boolean {
  const isLoopback = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(host);
  return isLoopback && (origin === undefined || origin === `http://${host}`);
}

/**
 * The whole body of a request.
 * @throws TooLargeError above `limitBytes`, when all of it has arrived, so that the sender can hear of it.
 */
export async function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= limitBytes) chunks.push(chunk);
  }
  if (bytes > limitBytes) throw new TooLargeError(`A body of ${bytes} bytes passes ${limitBytes}`);
  return Buffer.concat(chunks);
}

/** Answers with JSON. */
export function answerJson(
  response: ServerResponse,
  statusCode: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(statusCode, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

/** The members of a JSON object; undefined where the text is anything else. */
export function parseObject(body: Buffer): Record<string, unknown> | undefined {
  try {
    return toObject(JSON.parse(body.toString()));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The value itself where it is an object and no array. */
export function toObject(value: unknown): Record<string, unknown> | undefined {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? { ...value } : undefined;
}
