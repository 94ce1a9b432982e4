import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Fault } from '../../local/faults.ts';
import { type RunningRoq, startRoq } from '../../local/roq.ts';

let roq: RunningRoq;
let headers: Record<string, string>;

beforeEach(async () => {
  roq = await startRoq();
  headers = {
    'roq-platform-authorization': `Bearer ${await token()}`,
    'roq-platform-server-authorization': `Basic ${btoa(`${roq.environmentId}:${roq.apiKey}`)}`,
  };
});

afterEach(() => roq.close());

test.each<[string, Fault, number]>([
  ['dropped before the work, leaves nothing behind', { how: 'drop' }, 0],
  ['dropped instead of an answer, has been done', { how: 'answer-lost' }, 1],
])('a request that is %s', async (_what, fault, created) => {
  roq.fail.next(fault);
  await expect(create('u-1')).rejects.toThrow('fetch failed');
  expect(roq.users).toHaveLength(created);
});

test('a request that is never answered has been done', async () => {
  roq.fail.next({ how: 'no-answer' });
  const given = new AbortController();
  const answer = create('u-1', given.signal);
  await expect.poll(() => roq.users).toHaveLength(1);
  given.abort();
  await expect(answer).rejects.toThrow('aborted');
});

test('a slow request is done even when its caller has gone', async () => {
  roq.fail.next({ how: 'slow', delayMs: 500 });
  const given = new AbortController();
  const answer = create('u-1', given.signal);
  await expect.poll(() => roq.requests.createUser, { interval: 5 }).toBe(1);
  expect(roq.users).toEqual([]);
  given.abort();
  await expect(answer).rejects.toThrow('aborted');
  await expect.poll(() => roq.users).toHaveLength(1);
});

test('a throttled request says how long to wait, and did nothing', async () => {
  roq.fail.next({ how: 'throttle', retryAfterSeconds: 7 });
  const response = await create('u-1');
  expect([response.status, response.headers.get('retry-after')]).toEqual([429, '7']);
  expect(roq.users).toEqual([]);
});

test('a bad gateway answers with a page', async () => {
  roq.fail.next({ how: 'bad-gateway' });
  const response = await create('u-1');
  expect([response.status, response.headers.get('content-type')]).toEqual([502, 'text/html']);
  expect(roq.users).toEqual([]);
});

test.each<[string, Fault, object]>([
  ['fails', { how: 'fail', reference: 'u-1' }, { statusCode: 500, errorCode: 'INTERNAL_ERROR' }],
  ['refuses', { how: 'refuse', reference: 'u-1' }, { statusCode: 400 }],
  ['refuses by field', { how: 'refuse', field: 'email' }, { statusCode: 400, message: 'email is refused' }],
])('%s one user under status 200 and spares the others', async (_what, fault, expected) => {
  roq.fail.next(fault);
  const response = await create('u-1');
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({
    data: null,
    errors: [{ extensions: { response: expected } }],
  });
  await create('u-2');
  expect(roq.users).toMatchObject([{ reference: 'u-2' }]);
});

test('a query is answered in part, and counts what it does not show', async () => {
  await create('u-1');
  roq.fail.next({ how: 'partial', reference: 'u-1' });
  expect(await lookUp('u-2')).toMatchObject({ data: { users: { data: [], totalCount: 0 } } });
  expect(await lookUp('u-1')).toMatchObject({ data: { users: { data: [], totalCount: 1 } } });
  expect(await lookUp('u-1')).toMatchObject({ data: { users: { data: [{ reference: 'u-1' }] } } });
});

test.each<[string, Fault, number]>([
  ['is refused', { how: 'refuse', operation: 'users' }, 400],
  ['finds nothing to ask', { how: 'not-found', operation: 'users' }, 404],
])('a query %s for once, and changes are made all the same', async (_what, fault, statusCode) => {
  roq.fail.next(fault);
  await create('u-1');
  expect(await lookUp('u-1')).toMatchObject({
    data: null,
    errors: [{ extensions: { response: { statusCode } } }],
  });
  expect(await lookUp('u-1')).toMatchObject({ data: { users: { totalCount: 1 } } });
});

test('a fault told of one operation leaves the others alone', async () => {
  roq.fail.always({ operation: 'token', how: 'fail' });
  expect(await create('u-1')).toMatchObject({ status: 200 });
  expect(await token()).toBeUndefined();
});

test('faults told for the next requests hit one after the other and are then over', async () => {
  roq.fail.next({ how: 'throttle' }, 2);
  roq.fail.next({ how: 'bad-gateway' });
  expect(await statuses(5)).toEqual([429, 429, 502, 200, 200]);
});

test('a fault told until told otherwise hits until then', async () => {
  roq.fail.always({ how: 'bad-gateway' });
  expect(await statuses(2)).toEqual([502, 502]);
  roq.fail.clear();
  expect(await statuses(1)).toEqual([200]);
});

test('a fault told with a probability hits as chance has it', async () => {
  const chances = [0.1, 0.9, 0.2, 0.3];
  roq.fail.sometimes({ how: 'throttle' }, 0.3, () => chances.shift() ?? 1);
  expect(await statuses(5)).toEqual([429, 200, 429, 200, 200]);
});

async function statuses(count: number): Promise<number[]> {
  const seen: number[] = [];
  for (let number = 0; number < count; number += 1) seen.push((await create(`u-${number}`)).status);
  return seen;
}

function create(reference: string, signal: AbortSignal | null = null): Promise<Response> {
  const query = 'mutation ($user: UserCreateDto!) { createUser(user: $user) { id } }';
  return ask(query, { user: { reference, email: 'ada@example.com' } }, signal);
}

async function lookUp(equalTo: string): Promise<unknown> {
  const query =
    'query ($filter: UserFilterArgType!) { users(filter: $filter) { data { reference } totalCount } }';
  return (await ask(query, { filter: { reference: { equalTo } } })).json();
}

function ask(query: string, variables: object, signal: AbortSignal | null = null): Promise<Response> {
  return fetch(`${roq.url}/v01/server/graphql`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ query, variables }),
    signal,
  });
}

async function token(): Promise<string | undefined> {
  const { url, environmentId, apiKey } = roq;
  const response = await fetch(`${url}/v01/authorize/serviceAccount`, {
    method: 'POST',
    body: JSON.stringify({ email: 'project-service-account@roq.tech', environmentId, apiKey }),
  });
  const { accessToken } = (await response.json()) as { accessToken?: string };
  return accessToken;
}
