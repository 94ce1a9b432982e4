// The way into the functions on this machine: their HTTP routes as behind API Gateway, and Lambda's own Invoke call.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { json, matchRoute, type Response, toEvent, toResponse } from './gateway.ts';
import { invoke, type LocalFunction, type Outcome } from './lambda.ts';
import { isFromThisMachine, type RunningServer, readBody, serve, TooLargeError } from './server.ts';

export type DoorOptions = {
  /** 0, as by default: a free one. */
  readonly port?: number;
  /** By name, as in serverless.yml. */
  readonly functions: Readonly<Record<string, LocalFunction>>;
  /** Called with the error of every function that threw or ran out of time. */
  readonly onError?: (functionName: string, error: Error) => void;
};

type Functions = DoorOptions['functions'];
type Run = (name: string, event: unknown) => Promise<Outcome>;

const invokePath = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/;
const gatewayLimitBytes = 10 * 1024 * 1024;
const lambdaLimitBytes = 6 * 1024 * 1024;

/** Opens the door; the functions with `routes` answer there, all of them answer to Invoke. */
export function startDoor({
  port = 0,
  functions,
  onError = console.error,
}: DoorOptions): Promise<RunningServer> {
  const run: Run = async (name, event) => {
    const called = functions[name];
    if (!called) throw new Error(`There is no function ${name}`);
    const outcome = await invoke(name, called, event);
    if (outcome.is !== 'returned') onError(name, outcome.error);
    return outcome;
  };
  return serve(port, async (request, response) => {
    const [, name] = invokePath.exec(request.url ?? '') ?? [];
    const answer =
      request.method === 'POST' && name
        ? await answerInvoke(functions, run, name, request)
        : await answerRoute(functions, run, request);
    send(response, answer);
  });
}

async function answerRoute(functions: Functions, run: Run, request: IncomingMessage): Promise<Response> {
  const body = await readWithin(request, gatewayLimitBytes);
  if (!body) return json(413, { message: 'Request Entity Too Large' });
  for (const [name, route] of routesOf(functions)) {
    const parameters = matchRoute(route, request);
    if (!parameters) continue;
    const event = toEvent(request, body, route, parameters);
    // The limit is on the event, in which a binary body has grown by a third.
    if (Buffer.byteLength(JSON.stringify(event)) > lambdaLimitBytes) {
      return json(413, { message: 'Request Entity Too Large' });
    }
    const outcome = await run(name, event);
    if (outcome.is === 'timed out') return json(503, { message: 'Service Unavailable' });
    const response = outcome.is === 'returned' ? toResponse(outcome.value) : undefined;
    return response ?? json(500, { message: 'Internal Server Error' });
  }
  return json(404, { message: 'Not Found' });
}

function routesOf(functions: Functions): readonly (readonly [name: string, route: string])[] {
  return Object.entries(functions).flatMap(([name, { routes = [] }]) =>
    routes.map((route) => [name, route] as const),
  );
}

// https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
async function answerInvoke(
  functions: Functions,
  run: Run,
  name: string,
  request: IncomingMessage,
): Promise<Response> {
  // AWS lets nobody invoke a function who has no credentials; here a browser must not do it for whatever page it shows.
  if (!isFromThisMachine(request))
    return refuse(403, 'AccessDeniedException', 'No page of a browser may invoke');
  const body = await readWithin(request, lambdaLimitBytes);
  if (!body) return refuse(413, 'RequestTooLargeException', 'The payload is larger than 6 MB');
  if (!functions[name]) return refuse(404, 'ResourceNotFoundException', `Function not found: ${name}`);
  const event = readPayload(body);
  if (event === undefined) return refuse(400, 'InvalidRequestContentException', 'The payload is not JSON');
  switch (request.headers['x-amz-invocation-type'] ?? 'RequestResponse') {
    case 'DryRun':
      return { statusCode: 204, headers: {}, body: Buffer.alloc(0) };
    case 'Event':
      // Whoever asks for an event does not wait; what becomes of it, onError hears.
      void run(name, event);
      return { statusCode: 202, headers: {}, body: Buffer.alloc(0) };
    case 'RequestResponse':
      return toInvokeResponse(await run(name, event));
    default:
      return refuse(400, 'InvalidParameterValueException', 'The invocation type is none');
  }
}

function toInvokeResponse(outcome: Outcome): Response {
  const version = { 'x-amz-executed-version': '$LATEST' };
  if (outcome.is === 'returned') {
    const response = json(200, outcome.value);
    return { ...response, headers: { ...response.headers, ...version } };
  }
  const { name, message: errorMessage } = outcome.error;
  const errorType = outcome.is === 'timed out' ? 'Sandbox.Timedout' : name;
  const response = json(200, { errorType, errorMessage });
  return { ...response, headers: { ...response.headers, ...version, 'x-amz-function-error': 'Unhandled' } };
}

function refuse(statusCode: number, errorType: string, Message: string): Response {
  const { headers, body } = json(statusCode, { Type: 'User', Message });
  return { statusCode, headers: { ...headers, 'x-amzn-errortype': errorType }, body };
}

async function readWithin(request: IncomingMessage, limitBytes: number): Promise<Buffer | undefined> {
  try {
    return await readBody(request, limitBytes);
  } catch (error) {
    if (error instanceof TooLargeError) return undefined;
    throw error;
  }
}

function readPayload(body: Buffer): unknown {
  try {
    return body.length === 0 ? {} : JSON.parse(body.toString());
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function send(response: ServerResponse, { statusCode, headers, body }: Response): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.writeHead(statusCode).end(body);
}
