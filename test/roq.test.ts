import { readFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { buildSchema, parse, validate } from 'graphql';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { changeDocument, createRoq, documents, type Roq } from '../lib/roq/client.ts';
import { RoqError } from '../lib/roq/faults.ts';
import type { UserFilter } from '../lib/roq/types.ts';
import { type RunningRoq, startRoq } from '../local/roq.ts';

const lifetimeMs = 600_000;

let nowMs = Date.parse('2026-03-01T00:00:00Z');
let server: RunningRoq;
let roq: Roq;

beforeAll(async () => {
  server = await startRoq({ pageCap: 3, tokenLifetimeMs: lifetimeMs, now: () => nowMs });
});
afterAll(() => server.close());
beforeEach(() => {
  server.fail.clear();
  roq = connect(server.url);
});

describe('the operations', () => {
  test.each(Object.entries(documents))('%s fits the schema of ROQ', (_, document) => {
    expect(faultsOf(document)).toEqual([]);
  });

  test('several changes as one request fit it too', () => {
    const create = { reference: 'r', email: 'a@example.com' };
    const { document } = changeDocument([
      { create },
      { update: { id: 'i', user: { active: false } } },
      { create },
    ]);
    expect(faultsOf(document)).toEqual([]);
  });

  test('a user is created, read, changed and deactivated', async () => {
    const { id } = await roq.createUser({
      reference: 'one',
      email: 'one@example.com',
      customData: { a: [1] },
    });
    expect(await roq.user(id)).toMatchObject({ reference: 'one', customData: { a: [1] }, active: true });
    expect(await roq.updateUser(id, { firstName: 'One', isOptedIn: true })).toMatchObject({
      firstName: 'One',
    });
    expect(await roq.deactivateUser(id)).toMatchObject({ id, active: false, isOptedIn: true });
  });

  test('what a user hangs on comes only when it is asked for', async () => {
    const { id } = await roq.createUser({ reference: 'hangs', email: 'hangs@example.com' });
    expect(Object.keys(await roq.user(id))).not.toContain('roles');
    expect(await roq.user(id, { roles: true, tenant: true, userGroups: true })).toMatchObject({
      roles: { totalCount: 0 },
      userGroups: { totalCount: 0 },
    });
  });

  test('every user of a query is found, page by page, however short the pages are', async () => {
    for (let i = 0; i < 10; i++) {
      await roq.createUser({ reference: 'many', email: `m${i}@example.com`, active: i % 2 === 0 });
    }
    const filter = { reference: { equalTo: 'many' } };
    expect((await roq.users({ filter, limit: 100 })).data).toHaveLength(3);
    expect(await emailsOf({ ...filter, withDeactivated: { equalTo: true } })).toHaveLength(10);
    expect(await emailsOf(filter)).toEqual([0, 2, 4, 6, 8].map((i) => `m${i}@example.com`));
  });

  test('limit, offset, order and search choose the page', async () => {
    const order = { sort: 'email', order: 'ASC' } as const;
    const { data, totalCount } = await roq.users({
      ...{ limit: 2, offset: 1, order, search: { key: 'email', value: 'm' } },
      filter: { reference: { equalTo: 'many' } },
    });
    expect(totalCount).toBe(5);
    expect(data.map(({ email }) => email)).toEqual(['m2@example.com', 'm4@example.com']);
  });

  test.each<UserFilter>([
    { email: { like: 'm8%' } },
    { email: { iLike: 'M8%' } },
    { email: { valueIn: ['m8@example.com', 'nobody@example.com'] } },
    { reference: { equalTo: 'many' }, email: { valueNotIn: [0, 2, 4, 6].map((i) => `m${i}@example.com`) } },
    { email: { equalTo: 'm8@example.com' }, active: { equalTo: true } },
    { search: 'm8@' },
  ])('the filter %j finds one user', async (filter) => {
    expect(await emailsOf(filter)).toEqual(['m8@example.com']);
  });
});

describe('the token', () => {
  test('is fetched once, however many calls wait for it', async () => {
    expect(await tokensDuring(() => Promise.all(Array.from({ length: 20 }, () => roq.users({}))))).toBe(1);
  });

  test('is renewed before it expires', async () => {
    await roq.users({});
    nowMs += lifetimeMs - 30_000;
    expect(await tokensDuring(() => roq.users({}))).toBe(1);
    expect(await tokensDuring(() => roq.users({}))).toBe(0);
  });

  test('is renewed once when ROQ no longer takes it', async () => {
    await roq.users({});
    server.expireTokens();
    expect(await tokensDuring(() => roq.createUser({ reference: 'renewed', email: 'r@example.com' }))).toBe(
      1,
    );
    expect(await emailsOf({ reference: { equalTo: 'renewed' } })).toHaveLength(1);
  });

  test('is asked for again after it could not be had', async () => {
    server.fail.next({ operation: 'token', how: 'fail' });
    await expect(roq.users({})).rejects.toMatchObject({ code: 'roq_unavailable', effect: 'none' });
    expect(await roq.users({})).toBeDefined();
  });

  test('of a wrong API key is a matter of ours, and not of the user', async () => {
    const stranger = connect(server.url, { apiKey: 'wrong' });
    await expect(stranger.users({})).rejects.toMatchObject({ code: 'roq_unauthorized', effect: 'none' });
  });

  test('that is missing from the answer is never sent', async () => {
    const asked: string[] = [];
    await withServer(
      (request, response) => {
        asked.push(request.url ?? '');
        response.setHeader('content-type', 'application/json').end('{}');
      },
      async (url) => {
        await expect(connect(url).users({})).rejects.toMatchObject({ code: 'roq_unavailable' });
      },
    );
    expect(asked).toEqual(['/v01/authorize/serviceAccount']);
  });
});

describe('what goes wrong', () => {
  const create = { reference: 'wrong', email: 'canary@example.com' };

  test.each([
    ['no-answer', 'roq_unavailable', 'none', 'roq_ambiguous', 'late'],
    ['drop', 'roq_unavailable', 'none', 'roq_ambiguous', 'late'],
    ['bad-gateway', 'roq_unavailable', 'none', 'roq_ambiguous', 'late'],
    ['fail', 'roq_unavailable', 'none', 'roq_unavailable', 'unknown'],
    ['refuse', 'roq_refused', 'none', 'roq_refused', 'none'],
    ['throttle', 'roq_throttled', 'none', 'roq_throttled', 'none'],
  ] as const)(
    '"%s" is %s (%s) of a query, and %s (%s) of a change',
    async (how, code, effect, code2, effect2) => {
      server.fail.next({ how, operation: 'users' });
      server.fail.next({ how, operation: 'createUser' });
      await expect(roq.users({})).rejects.toMatchObject({ code, effect });
      await expect(roq.createUser(create)).rejects.toMatchObject({ code: code2, effect: effect2 });
    },
  );

  test('a ROQ that is not there took no change', async () => {
    const closed = await startRoq({ now: () => nowMs });
    const { environmentId, apiKey } = closed;
    const lost = connect(closed.url, { environmentId, apiKey });
    await lost.users({});
    await closed.close();
    // This one still finds the connection of the last, on which anything may have been done.
    await lost.users({}).catch(() => {});
    await expect(lost.createUser(create)).rejects.toMatchObject({ code: 'roq_unavailable', effect: 'none' });
  });

  test('a throttled call says how long to wait', async () => {
    server.fail.next({ how: 'throttle', retryAfterSeconds: 7 });
    await roq.users({}).catch(() => {});
    server.fail.next({ how: 'throttle', operation: 'users', retryAfterSeconds: 7 });
    await expect(roq.users({})).rejects.toMatchObject({ retryAfterMs: 7_000, statusCode: 429 });
  });

  test('a batch stops at the first that fails, and says that some may have been made', async () => {
    const changes = [1, 2, 3, 4, 5].map((i) => ({
      create: { reference: `b${i}`, email: `b${i}@example.com` },
    }));
    server.fail.always({ how: 'refuse', reference: 'b3' });
    await expect(roq.change(changes)).rejects.toMatchObject({ code: 'roq_refused', effect: 'unknown' });
    const made = server.users
      .filter(({ reference }) => /^b\d$/.test(reference))
      .map(({ reference }) => reference);
    expect(made).toEqual(['b1', 'b2']);
  });

  test('after the deadline nothing is sent', async () => {
    await roq.users({});
    const before = server.requests.graphql;
    await expect(roq.createUser(create, { deadline: nowMs })).rejects.toMatchObject({ effect: 'none' });
    expect(server.requests.graphql).toBe(before);
  });

  test('an error carries neither the request nor what ROQ says of it', async () => {
    server.fail.next({ how: 'refuse', operation: 'createUser' });
    const error = await roq.createUser(create).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RoqError);
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('canary');
  });

  test('the sub-code and what came beside the error are kept', async () => {
    const response = { statusCode: 400, errorCode: 'BAD_REQUEST', errorSubCode: 'EMAIL_TAKEN' };
    await withServer(
      (request, answer) => {
        answer.setHeader('content-type', 'application/json');
        if (request.url !== '/v01/server/graphql') return answer.end('{"accessToken":"opaque"}');
        return answer.end(
          JSON.stringify({ data: { user: null }, errors: [{ message: 'x', extensions: { response } }] }),
        );
      },
      async (url) => {
        await expect(connect(url).user('i')).rejects.toMatchObject({
          ...{ code: 'roq_refused', errorSubCode: 'EMAIL_TAKEN', partialData: { user: null } },
        });
      },
    );
  });
});

test('calls that follow one another keep their connections', async () => {
  let connections = 0;
  await withServer(
    (request, response) => {
      const isToken = request.url !== '/v01/server/graphql';
      response.setHeader('content-type', 'application/json');
      response.end(isToken ? '{"accessToken":"opaque"}' : '{"data":{"users":{"data":[],"totalCount":0}}}');
    },
    async (url, listening) => {
      listening.on('connection', () => {
        connections += 1;
      });
      const client = connect(url);
      for (let i = 0; i < 10; i++) await client.users({});
    },
  );
  // Eleven requests with the token's, whose connection may not be free yet when the first call goes out.
  expect(connections).toBeLessThanOrEqual(2);
});

function connect(url: string, credentials: { environmentId?: string; apiKey?: string } = {}): Roq {
  const { environmentId, apiKey } = server;
  return createRoq({ url, environmentId, apiKey, ...credentials, timeoutMs: 300, now: () => nowMs });
}

function faultsOf(document: string) {
  const schema = buildSchema(readFileSync(new URL('../local/roq.graphql', import.meta.url), 'utf8'));
  return validate(schema, parse(document));
}

async function emailsOf(filter: UserFilter): Promise<string[]> {
  const emails: string[] = [];
  for await (const { email } of roq.allUsers({ filter })) emails.push(email);
  return emails;
}

async function tokensDuring(work: () => Promise<unknown>): Promise<number> {
  const before = server.requests.token;
  await work();
  return server.requests.token - before;
}

async function withServer(listener: RequestListener, work: (url: string, server: Server) => Promise<void>) {
  const listening = createServer(listener);
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  try {
    await work(`http://127.0.0.1:${(listening.address() as AddressInfo).port}`, listening);
  } finally {
    listening.closeAllConnections();
    await new Promise((resolve) => listening.close(resolve));
  }
}
