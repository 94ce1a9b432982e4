import { Platform } from '@roq/nodejs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type RoqOptions, type RunningRoq, startRoq } from '../../local/roq.ts';

let roq: RunningRoq;
let nowMs: number;

beforeEach(async () => {
  nowMs = Date.now();
  roq = await startRoq({ pageCap: 3, now: () => nowMs, hasTies: false });
});

afterEach(() => roq.close());

function sdk(settings: { apiKey?: string } = {}) {
  const { url: host, environmentId, apiKey } = roq;
  return new Platform({ host, environmentId, apiKey, ...settings }).asSuperAdmin();
}

/** One that behaves otherwise, in place of the one that each test begins with. */
async function restart(options: RoqOptions): Promise<void> {
  await roq.close();
  roq = await startRoq({ pageCap: 3, now: () => nowMs, ...options });
}

const ada = { reference: 'u-1', email: 'ada@example.com' };

describe('the official SDK', () => {
  test('creates a user and finds it by id', async () => {
    const { createUser } = await sdk().createUser({
      user: { ...ada, firstName: 'Ada', customData: { plan: 1 } },
    });
    const { user } = await sdk().user({
      id: createUser.id,
      withRoles: true,
      withTenant: true,
      withUserGroups: true,
    });

    expect(user).toMatchObject({ ...createUser, ...ada, firstName: 'Ada', customData: { plan: 1 } });
    expect(user).toMatchObject({ active: true, isOptedIn: false, lastName: '', phone: null, synced: true });
    expect(user).toMatchObject({ tenant: { isDefault: true }, roles: { totalCount: 0 } });
    expect(roq.users).toMatchObject([{ ...ada, id: createUser.id }]);
  });

  test('changes just what an update names', async () => {
    const { createUser } = await sdk().createUser({ user: { ...ada, phone: '+15550001234' } });
    await sdk().updateUser({ id: createUser.id, user: { isOptedIn: true } });

    expect(roq.users).toMatchObject([{ ...ada, phone: '+15550001234', isOptedIn: true, active: true }]);
  });

  test('asks for one token, however many calls it makes', async () => {
    const client = sdk();
    await client.users({});
    await client.users({});

    expect(roq.requests).toMatchObject({ token: 1, graphql: 2, users: 2 });
  });

  test.each([
    ['an id that is no UUID', { id: 'u-1' }, 400, 'BAD_REQUEST'],
    ['an id that nobody has', { id: '80c81294-f338-4819-9b1f-acc314babd5f' }, 404, 'NOT_FOUND'],
  ])('hears of %s by status and code', async (_what, query, statusCode, errorCode) => {
    await expect(sdk().user(query)).rejects.toMatchObject({ statusCode, errorCode });
  });

  test('is turned away with a wrong API key', async () => {
    await expect(sdk({ apiKey: 'wrong' }).users({})).rejects.toMatchObject({
      statusCode: 401,
      errorCode: 'UNAUTHORIZED_EXCEPTION',
    });
  });

  test('is turned away once its token was made to expire', async () => {
    const client = sdk();
    await client.users({});
    roq.expireTokens();

    await expect(client.users({})).rejects.toMatchObject({ errorCode: 'UNAUTHORIZED_EXCEPTION' });
  });

  test('is turned away with a token that has outlived its time', async () => {
    const client = sdk();
    await client.users({});
    nowMs += 60 * 60 * 1000 + 1000;

    await expect(client.users({})).rejects.toMatchObject({ errorCode: 'UNAUTHORIZED_EXCEPTION' });
  });
});

describe('what is refused of a user', () => {
  test.each([
    ['email', { email: 'not an address' }],
    ['email', { email: '' }],
    ['firstName', { firstName: 'x'.repeat(256) }],
    ['reference', { reference: 'x'.repeat(256) }],
    ['tenantId', { tenantId: 'acme' }],
  ])('a wrong %s, with the field named', async (field, wrong) => {
    await expect(sdk().createUser({ user: { ...ada, ...wrong } })).rejects.toMatchObject({
      statusCode: 400,
      message: expect.stringContaining(field),
    });
    expect(roq.users).toEqual([]);
  });

  test.each([
    ['an array of custom data', { customData: [1] }],
    ['a bare value of custom data', { customData: 'x' }],
    ['no email', { email: undefined }],
    ['no reference', { reference: undefined }],
  ])('%s, before anything is run', async (_what, wrong) => {
    const { errors, data } = await post(
      'mutation ($user: UserCreateDto!) { createUser(user: $user) { id } }',
      {
        user: { ...ada, ...wrong },
      },
    );

    expect(data).toBeUndefined();
    expect(errors).toMatchObject([
      { extensions: { response: { statusCode: 400, errorCode: 'GRAPHQL_VALIDATION_FAILED' } } },
    ]);
    expect(roq.users).toEqual([]);
  });

  test('a change of the reference, which no update can name', async () => {
    const { errors } = await post(
      'mutation { updateUser(id: "80c81294-f338-4819-9b1f-acc314babd5f", user: { reference: "u-2" }) { id } }',
    );
    expect(errors).toMatchObject([{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }]);
  });
});

describe('the traps of the real one', () => {
  test('takes a reference twice', async () => {
    await sdk().createUser({ user: ada });
    await sdk().createUser({ user: ada });

    expect(roq.users).toMatchObject([{ reference: 'u-1' }, { reference: 'u-1' }]);
    expect(roq.users[1]?.createdAt.getTime()).toBeGreaterThan(roq.users[0]?.createdAt.getTime() ?? 0);
  });

  test('hides deactivated users unless they are asked for, even by reference', async () => {
    await sdk().createUser({ user: { ...ada, active: false } });
    const reference = { equalTo: 'u-1' };

    expect(await references({ filter: { reference } })).toEqual([]);
    expect(await references({ filter: { reference, active: { equalTo: false } } })).toEqual([]);
    expect(await references({ filter: { reference, withDeactivated: { equalTo: true } } })).toEqual(['u-1']);
  });

  test('caps a page in silence, and tells how many there are', async () => {
    await createUsers(5);

    const { users } = await sdk().users({ limit: 100 });
    expect(users.totalCount).toBe(5);
    expect(await references({ limit: 100 })).toEqual(['u-5', 'u-4', 'u-3']);
    expect(await references({})).toEqual(['u-5', 'u-4', 'u-3']);
    expect(await references({ limit: 2, offset: 1 })).toEqual(['u-4', 'u-3']);
  });

  test('looks at no more values of a list than a page holds, and counts only what it then finds', async () => {
    await createUsers(5);
    const valueIn = ['u-1', 'u-2', 'u-3', 'u-4', 'u-5'];

    const { users } = await sdk().users({ filter: { reference: { valueIn } } });
    expect(users.totalCount).toBe(3);
    expect(await references({ filter: { reference: { valueIn } }, order: oldestFirst })).toEqual([
      'u-1',
      'u-2',
      'u-3',
    ]);
  });

  test('gives users of one instant in any order, another one from page to page', async () => {
    const places = [0.1, 0.2, 0.3, 0.3, 0.2, 0.1];
    await restart({ random: () => places.shift() ?? 0 });
    await createUsers(3);

    expect(new Set(roq.users.map(({ createdAt }) => createdAt.getTime())).size).toBe(1);
    expect(await references({ limit: 1, offset: 0, order: oldestFirst })).toEqual(['u-1']);
    expect(await references({ limit: 1, offset: 2, order: oldestFirst })).toEqual(['u-1']);
  });

  test('runs aliased mutations up to the first that fails, and answers none of them', async () => {
    const { data, errors } = await post(`mutation {
      first: createUser(user: { reference: "u-1", email: "ada@example.com" }) { id }
      second: createUser(user: { reference: "u-2", email: "broken" }) { id }
      third: createUser(user: { reference: "u-3", email: "eve@example.com" }) { id }
    }`);

    expect(data).toBeNull();
    expect(errors).toMatchObject([
      { path: ['second'], extensions: { response: { statusCode: 400, variables: { email: 'broken' } } } },
    ]);
    expect(roq.users.map(({ reference }) => reference)).toEqual(['u-1']);
    expect(roq.requests).toMatchObject({ graphql: 1, createUser: 3 });
  });

  test('wants both authorization headers', async () => {
    const headers = await authorization();
    for (const name of Object.keys(headers)) {
      const { errors } = await post('{ users { totalCount } }', {}, { ...headers, [name]: 'Bearer x' });
      expect(errors).toMatchObject([{ extensions: { response: { errorCode: 'UNAUTHORIZED_EXCEPTION' } } }]);
    }
  });
});

describe('what only its database refuses', () => {
  test.each([
    ['a NUL in a text', { firstName: 'A\u0000' }, '22021'],
    ['a NUL in custom data', { customData: { list: ['\u0000'] } }, '22P05'],
    ['a NUL in a name of custom data', { customData: { '\u0000': 1 } }, '22P05'],
  ])('%s, as a failure of its own', async (_what, wrong, errorSubCode) => {
    const { createUser } = await sdk().createUser({ user: ada });

    expect(await post(create, { user: { ...ada, ...wrong } })).toMatchObject(failure(errorSubCode));
    expect(await post(update, { id: createUser.id, user: wrong })).toMatchObject(failure(errorSubCode));
    await expect(sdk().updateUser({ id: createUser.id, user: wrong })).rejects.toMatchObject({
      statusCode: 500,
      errorCode: 'INTERNAL_ERROR',
    });
    expect(roq.users).toMatchObject([{ firstName: '', customData: {} }]);
  });

  test('a NUL in what is looked for', async () => {
    const filter = { reference: { valueIn: ['u-1', 'u\u0000'] } };
    expect(await post(look, { filter })).toMatchObject(failure('22021'));
  });

  test('never a backslash before u0000, which is no NUL', async () => {
    await sdk().createUser({ user: { ...ada, customData: { path: '\\u0000' } } });
    expect(roq.users).toMatchObject([{ customData: { path: '\\u0000' } }]);
  });

  test('an address that another user has, where addresses are to be unique', async () => {
    await restart({ hasUniqueEmails: true });
    const { createUser } = await sdk().createUser({ user: ada });
    const eve = { reference: 'u-2', email: 'eve@example.com' };
    const { createUser: second } = await sdk().createUser({ user: eve });
    const user = { email: ada.email, active: false };

    expect(await post(create, { user: { ...ada, reference: 'u-3' } })).toMatchObject(failure('23505'));
    expect(await post(update, { id: second.id, user })).toMatchObject(failure('23505'));
    await sdk().updateUser({ id: createUser.id, user: { email: ada.email, firstName: 'Ada' } });
    expect(roq.users).toMatchObject([
      { ...ada, firstName: 'Ada' },
      { ...eve, active: true },
    ]);
  });

  // Without the SDK, which does not show the errorSubCode.
  const create = 'mutation ($user: UserCreateDto!) { createUser(user: $user) { id } }';
  const update = 'mutation ($id: ID!, $user: UserUpdateDto!) { updateUser(id: $id, user: $user) { id } }';
  const look = 'query ($filter: UserFilterArgType) { users(filter: $filter) { totalCount } }';
  const failure = (errorSubCode: string) => ({
    data: null,
    errors: [{ extensions: { response: { statusCode: 500, errorCode: 'INTERNAL_ERROR', errorSubCode } } }],
  });
});

test('keeps addresses in lower case, where it does', async () => {
  await restart({ lowersEmails: true });
  const { createUser } = await sdk().createUser({ user: { ...ada, email: 'Ada@Example.com' } });
  expect(createUser).toMatchObject({ email: 'ada@example.com' });
  const { updateUser } = await sdk().updateUser({ id: createUser.id, user: { email: 'A@x.example' } });
  expect(updateUser).toMatchObject({ email: 'a@x.example' });
  await sdk().updateUser({ id: createUser.id, user: { firstName: 'Ada' } });
  expect(roq.users).toMatchObject([{ email: 'a@x.example', firstName: 'Ada' }]);
});

test('knows a user no more who was taken away behind our back', async () => {
  const { createUser } = await sdk().createUser({ user: ada });
  roq.remove(createUser.id);

  await expect(sdk().updateUser({ id: createUser.id, user: { active: false } })).rejects.toMatchObject({
    statusCode: 404,
  });
  expect(await references({ filter: { withDeactivated: { equalTo: true } } })).toEqual([]);
});

describe('filters, order and search', () => {
  beforeEach(async () => {
    nowMs = Date.parse('2026-01-02T03:04:05Z');
    const people = [
      { reference: 'u-1', email: 'ada@example.com', firstName: 'Ada', isOptedIn: true, roles: ['admin'] },
      { reference: 'u-2', email: 'grace@example.com', firstName: 'Grace', lastName: '100%', phone: '+1' },
      { reference: 'u-3', email: 'alan@example.com', firstName: 'alan', timezone: 'Europe/London' },
    ];
    for (const user of people) await sdk().createUser({ user });
  });

  test.each([
    [{ reference: { valueIn: ['u-1', 'u-3', 'u-9'] } }, ['u-1', 'u-3']],
    [{ reference: { valueIn: [] } }, []],
    [{ reference: { valueNotIn: ['u-1'] } }, ['u-2', 'u-3']],
    [{ reference: { notEqualTo: 'u-1' } }, ['u-2', 'u-3']],
    [{ reference: { equalTo: null } }, ['u-1', 'u-2', 'u-3']],
    [{ firstName: { like: 'A%' } }, ['u-1']],
    [{ firstName: { iLike: 'a%' } }, ['u-1', 'u-3']],
    [{ firstName: { like: 'A_a' } }, ['u-1']],
    [{ lastName: { like: '100%' } }, ['u-2']],
    [{ firstName: { like: 'A\\_a' } }, []],
    [{ firstName: { like: '\\Ada' } }, ['u-1']],
    [{ email: { like: 'ada.example%' } }, []],
    [{ active: { notEqualTo: true } }, []],
    [{ optedInAt: { moreThan: '2026-01-01T00:00:00Z' } }, ['u-1']],
    [{ optedInAt: { lessThanEqual: '2026-01-01T00:00:00Z' } }, []],
    [{ roleKey: { equalTo: 'admin' } }, ['u-1']],
    [{ search: 'London' }, ['u-3']],
    [{ firstName: { like: 'A%' }, email: { like: 'g%' } }, []],
  ])('%j', async (filter, expected) => {
    expect(await references({ filter, order: oldestFirst })).toEqual(expected);
  });

  test('by id, which must be a UUID', async () => {
    const id = roq.users[1]?.id ?? '';
    expect(await references({ filter: { id: { valueIn: [id] } } })).toEqual(['u-2']);
    await expect(sdk().users({ filter: { id: { equalTo: 'u-2' } } })).rejects.toMatchObject({
      statusCode: 400,
    });
  });

  test('orders by what is asked for, and newest first when nothing is', async () => {
    expect(await references({})).toEqual(['u-3', 'u-2', 'u-1']);
    expect(await references({ order: oldestFirst })).toEqual(['u-1', 'u-2', 'u-3']);
    expect(await references({ order: { sort: 'email', order: 'DESC' } })).toEqual(['u-2', 'u-3', 'u-1']);
  });

  test('searches a part of one key', async () => {
    expect(await references({ search: { key: 'email', value: 'ace@' } })).toEqual(['u-2']);
    expect(await references({ search: { key: 'firstName', value: 'ace@' } })).toEqual([]);
  });
});

const oldestFirst = { sort: 'createdAt', order: 'ASC' };

async function createUsers(count: number): Promise<void> {
  for (let number = 1; number <= count; number += 1) {
    await sdk().createUser({ user: { reference: `u-${number}`, email: `u${number}@example.com` } });
  }
}

async function references(query: object): Promise<unknown[]> {
  const { users } = await sdk().users(query);
  return users.data.map(({ reference }) => reference);
}

async function authorization(): Promise<Record<string, string>> {
  const { environmentId, apiKey } = roq;
  const response = await fetch(`${roq.url}/v01/authorize/serviceAccount`, {
    method: 'POST',
    body: JSON.stringify({ email: 'project-service-account@roq.tech', environmentId, apiKey }),
  });
  const { accessToken } = (await response.json()) as { accessToken: string };
  return {
    'roq-platform-authorization': `Bearer ${accessToken}`,
    'roq-platform-server-authorization': `Basic ${btoa(`${environmentId}:${apiKey}`)}`,
  };
}

async function post(query: string, variables = {}, headers?: Record<string, string>) {
  const response = await fetch(`${roq.url}/v01/server/graphql`, {
    method: 'POST',
    headers: headers ?? (await authorization()),
    body: JSON.stringify({ query, variables }),
  });
  return (await response.json()) as { data?: unknown; errors?: unknown };
}
