// A process of its own: the benchmark's ROQ, which takes as long as it is told, and counts what it is asked.

import { setTimeout as delay } from 'node:timers/promises';
import { SignJWT } from 'jose';
import { answerJson, parseObject, readBody, serve, toObject } from '../local/server.ts';
import { answerParent } from './child.ts';
import { createRoq } from './roq.ts';

let roq = createRoq();
let latencyMs = 0;
let requests = 0;

const key = new TextEncoder().encode('bench');

const server = await serve(0, async (request, response) => {
  requests += 1;
  const body = parseObject(await readBody(request, 16 * 1024 * 1024)) ?? {};
  if (latencyMs > 0) await delay(latencyMs);
  if (request.url !== '/v01/server/graphql') return answerJson(response, 201, { accessToken: await token() });
  const answer = await roq.answer(String(body.query), toObject(body.variables) ?? {});
  if (answer.errors) process.stderr.write(`ROQ: ${answer.errors.join('; ')}\n`);
  answerJson(response, 200, answer);
});

answerParent({
  url: () => server.url,
  latency: (ms: number) => {
    latencyMs = ms;
  },
  reset: () => {
    roq = createRoq();
  },
  seed: (count: number) => roq.seed(count),
  counts: () => ({ requests, users: roq.count() }),
});

function token(): Promise<string> {
  return new SignJWT({}).setProtectedHeader({ alg: 'HS256' }).setExpirationTime('1h').sign(key);
}
