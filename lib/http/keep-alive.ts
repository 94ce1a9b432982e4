// Requests over node:http with connections that are kept, under the interface of fetch: half the processor time of Node's own,
// whose streams and headers nobody here needs (bench/README.md).

import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { readBounded } from './bounded-body.ts';

// Shorter than servers keep a connection, so that nothing is sent into one that is being closed.
const idleMs = 4_000;

/**
 * A fetch that follows no redirect, and takes a body of text and a signal. `maxBytes`: the longest answer.
 * Rejects with the error of node:http, whose `code` says what went wrong.
 */
export function createKeepAliveFetch(maxBytes: number): typeof fetch {
  const options = { keepAlive: true, timeout: idleMs };
  const agents = { 'http:': new HttpAgent(options), 'https:': new HttpsAgent(options) };
  return async (input, init = {}) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const isSecure = url.protocol === 'https:';
    const { method = 'GET', signal, body } = init;
    const headers = Object.fromEntries(new Headers(init.headers));
    const send = isSecure ? requestHttps : requestHttp;
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const outgoing = send(url, {
        method,
        headers,
        agent: agents[isSecure ? 'https:' : 'http:'],
        ...(signal && { signal }),
      });
      outgoing.on('response', resolve).on('error', reject);
      outgoing.end(typeof body === 'string' ? body : undefined);
    });
    const bytes = await readBounded(answer, maxBytes);
    const { statusCode: status = 0, headersDistinct } = answer;
    return new Response(bytes.length > 0 ? bytes.toString() : null, {
      status,
      headers: toHeaders(headersDistinct),
    });
  };
}

function toHeaders(distinct: IncomingMessage['headersDistinct']): Headers {
  const headers = new Headers();
  for (const [name, values = []] of Object.entries(distinct))
    for (const value of values) headers.append(name, value);
  return headers;
}
