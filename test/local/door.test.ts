import { request } from 'node:http';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startDoor } from '../../local/door.ts';
import type { RunningServer } from '../../local/server.ts';

let door: RunningServer;
let events: APIGatewayProxyEventV2[];
let errors: [string, string][];
let release: () => void;

const hangMs = 40;

beforeAll(async () => {
  door = await startDoor({
    functions: {
      webhook: {
        timeoutMs: 5_000,
        routes: ['POST /webhooks/{provider}'],
        async handler(event: APIGatewayProxyEventV2) {
          events.push(event);
          return { statusCode: 202, body: 'taken', cookies: ['a=1', 'b=2'], headers: { 'X-Seen': true } };
        },
      },
      plain: {
        timeoutMs: 5_000,
        routes: ['GET /plain'],
        handler: async () => ({ hello: 'you', lost: undefined }),
      },
      binary: {
        timeoutMs: 5_000,
        routes: ['GET /binary'],
        handler: async () => ({
          statusCode: 200,
          body: Buffer.from([0, 255]).toString('base64'),
          isBase64Encoded: true,
        }),
      },
      broken: {
        timeoutMs: 5_000,
        routes: ['POST /broken'],
        async handler() {
          throw new TypeError('it broke');
        },
      },
      odd: { timeoutMs: 5_000, routes: ['GET /odd'], handler: async () => ({ statusCode: 'two hundred' }) },
      hanging: {
        timeoutMs: hangMs,
        routes: ['POST /hanging'],
        handler: () => new Promise((resolve) => (release = () => resolve({ statusCode: 200 }))),
      },
      context: {
        timeoutMs: 3_000,
        async handler(event: object, context: Context) {
          return {
            event,
            name: context.functionName,
            leftMs: context.getRemainingTimeInMillis(),
            id: context.awsRequestId,
          };
        },
      },
    },
    onError: (name, error) => errors.push([name, error.message]),
  });
});

beforeEach(() => {
  events = [];
  errors = [];
});

afterEach(() => release?.());
afterAll(() => door.close());

describe('a request becomes an event of payload format 2.0', () => {
  test('with its path, its query and its parameters', async () => {
    await fetch(`${door.url}/webhooks/kinde?a=1&b=x%20y&a=2`, { method: 'POST', body: 'hi' });

    expect(events).toMatchObject([
      {
        version: '2.0',
        routeKey: 'POST /webhooks/{provider}',
        rawPath: '/webhooks/kinde',
        rawQueryString: 'a=1&b=x%20y&a=2',
        queryStringParameters: { a: '1,2', b: 'x y' },
        pathParameters: { provider: 'kinde' },
        body: 'hi',
        isBase64Encoded: false,
        requestContext: {
          http: { method: 'POST', path: '/webhooks/kinde', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1' },
          stage: '$default',
          requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
          time: expect.stringMatching(/^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/),
        },
      },
    ]);
  });

  test('with names in lower case, repeats joined by a comma, and cookies apart', async () => {
    await post('/webhooks/kinde', [
      'X-Signature',
      'one',
      'x-signature',
      'two',
      'Cookie',
      'a=1; b=2',
      'Cookie',
      'c=3',
    ]);

    expect(events[0]?.headers['x-signature']).toBe('one,two');
    expect(events[0]?.headers).not.toHaveProperty('cookie');
    expect(events[0]?.cookies).toEqual(['a=1', 'b=2', 'c=3']);
  });

  test('without a body where none was sent', async () => {
    await fetch(`${door.url}/webhooks/kinde`, { method: 'POST' });
    expect(events[0]).not.toHaveProperty('body');
    expect(events[0]?.isBase64Encoded).toBe(false);
  });

  test.each([
    ['application/json', false],
    ['application/json; charset=utf-8', false],
    ['Application/JSON', false],
    ['text/plain', false],
    ['application/xml', false],
    ['application/javascript', false],
    ['application/jwt', true],
    ['application/secevent+jwt', true],
    ['application/cloudevents+json', true],
    ['application/x-www-form-urlencoded', true],
    ['application/octet-stream', true],
    [undefined, true],
  ])('a body of type %s in base64: %s', async (contentType, isBase64Encoded) => {
    const body = '{"name":"Zoë"}';
    await post('/webhooks/kinde', contentType ? ['content-type', contentType] : [], body);

    expect(events[0]?.isBase64Encoded).toBe(isBase64Encoded);
    expect(Buffer.from(events[0]?.body ?? '', isBase64Encoded ? 'base64' : 'utf8').toString()).toBe(body);
  });
});

describe('a result becomes a response', () => {
  test('with the status, headers, cookies and body that it names', async () => {
    const response = await fetch(`${door.url}/webhooks/kinde`, { method: 'POST' });
    expect([response.status, await response.text()]).toEqual([202, 'taken']);
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(response.headers.get('x-seen')).toBe('true');
  });

  test('of the result itself where it names no status', async () => {
    const response = await fetch(`${door.url}/plain`);
    expect([response.status, await response.json()]).toEqual([200, { hello: 'you' }]);
    expect(response.headers.get('content-type')).toBe('application/json');
  });

  test('of the bytes behind its base64', async () => {
    const response = await fetch(`${door.url}/binary`);
    expect([...new Uint8Array(await response.arrayBuffer())]).toEqual([0, 255]);
  });
});

describe('what the gateway answers by itself', () => {
  test.each([
    ['GET', '/webhooks/kinde', 404, 'Not Found'],
    ['POST', '/webhooks', 404, 'Not Found'],
    ['POST', '/webhooks/', 404, 'Not Found'],
    ['POST', '/webhooks/kinde/more', 404, 'Not Found'],
    ['POST', '/broken', 500, 'Internal Server Error'],
    ['GET', '/odd', 500, 'Internal Server Error'],
    ['POST', '/hanging', 503, 'Service Unavailable'],
  ])('%s %s: %i', async (method, path, status, message) => {
    const response = await fetch(door.url + path, { method });
    expect([response.status, await response.json()]).toEqual([status, { message }]);
    expect(events).toEqual([]);
  });

  test.each([
    ['over 10 MB, wherever it is for,', '/nowhere', 'text/plain', 10 * 1024 * 1024 + 1, 413],
    ['over the 6 MB that Lambda takes', '/webhooks/kinde', 'text/plain', 6 * 1024 * 1024, 413],
    ['over them in base64', '/webhooks/kinde', 'application/jwt', 5 * 1024 * 1024, 413],
    ['below them', '/webhooks/kinde', 'text/plain', 5 * 1024 * 1024, 202],
  ])('a body %s to %s as %s of %i bytes: %i', async (_what, path, contentType, bytes, status) => {
    const headers = { 'content-type': contentType };
    const response = await fetch(door.url + path, { method: 'POST', headers, body: 'x'.repeat(bytes) });
    expect(response.status).toBe(status);
  });

  test('reports what a function broke on', async () => {
    await fetch(`${door.url}/broken`, { method: 'POST' });
    expect(errors).toEqual([['broken', 'it broke']]);
  });
});

describe('Invoke', () => {
  test('returns the result, from a context that counts down', async () => {
    const response = await invoke('context', '{"a":1}');
    expect(response.status).toBe(200);
    const { event, name, leftMs } = (await response.json()) as {
      event: object;
      name: string;
      leftMs: number;
    };
    expect({ event, name }).toEqual({ event: { a: 1 }, name: 'context' });
    expect(leftMs).toBeGreaterThan(0);
    expect(leftMs).toBeLessThanOrEqual(3_000);
  });

  test('takes no payload for an empty event', async () => {
    expect(await (await invoke('context', '')).json()).toMatchObject({ event: {} });
  });

  test.each([
    ['broken', 'TypeError', 'it broke'],
    ['hanging', 'Sandbox.Timedout', 'Task timed out after 0.04 seconds'],
  ])('reports that %s failed under status 200', async (name, errorType, message) => {
    const response = await invoke(name, '{}');
    expect([response.status, response.headers.get('x-amz-function-error')]).toEqual([200, 'Unhandled']);
    expect(await response.json()).toEqual({ errorType, errorMessage: expect.stringContaining(message) });
  });

  test('does not wait for an event to be handled', async () => {
    const response = await invoke('webhook', '{"headers":{}}', 'Event');
    expect([response.status, await response.text()]).toEqual([202, '']);
    await expect.poll(() => events).toEqual([{ headers: {} }]);
  });

  test('runs nothing on a dry run', async () => {
    expect((await invoke('webhook', '{}', 'DryRun')).status).toBe(204);
    expect(events).toEqual([]);
  });

  test.each([
    ['an unknown function', 'nobody', '{}', 'RequestResponse', 404, 'ResourceNotFoundException'],
    ['a payload that is no JSON', 'context', '{', 'RequestResponse', 400, 'InvalidRequestContentException'],
    ['an unknown type', 'context', '{}', 'Telepathy', 400, 'InvalidParameterValueException'],
  ])('refuses %s', async (_what, name, payload, type, status, errorType) => {
    const response = await invoke(name, payload, type);
    expect([response.status, response.headers.get('x-amzn-errortype')]).toEqual([status, errorType]);
  });
});

function invoke(name: string, body: string, type = 'RequestResponse'): Promise<Response> {
  return fetch(`${door.url}/2015-03-31/functions/${name}/invocations`, {
    method: 'POST',
    headers: { 'x-amz-invocation-type': type },
    body,
  });
}

// fetch would join repeated headers itself, and invent a content type.
function post(path: string, headers: string[], body = ''): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(
      door.url + path,
      { method: 'POST', headers: ['Host', 'local', ...headers] },
      (response) => {
        response.resume().once('end', resolve);
      },
    );
    sent.once('error', reject).end(body);
  });
}
