// Requests over node:http with connections that are kept, much as fetch makes them: half the processor time of Node's own,
// whose streams and headers nobody here needs, and which a fresh process takes 15 ms to load (bench/README.md).

import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { readBounded } from './bounded-body.ts';

/** What is needed of fetch; fetch itself is one. */
export type Fetch = (url: URL | string, init?: Asked) => Promise<Answer>;

type Asked = Pick<RequestInit, 'method' | 'redirect' | 'signal'> & {
  readonly headers?: Headers | Record<string, string>;
  readonly body?: string;
};

/** What is needed of a Response. */
export type Answer = Pick<Response, 'ok' | 'status' | 'text' | 'json'> & { readonly headers: AnswerHeaders };

export type AnswerHeaders = Pick<Headers, 'get'>;

// Shorter than servers keep a connection, so that nothing is sent into one that is being closed.
const idleMs = 4_000;

/**
 * Follows no redirect. `maxBytes`: the longest answer.
 * Rejects with the signal's reason, or the error of node:http, whose `code` says what went wrong.
 */
export function createKeepAliveFetch(maxBytes: number): Fetch {
  const options = { keepAlive: true, timeout: idleMs };
  const agents = { 'http:': new HttpAgent(options), 'https:': new HttpsAgent(options) };
  return async (input, { method = 'GET', signal, body, headers = {} } = {}) => {
    const url = new URL(input);
    const isSecure = url.protocol === 'https:';
    const send = isSecure ? requestHttps : requestHttp;
    const agent = agents[isSecure ? 'https:' : 'http:'];
    try {
      const answer = await new Promise<IncomingMessage>((resolve, reject) => {
        const sent = { method, headers: toRecord(headers), agent, ...(signal && { signal }) };
        const outgoing = send(url, sent);
        outgoing.on('response', resolve).on('error', reject);
        outgoing.end(body);
      });
      return toAnswer(answer, (await readBounded(answer, maxBytes)).toString());
    } catch (error) {
      throw signal?.aborted ? signal.reason : error;
    }
  };
}

function toRecord(headers: NonNullable<Asked['headers']>): Record<string, string> {
  return Symbol.iterator in headers ? Object.fromEntries(headers as Headers) : headers;
}

function toAnswer({ statusCode: status = 0, headersDistinct }: IncomingMessage, text: string): Answer {
  return {
    status,
    ok: status >= 200 && status < 300,
    headers: { get: (name) => headersDistinct[name.toLowerCase()]?.join(', ') ?? null },
    text: async () => text,
    json: async () => JSON.parse(text),
  };
}
