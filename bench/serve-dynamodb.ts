// A process of its own: the benchmark's DynamoDB behind its protocol, counting what it is asked.

import { setTimeout as delay } from 'node:timers/promises';
import { DynamoDBServiceException } from '@aws-sdk/client-dynamodb';
import { readBody, serve } from '../local/server.ts';
import { answerParent } from './child.ts';
import { createEngine } from './dynamodb.ts';
import { type Seed, seedRecords } from './seed.ts';

let engine = createEngine();
let latencyMs = 0;
let requests = 0;

const server = await serve(0, async (request, response) => {
  requests += 1;
  const body = await readBody(request, 16 * 1024 * 1024);
  if (latencyMs > 0) await delay(latencyMs);
  const operation = String(request.headers['x-amz-target']).split('.')[1] ?? '';
  const { status, content } = run(operation, JSON.parse(body.toString()));
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(content));
});

answerParent({
  url: () => server.url,
  latency: (ms: number) => {
    latencyMs = ms;
  },
  reset: () => {
    engine = createEngine();
  },
  seed: (seed: Seed) => seedRecords(engine, server.url, seed),
  counts: () => ({ requests, ...engine.units }),
});

function run(operation: string, input: object): { status: number; content: object } {
  try {
    return { status: 200, content: engine.execute(operation, input) };
  } catch (error) {
    if (!(error instanceof DynamoDBServiceException)) throw error;
    const item = 'Item' in error && { Item: error.Item };
    const type = `com.amazonaws.dynamodb.v20120810#${error.name}`;
    return { status: 400, content: { __type: type, message: error.message, ...item } };
  }
}
