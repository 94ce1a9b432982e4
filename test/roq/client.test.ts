import { readFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { buildSchema, parse, validate } from 'graphql';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type CallOptions, createRoq, type Roq, type RoqOptions } from '../../lib/roq/client.ts';
import { RoqError } from '../../lib/roq/faults.ts';
import { changeDocument, documents } from '../../lib/roq/requests.ts';
import type { UserFilter, UserSearchKey, UserSort, UsersQuery } from '../../lib/roq/types.ts';
import { type RunningRoq, startRoq } from '../../local/roq.ts';

const startedAtMs = Date.parse('2026-03-01T00:00:00Z');
const lifetimeMs = 600_000;
const unknownId = '80c81294-f338-4819-9b1f-acc314babd5f';
const personal = { email: 'canary@example.com', phone: '+15550009999', firstName: 'Canary' };

let nowMs: number;
let server: RunningRoq;
let roq: Roq;

beforeAll(async () => {
  server = await startRoq({ pageCap: 3, tokenLifetimeMs: lifetimeMs, now: () => nowMs, hasTies: false });
});
afterAll(() => server.close());
beforeEach(() => {
  nowMs = startedAtMs;
  server.fail.clear();
  roq = connect(server.url);
});

describe('the operations', () => {
  test.each(Object.entries(documents))('%s fits the schema of ROQ', (_, document) => {
    expect(faultsOf(document)).toEqual([]);
  });

  test('several changes as one request fit it too', () => {
    const create = { reference: 'r', email: 'a@example.com' };
    const { document, variables } = changeDocument([
      { create },
      { update: { id: 'i', user: { active: false } } },
      { create },
    ]);
    expect(faultsOf(document)).toEqual([]);
    expect(variables).toEqual({ u0: create, i1: 'i', u1: { active: false }, u2: create });
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
    expect(rowsOf('one')).toMatchObject([{ id, firstName: 'One', isOptedIn: true, active: false }]);
  });

  test('several changes are made in their order, as one request', async () => {
    const { id } = await roq.createUser({ reference: 'known', email: 'known@example.com' });
    const before = server.requests.graphql;
    const ids = await roq.change([
      { create: { reference: 'new', email: 'new@example.com' } },
      { update: { id, user: { firstName: 'First' } } },
      { update: { id, user: { firstName: 'Last' } } },
    ]);
    expect(server.requests.graphql).toBe(before + 1);
    expect(rowsOf('known')).toMatchObject([{ firstName: 'Last' }]);
    expect(ids).toEqual([rowsOf('new')[0]?.id, id, id]);
  });

  test('what a user hangs on comes only when it is asked for', async () => {
    const made = { reference: 'hangs', email: 'hangs@example.com', roles: ['editor'] };
    const { id, tenantId } = await roq.createUser(made);
    const plain = Object.keys(await roq.user(id));
    for (const name of ['tenant', 'roles', 'userGroups']) expect(plain).not.toContain(name);
    expect(await roq.user(id, { tenant: true })).toMatchObject({ tenant: { id: tenantId, isDefault: true } });
    expect(await roq.user(id, { roles: true })).toMatchObject({ roles: { data: [{ key: 'editor' }] } });
    expect(await roq.user(id, { userGroups: true })).toMatchObject({ userGroups: { totalCount: 0 } });
  });
});

describe('of the users there are', () => {
  // Their ids, fixed, so that a table can name them.
  const a = '00000000-0000-4000-8000-000000000001';
  const b = '00000000-0000-4000-8000-000000000002';
  const off = '00000000-0000-4000-8000-000000000003';
  const tenantA = '00000000-0000-4000-8000-000000000007';
  const tenantB = '00000000-0000-4000-8000-000000000008';
  const early = '2026-01-01T00:00:00.000Z';
  const late = '2026-02-01T00:00:00.000Z';
  const gone = { withDeactivated: { equalTo: true } };

  let library: RunningRoq;
  let reader: Roq;

  beforeAll(async () => {
    library = await startRoq({
      users: [
        row({ id: a, reference: 'a', day: 1, tenantId: tenantA, optedInAt: early, roles: ['admin'] }),
        row({ id: b, reference: 'b', day: 2, tenantId: tenantB, optedInAt: late, roles: ['editor'] }),
        row({ id: off, reference: 'off', day: 3, tenantId: tenantB, active: false }),
      ],
    });
    const { url, environmentId, apiKey } = library;
    reader = connect(url, { environmentId, apiKey });
  });
  afterAll(() => library.close());

  test.each<[UserFilter, string[]]>([
    [{}, ['a', 'b']],
    [{ withDeactivated: { equalTo: true } }, ['a', 'b', 'off']],
    [{ withDeactivated: { notEqualTo: false } }, ['a', 'b', 'off']],
    [{ ...gone, active: { equalTo: false } }, ['off']],
    [{ ...gone, active: { notEqualTo: false } }, ['a', 'b']],
    [{ id: { equalTo: a } }, ['a']],
    [{ id: { notEqualTo: a } }, ['b']],
    [{ id: { valueIn: [b, unknownId] } }, ['b']],
    [{ id: { valueNotIn: [b, unknownId] } }, ['a']],
    [{ tenantId: { equalTo: tenantB } }, ['b']],
    [{ roleId: { equalTo: 'admin' } }, ['a']],
    [{ roleKey: { valueIn: ['editor', 'owner'] } }, ['b']],
    [{ optedInAt: { equalTo: early } }, ['a']],
    [{ optedInAt: { notEqualTo: early } }, ['b']],
    [{ optedInAt: { lessThan: late } }, ['a']],
    [{ optedInAt: { lessThanEqual: late } }, ['a', 'b']],
    [{ optedInAt: { moreThan: early } }, ['b']],
    [{ optedInAt: { moreThanEqual: early } }, ['a', 'b']],
    [{ email: { equalTo: 'a@example.com' } }, ['a']],
    [{ firstName: { notEqualTo: 'First a' } }, ['b']],
    [{ lastName: { valueIn: ['Last b', 'Nobody'] } }, ['b']],
    [{ ...gone, reference: { valueNotIn: ['a', 'b'] } }, ['off']],
    [{ locale: { like: 'a-%' } }, ['a']],
    [{ phone: { like: 'PHONE%' } }, []],
    [{ timezone: { iLike: '%/A' } }, ['a']],
    [{ search: 'First b' }, ['b']],
    [{ email: { like: '%@example.com' }, firstName: { equalTo: 'First b' } }, ['b']],
  ])('the filter %j finds %j', async (filter, references) => {
    expect(await everyReference(reader, { filter })).toEqual(references);
  });

  test.each<UserSort>([
    'email',
    'firstName',
    'lastName',
    'locale',
    'phone',
    'timezone',
    'createdAt',
    'updatedAt',
  ])('an order by %s goes up and down', async (sort) => {
    expect(await pageOf({ order: { sort, order: 'ASC' } })).toEqual(['a', 'b']);
    expect(await pageOf({ order: { sort, order: 'DESC' } })).toEqual(['b', 'a']);
  });

  test('an order by active tells the deactivated from the others', async () => {
    const order = { sort: 'active', order: 'ASC' } as const;
    expect((await pageOf({ filter: gone, order }))[0]).toBe('off');
  });

  test.each<[UserSearchKey, string]>([
    ['email', 'b@'],
    ['firstName', 'st b'],
    ['lastName', 'st b'],
    ['locale', 'b-'],
    ['phone', 'e b'],
    ['timezone', '/b'],
  ])('a search by %s for "%s" finds its part anywhere', async (key, value) => {
    expect(await pageOf({ search: { key, value } })).toEqual(['b']);
  });

  test('limit and offset cut a page out, and the total stays whole', async () => {
    const order = { sort: 'email', order: 'ASC' } as const;
    const { data, totalCount } = await reader.users({ filter: gone, order, limit: 1, offset: 1 });
    expect(data.map(({ reference }) => reference)).toEqual(['b']);
    expect(totalCount).toBe(3);
  });

  async function pageOf(query: UsersQuery): Promise<string[]> {
    return (await reader.users(query)).data.map(({ reference }) => reference);
  }
});

describe('all users of a query', () => {
  const filter = { reference: { iLike: 'many%' } };
  const references = Array.from({ length: 10 }, (_, i) => `many${i}`);

  beforeAll(async () => {
    nowMs = startedAtMs;
    for (const [i, reference] of references.entries()) {
      await connect(server.url).createUser({ reference, email: 'many@example.com', active: i % 2 === 0 });
    }
  });

  test.each([undefined, 2, 100])('are found however short the pages are (limit %s)', async (limit) => {
    const query = { ...(limit && { limit }), filter: { ...filter, withDeactivated: { equalTo: true } } };
    expect((await roq.users(query)).data.length).toBeLessThanOrEqual(3);
    expect(await everyReference(roq, query)).toEqual(references);
  });

  test('are the active ones unless the others are asked for', async () => {
    const active = references.filter((_, i) => i % 2 === 0);
    expect(await everyReference(roq, { filter })).toEqual(active);
  });

  test('come once each while new ones are made', async () => {
    const found: string[] = [];
    for await (const { reference } of roq.allUsers({ filter })) {
      if (found.length < 3) await roq.createUser({ reference: 'many-new', email: 'new@example.com' });
      found.push(reference);
    }
    expect(found).toEqual([...new Set(found.slice(0, 5)), 'many-new', 'many-new', 'many-new']);
  });

  test('are at an end when a page is empty, whatever the total says', async () => {
    const pages = [[{ reference: 'x' }, { reference: 'y' }], [], [{ reference: 'z' }]];
    await withGraphql(
      () => ({ data: { users: { data: pages.shift(), totalCount: 10 } } }),
      async (url) => expect(await everyReference(connect(url), {})).toEqual(['x', 'y']),
    );
    expect(pages).toHaveLength(1);
  });
});

describe('the token', () => {
  test('is fetched once, however many calls wait for it', async () => {
    expect(await tokensDuring(() => Promise.all(Array.from({ length: 20 }, () => roq.users({}))))).toBe(1);
  });

  test('is renewed before it expires', async () => {
    await roq.users({});
    nowMs += lifetimeMs / 2;
    expect(await tokensDuring(() => roq.users({}))).toBe(0);
    nowMs += lifetimeMs / 2 - 30_000;
    expect(await tokensDuring(() => roq.users({}))).toBe(1);
    expect(await tokensDuring(() => roq.users({}))).toBe(0);
  });

  test('is renewed once when ROQ no longer takes it, and the change is made once', async () => {
    await roq.users({});
    server.expireTokens();
    const create = () => roq.createUser({ reference: 'renewed', email: 'r@example.com' });
    expect(await tokensDuring(create)).toBe(1);
    expect(await tokensDuring(() => roq.users({}))).toBe(0);
    expect(rowsOf('renewed')).toHaveLength(1);
  });

  test('is renewed once for all calls that were turned away with it', async () => {
    await roq.users({});
    server.expireTokens();
    expect(await tokensDuring(() => Promise.all(Array.from({ length: 20 }, () => roq.users({}))))).toBe(1);
  });

  test('is not asked for a third time by a call that is turned away twice', async () => {
    const asked: string[] = [];
    const errors = [{ message: 'x', extensions: { response: { statusCode: 401 } } }];
    await withGraphql(
      () => ({ data: null, errors }),
      async (url) => {
        const refused = connect(url).createUser({ reference: 'r', ...personal });
        await expect(refused).rejects.toMatchObject({ code: 'roq_unauthorized', effect: 'none' });
      },
      (path) => asked.push(path),
    );
    expect(asked.filter((path) => path === tokenPath)).toHaveLength(2);
    expect(asked).toHaveLength(4);
  });

  test('is asked for again by the next call when it could not be had', async () => {
    server.fail.next({ operation: 'token', how: 'fail' });
    await expect(roq.users({})).rejects.toMatchObject({ code: 'roq_unavailable', effect: 'none' });
    expect(await tokensDuring(() => roq.users({}))).toBe(1);
  });

  test.each([
    ['fail', 'roq_unavailable'],
    ['drop', 'roq_unavailable'],
    ['bad-gateway', 'roq_unavailable'],
    ['throttle', 'roq_throttled'],
  ] as const)('that ends in "%s" is %s, and no change is sent', async (how, code) => {
    server.fail.next({ operation: 'token', how });
    const before = server.requests.graphql;
    const create = roq.createUser({ reference: 'untold', ...personal });
    await expect(create).rejects.toMatchObject({ code, effect: 'none' });
    expect(server.requests.graphql).toBe(before);
  });

  test('that is throttled says how long to wait', async () => {
    server.fail.next({ operation: 'token', how: 'throttle', retryAfterSeconds: 7 });
    await expect(roq.users({})).rejects.toMatchObject({ retryAfterMs: 7_000, statusCode: 429 });
  });

  test('of a wrong API key is a matter of ours, and not of the user', async () => {
    const stranger = connect(server.url, { apiKey: 'wrong' });
    await expect(stranger.users({})).rejects.toMatchObject({ code: 'roq_unauthorized', effect: 'none' });
  });

  test.each(['{}', '{"accessToken":""}', '{"accessToken":null}', '[]', 'null', '<html>'])(
    'that is missing from the answer %s is never sent',
    async (answer) => {
      const asked: (string | undefined)[] = [];
      await withServer(
        (request, response) => {
          asked.push(request.url);
          response.setHeader('content-type', 'application/json').end(answer);
        },
        async (url) => {
          await expect(connect(url).users({})).rejects.toMatchObject({
            code: 'roq_unavailable',
            effect: 'none',
          });
        },
      );
      expect(asked).toEqual([tokenPath]);
    },
  );
});

describe('a call without an answer', () => {
  test.each<[string, (id: string, soon: CallOptions) => Promise<unknown>, object]>([
    ['user', (id, soon) => roq.user(id, soon), harmless()],
    ['users', (_, soon) => roq.users({}, soon), harmless()],
    ['createUser', (_, soon) => roq.createUser({ reference: 'x', ...personal }, soon), mayLand()],
    ['updateUser', (id, soon) => roq.updateUser(id, { firstName: 'X' }, soon), mayLand()],
    ['deactivateUser', (id, soon) => roq.deactivateUser(id, soon), mayLand()],
    ['change', (id, soon) => roq.change([{ update: { id, user: { active: true } } }], soon), mayLand()],
  ])('of %s ends by itself', async (_, call, failure) => {
    const { id } = await roq.createUser({ reference: 'waits', email: 'waits@example.com' });
    for (const operation of ['user', 'users', 'createUser', 'updateUser'] as const) {
      server.fail.always({ how: 'no-answer', operation });
    }
    await expect(call(id, { deadline: nowMs + 100 })).rejects.toMatchObject(failure);
  });

  test('may have made the change all the same', async () => {
    await roq.users({});
    server.fail.next({ how: 'no-answer', operation: 'createUser' });
    const create = roq.createUser({ reference: 'landed', ...personal }, { deadline: nowMs + 100 });
    await expect(create).rejects.toBeInstanceOf(RoqError);
    expect(rowsOf('landed')).toHaveLength(1);
  });

  test('to the fetch of the token ends by itself, and no change is sent', async () => {
    server.fail.next({ how: 'no-answer', operation: 'token' });
    const create = connect(server.url, { timeoutMs: 100 }).createUser({ reference: 'unsent', ...personal });
    await expect(create).rejects.toMatchObject(harmless());
    expect(rowsOf('unsent')).toEqual([]);
  });

  test('ends at its deadline', async () => {
    await roq.users({});
    server.fail.next({ how: 'no-answer', operation: 'users' });
    await expect(roq.users({}, { deadline: nowMs + 100 })).rejects.toMatchObject(harmless());
  });

  test('to the fetch of the token ends at its deadline, and the others wait on', async () => {
    server.fail.next({ how: 'slow', operation: 'token', delayMs: 300 });
    const patient = roq.users({});
    await expect(roq.users({}, { deadline: nowMs + 1 })).rejects.toMatchObject(harmless());
    expect(await patient).toBeDefined();
  });
});

describe('what goes wrong', () => {
  const create = { reference: 'wrong', ...personal };

  test.each([
    ['drop', 'roq_unavailable', 'none', 'roq_ambiguous', 'late'],
    ['answer-lost', 'roq_unavailable', 'none', 'roq_ambiguous', 'late'],
    ['bad-gateway', 'roq_unavailable', 'none', 'roq_ambiguous', 'late'],
    ['fail', 'roq_unavailable', 'none', 'roq_unavailable', 'unknown'],
    ['refuse', 'roq_unavailable', 'none', 'roq_refused', 'none'],
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

  test('a ROQ that is not there took no change, and had none to take', async () => {
    const gone = await urlOfNobody();
    await expect(connect(gone).createUser(create)).rejects.toMatchObject(harmless());
    // With a token at hand, so that it is the change itself that finds nobody.
    const fetchToken: typeof fetch = async (input, init) =>
      String(input).endsWith(tokenPath) ? Response.json({ accessToken: 'opaque' }) : fetch(input, init);
    await expect(connect(gone, { fetch: fetchToken }).createUser(create)).rejects.toMatchObject(harmless());
  });

  test.each([
    [{ retryAfterSeconds: 7 }, 7_000],
    [{ retryAfterSeconds: 0 }, null],
    [{}, null],
  ])('a call that is throttled with %j is to wait for %j ms', async (told, retryAfterMs) => {
    server.fail.next({ how: 'throttle', operation: 'createUser', ...told });
    const failure = { code: 'roq_throttled', statusCode: 429, retryAfterMs };
    await expect(roq.createUser(create)).rejects.toMatchObject(failure);
  });

  test('a value that ROQ refuses is told by status, code and sub-code', async () => {
    const before = server.users.length;
    const failure = { code: 'roq_refused', effect: 'none', statusCode: 400, errorSubCode: 'VALIDATION' };
    await expect(roq.createUser({ ...create, email: 'no address' })).rejects.toMatchObject(failure);
    expect(server.users).toHaveLength(before);
  });

  test('a user that ROQ does not have is refused', async () => {
    const failure = { code: 'roq_refused', statusCode: 404, errorCode: 'NOT_FOUND' };
    await expect(roq.updateUser(unknownId, {})).rejects.toMatchObject(failure);
  });

  test.each([
    ['refuse', 'roq_refused'],
    ['fail', 'roq_unavailable'],
  ] as const)('a batch stops at the first to "%s": those before it are made', async (how, code) => {
    const references = [1, 2, 3, 4, 5].map((i) => `${how}${i}`);
    const changes = references.map((reference) => ({ create: { reference, email: 'b@example.com' } }));
    server.fail.always({ how, reference: `${how}3` });
    await expect(roq.change(changes)).rejects.toMatchObject({ code, effect: 'unknown' });
    expect(references.filter((reference) => rowsOf(reference).length > 0)).toEqual(references.slice(0, 2));
  });

  test('after the deadline nothing is sent, not even for a token', async () => {
    const before = { ...server.requests };
    await expect(roq.createUser(create, { deadline: nowMs })).rejects.toMatchObject(harmless());
    await roq.users({});
    await expect(roq.createUser(create, { deadline: nowMs - 1 })).rejects.toMatchObject(harmless());
    expect(server.requests).toEqual({
      ...before,
      token: before.token + 1,
      graphql: before.graphql + 1,
      users: before.users + 1,
    });
  });

  test.each(['drop', 'answer-lost', 'bad-gateway', 'throttle', 'fail', 'refuse'] as const)(
    'the error of "%s" carries neither the request nor what ROQ says of it',
    async (how) => {
      server.fail.next({ how, operation: 'createUser', reference: personal.email });
      expectNothingPersonal(await failureOf(roq.createUser({ ...personal, reference: personal.email })));
    },
  );
});

describe.each([301, 302, 303, 307, 308])('a host that answers %i and names another one', (status) => {
  test('is told the API key, and the other one nothing, and ROQ counts as unavailable', async () => {
    await withRedirect(status, isAny, async (url, reached) => {
      const create = connect(url).createUser({ reference: 'r', ...personal });
      await expect(create).rejects.toMatchObject({ ...harmless(), statusCode: status });
      await expect(connect(url).inspectToken()).rejects.toMatchObject({
        ...harmless(),
        statusCode: status,
      });
      expect(reached).toEqual([]);
    });
  });

  test('is told the user, and the other one nothing, and the change was not made', async () => {
    const isCall = (path: string | undefined) => path !== tokenPath;
    await withRedirect(status, isCall, async (url, reached) => {
      const create = connect(url).createUser({ reference: 'r', ...personal });
      await expect(create).rejects.toMatchObject({ ...harmless(), statusCode: status });
      expect(reached).toEqual([]);
    });
  });
});

test('calls that follow one another keep their connections', async () => {
  let connections = 0;
  await withGraphql(
    () => ({ data: { users: { data: [], totalCount: 0 } } }),
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

const tokenPath = '/v01/authorize/serviceAccount';

function connect(url: string, options: Partial<RoqOptions> = {}): Roq {
  const { environmentId, apiKey } = server;
  const { timeoutMs = 10_000, fetch = globalThis.fetch } = options;
  const credentials = { environmentId, apiKey, ...options };
  return createRoq({ ...credentials, url, timeoutMs, fetch, now: () => nowMs });
}

function harmless() {
  return { code: 'roq_unavailable', effect: 'none' };
}

function mayLand() {
  return { code: 'roq_ambiguous', effect: 'late' };
}

function faultsOf(document: string) {
  const schema = buildSchema(readFileSync(new URL('../../local/roq.graphql', import.meta.url), 'utf8'));
  return validate(schema, parse(document));
}

function rowsOf(reference: string) {
  return server.users.filter((user) => user.reference === reference);
}

async function everyReference(client: Roq, query: Omit<UsersQuery, 'offset'>): Promise<string[]> {
  const references: string[] = [];
  for await (const { reference } of client.allUsers(query)) references.push(reference);
  return references;
}

async function tokensDuring(work: () => Promise<unknown>): Promise<number> {
  const before = server.requests.token;
  await work();
  return server.requests.token - before;
}

async function failureOf(call: Promise<unknown>): Promise<RoqError> {
  const reason = await call.catch((error: unknown) => error);
  if (!(reason instanceof RoqError))
    throw new Error('The call was to fail with a RoqError', { cause: reason });
  return reason;
}

function expectNothingPersonal(error: RoqError): void {
  const shown = [inspect(error, { depth: 10, showHidden: true }), JSON.stringify(error), `${error.stack}`];
  for (const value of Object.values(personal)) expect(shown.join()).not.toContain(value);
}

type Row = Pick<RunningRoq['users'][number], 'reference' | 'tenantId'> & {
  readonly id: string;
  readonly day: number;
  readonly optedInAt?: string;
  readonly roles?: readonly string[];
  readonly active?: boolean;
};

function row({ reference, day, optedInAt, roles = [], active = true, ...ids }: Row) {
  const at = new Date(Date.UTC(2026, 0, day));
  return {
    ...ids,
    reference,
    roles,
    active,
    createdAt: at,
    updatedAt: at,
    email: `${reference}@example.com`,
    firstName: `First ${reference}`,
    lastName: `Last ${reference}`,
    locale: `${reference}-x`,
    phone: `phone ${reference}`,
    timezone: `zone/${reference}`,
    avatarUrl: null,
    customData: null,
    synced: true,
    twoFactorEnabled: false,
    isOptedIn: optedInAt !== undefined,
    optedInAt: optedInAt ? new Date(optedInAt) : null,
  };
}

async function urlOfNobody(): Promise<string> {
  let left = '';
  await withServer(
    () => {},
    async (url) => {
      left = url;
    },
  );
  return left;
}

/** A ROQ that gives anybody a token and answers everything else with `answer`. */
function withGraphql(
  answer: () => object,
  work: (url: string, server: Server) => Promise<void>,
  hear: (path: string) => void = () => {},
) {
  return withServer((request, response) => {
    hear(`${request.url}`);
    const body = request.url === tokenPath ? { accessToken: 'opaque' } : answer();
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
  }, work);
}

const isAny = () => true;

/** A host that hands out a token, and sends us elsewhere for the paths that are `moved`; `reached`: what came there. */
function withRedirect(
  status: number,
  moved: (path: string | undefined) => boolean,
  work: (url: string, reached: readonly (string | undefined)[]) => Promise<void>,
) {
  const reached: (string | undefined)[] = [];
  const elsewhere: RequestListener = (request, response) => {
    reached.push(request.url);
    response.setHeader('content-type', 'application/json').end('{"accessToken":"theirs","data":{}}');
  };
  return withServer(elsewhere, (other) =>
    withServer(
      (request, response) => {
        if (moved(request.url)) response.writeHead(status, { location: `${other}${request.url}` }).end();
        else response.setHeader('content-type', 'application/json').end('{"accessToken":"ours"}');
      },
      (url) => work(url, reached),
    ),
  );
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
