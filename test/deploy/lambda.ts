// Runs what the stack has deployed, as Lambda would: the zip that was uploaded, in a process of its own, with the function's
// environment; and answers Invoke for the command line.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { answerJson, readBody, serve } from '../../local/server.ts';
import type { Service } from '../support/packaged.ts';
import { type Runtime, startRuntime } from '../support/runtime.ts';
import { type Aws, credentials, type DeployedFunction, region } from './aws.ts';

export type Lambda = Awaited<ReturnType<typeof startLambda>>;

/** `wireUrl`: where DynamoDB and Parameter Store are asked. */
export async function startLambda(aws: Aws, service: Service, wireUrl: string) {
  const running: Runtime[] = [];
  let runtimes = new Map<string, Runtime>();
  const server = await serve(0, async (request, response) => {
    const [, provider] = /^\/webhooks\/(\w+)$/.exec(request.url ?? '') ?? [];
    if (provider) return answerWebhook(provider, request, response);
    const [, name = ''] = /\/functions\/.*-(\w+)\/invocations$/.exec(request.url ?? '') ?? [];
    const input = JSON.parse((await readBody(request, 6_000_000)).toString() || '{}');
    const runtime = runtimes.get(name);
    if (!runtime) {
      const headers = { 'x-amzn-errortype': 'ResourceNotFoundException' };
      return answerJson(response, 404, { Message: `Function not found: ${name}` }, headers);
    }
    const outcome = await runtime.invoke(input);
    const isFailed = outcome.is !== 'returned';
    const headers: Record<string, string> = isFailed ? { 'x-amz-function-error': 'Unhandled' } : {};
    answerJson(
      response,
      200,
      isFailed ? { errorType: outcome.is, errorMessage: '' } : outcome.value,
      headers,
    );
  });
  return { url: server.url, load, start, call, close };

  /** As the function's own address does. */
  async function answerWebhook(
    provider: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const body = await readBody(request, 6_000_000);
    const { statusCode = 500 } = (await call('webhook', {
      version: '2.0',
      rawPath: `/webhooks/${provider}`,
      requestContext: { http: { method: request.method } },
      headers: request.headers,
      body: body.toString('base64'),
      isBase64Encoded: true,
    })) as { statusCode?: number };
    response.writeHead(statusCode).end();
  }

  /** Takes what is deployed now. @throws where the code that is deployed is not what was packaged */
  async function load(): Promise<ReadonlyMap<string, DeployedFunction>> {
    const functions = await aws.functions();
    for (const [name, { CodeSha256 }] of functions) {
      const zip = readFileSync(join(service.folder, '.serverless', `${name}.zip`));
      const sha = createHash('sha256').update(zip).digest('base64');
      if (sha !== CodeSha256) throw new Error(`${name} is not the zip that was packaged`);
    }
    runtimes = new Map(
      await Promise.all([...functions].map(async ([name, one]) => [name, await start(name, one)] as const)),
    );
    return functions;
  }

  /** A process of a function; `environment`: another than its own. */
  async function start(
    name: string,
    { Handler, MemorySize, Timeout, Environment }: DeployedFunction,
    environment = Environment.Variables,
    folder?: string,
  ): Promise<Runtime> {
    const runtime = await startRuntime({
      handler: Handler,
      folder: folder ?? (await service.unpack(name)),
      memoryMb: MemorySize,
      timeoutMs: Timeout * 1_000,
      environment: {
        ...environment,
        AWS_REGION: region,
        // By which the calls of each function are told apart.
        AWS_ACCESS_KEY_ID: name,
        AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
        AWS_ENDPOINT_URL_DYNAMODB: wireUrl,
        AWS_ENDPOINT_URL_SSM: wireUrl,
        AWS_LAMBDA_FUNCTION_NAME: `roq-sync-${name}`,
      },
    });
    running.push(runtime);
    return runtime;
  }

  async function call(name: string, event: unknown): Promise<unknown> {
    const outcome = await runtimes.get(name)?.invoke(event);
    if (outcome?.is !== 'returned') throw new Error(`${name}: ${JSON.stringify(outcome)}`);
    return outcome.value;
  }

  async function close(): Promise<void> {
    await Promise.all(running.map((runtime) => runtime.close()));
    await server.close();
  }
}
