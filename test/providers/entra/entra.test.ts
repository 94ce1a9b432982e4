import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { readSettings } from '../../../lib/config/settings.ts';
import { ConfigError } from '../../../lib/errors.ts';
import type { LookUp } from '../../../lib/event.ts';
import type { LogLine } from '../../../lib/observability/log-line.ts';
import { entra } from '../../../lib/providers/entra/entra.ts';
import { entra as sender } from '../../../local/providers/entra/entra.ts';
import { type SampleUser, sampleUser } from '../../../local/providers/sender.ts';
import { answerJson, type RunningServer, readBody, serve } from '../../../local/server.ts';
import { type Stack, startStack } from '../../../local/stack.ts';
import { withoutObjects } from '../../support/sent.ts';
import { connect } from '../reader.ts';

const nowMs = Date.parse('2026-01-04T12:00:00Z');
const lines: LogLine[] = [];

let graph: RunningServer;
let user: SampleUser;
/** What Graph has under a path, with what status; all else is 404. */
let held: Map<string, readonly [status: number, body: object]>;
/** What was asked of Graph, and of what gives out tokens. */
let asked: string[];
let tokens: URLSearchParams[];
let tokenLifeS: number;

beforeAll(async () => {
  graph = await serve(0, answer);
});
afterAll(() => graph.close());
beforeEach(() => {
  user = sampleUser(randomUUID(), `${randomUUID()}@example.com`);
  held = new Map();
  asked = [];
  tokens = [];
  tokenLifeS = 3_599;
  lines.length = 0;
});
afterEach(() => {
  vi.useRealTimers();
});

async function answer(request: IncomingMessage, response: ServerResponse) {
  const { pathname, searchParams } = new URL(request.url ?? '', graph.url);
  if (pathname === '/tenant-1/oauth2/v2.0/token') {
    tokens.push(new URLSearchParams((await readBody(request, 4_096)).toString()));
    const access_token = `token-${tokens.length}`;
    return answerJson(response, 200, { token_type: 'Bearer', expires_in: tokenLifeS, access_token });
  }
  asked.push(`${pathname} ${searchParams.get('$select')} ${request.headers.authorization}`);
  const [status, body] = held.get(pathname) ?? [404, { error: { code: 'Request_ResourceNotFound' } }];
  answerJson(response, status, body, { date: 'Sun, 04 Jan 2026 12:00:00 GMT' });
}

function graphSettings() {
  return {
    ENTRA_TENANT_ID: 'tenant-1',
    ENTRA_CLIENT_ID: 'app-1',
    ENTRA_CLIENT_SECRET: 'app-secret',
    ENTRA_LOGIN_URL: graph.url,
    ENTRA_GRAPH_URL: graph.url,
  };
}

function connectUsers(environment: Readonly<Record<string, string>>): LookUp | null {
  const settings = readSettings(entra.settings, {
    ENTRA_CLIENT_STATES: 'a-state-of-some-length',
    ...environment,
  });
  const users = entra.lookUp?.(settings);
  return users ? withoutObjects(users) : null;
}

function lookUp(): LookUp {
  const users = connectUsers(graphSettings());
  if (!users) throw new Error('it has all of its settings');
  return users;
}

function toUser(members: object = {}): object {
  return {
    id: user.id,
    accountEnabled: true,
    mail: user.email,
    userPrincipalName: 'ada@acme.onmicrosoft.com',
    givenName: user.firstName,
    surname: user.lastName,
    mobilePhone: user.phone,
    preferredLanguage: 'en-GB',
    ...members,
  };
}

const holdUser = (members: object = {}) => held.set(`/v1.0/users/${user.id}`, [200, toUser(members)]);

describe('a notification', () => {
  const read = connect(entra, { ENTRA_CLIENT_STATES: 'next current' });
  const resourceData = { '@odata.type': '#Microsoft.Graph.User', id: 'user-1' };
  const removal = { changeType: 'deleted', resourceData, clientState: 'current' };
  const send = (...value: readonly object[]) =>
    read({ headers: {}, body: Buffer.from(JSON.stringify({ value })) }, nowMs);

  test.each([
    [undefined, 'signature_missing'],
    [null, 'signature_missing'],
    ['', 'signature_missing'],
    ['retired', 'credential_mismatch'],
    ['Current', 'credential_mismatch'],
    [7, 'signature_missing'],
  ])('with the secret %j is refused, and all others of its request with it', async (clientState, code) => {
    await expect(send(removal, { ...removal, clientState })).rejects.toMatchObject({ code });
    await expect(send({ ...removal, clientState }, removal)).rejects.toMatchObject({ code });
  });

  test('must be one at least, for an empty list proves nothing', async () => {
    await expect(send()).rejects.toMatchObject({ code: 'signature_missing' });
  });

  test('may write its secret with escapes, which is read before anything else', async () => {
    const escaped = { ...removal, clientState: 'ESCAPED' };
    const write = (text: string) =>
      read(
        { headers: {}, body: Buffer.from(JSON.stringify({ value: [escaped] }).replace('ESCAPED', text)) },
        nowMs,
      );
    expect(await write('\\u0063urrent')).toMatchObject([{ reference: 'user-1' }]);
    await expect(write('\\u0063urren')).rejects.toMatchObject({ code: 'credential_mismatch' });
    await expect(write('current\\')).rejects.toMatchObject({ code: 'signature_missing' });
  });

  test.each([
    ['of its own, where it tells one', '2026-01-04T11:59:58.1234567Z', nowMs - 1_877],
    ['of ours, where it tells none', undefined, nowMs],
    ['of ours, where it tells that of an empty clock', '0001-01-01T00:00:00Z', nowMs],
  ])('has the time %s', async (_which, eventTime, at) => {
    expect(await send({ ...removal, resourceData: { ...resourceData, eventTime } })).toMatchObject([
      { reference: 'user-1', at, told: { deleted: true } },
    ]);
  });

  test.each(['missed', 'subscriptionRemoved', 'reauthorizationRequired'])(
    'of the life cycle, %s, tells nothing, and is a notice that has the tenant pulled',
    async (lifecycleEvent) => {
      const { clientState } = removal;
      expect(await send({ lifecycleEvent, subscriptionId: 'subscription-1', clientState })).toEqual([
        {
          id: null,
          kind: `lifecycle.${lifecycleEvent}`,
          reference: null,
          at: nowMs,
          told: null,
          isNotice: true,
        },
      ]);
    },
  );

  test("about a user's messages is not about the user", async () => {
    const message = { '@odata.type': '#Microsoft.Graph.Message', '@odata.id': 'Users/1/Messages/2', id: '2' };
    expect(await send({ ...removal, resourceData: message })).toMatchObject([
      { kind: 'message.deleted', reference: null, told: null },
    ]);
  });

  test('needs a secret that a subscription can have', () => {
    expect(() => connect(entra, { ENTRA_CLIENT_STATES: 'x'.repeat(129) })).toThrow(ConfigError);
  });
});

describe('the challenge', () => {
  const ask = (validationToken: string, method = 'POST') =>
    entra.challenge?.({ method, query: { validationToken }, headers: {}, body: new Uint8Array() });

  test('comes back as plain text', () => {
    const token = 'Validation: Testing client application reachability for subscription Request-Id: 1+/=&%3a';
    expect(ask(token)).toEqual({ contentType: 'text/plain', body: token });
  });

  test.each([
    ['empty', ''],
    ['too long', 'x'.repeat(1_025)],
    ['of control characters', 'a\r\nb'],
    ['markup', '<script>alert(1)</script>'],
  ])('that is %s is none', (_what, token) => {
    expect(ask(token)).toBeNull();
  });

  test('is asked by POST alone', () => {
    expect(ask('token', 'GET')).toBeNull();
  });
});

describe('a user read back', () => {
  test('is told as Graph has them, at the time of its answer', async () => {
    holdUser();
    const { id, ...told } = user;
    expect(await lookUp()(id)).toEqual({ told: { ...told, locale: 'en-GB', disabled: false }, at: nowMs });
    const read = 'id,accountEnabled,mail,userPrincipalName,givenName,surname,mobilePhone,preferredLanguage';
    const select = `${read},companyName,department,employeeType,jobTitle,usageLocation,userType`;
    expect(asked).toEqual([`/v1.0/users/${id} ${select} Bearer token-1`]);
    expect(tokens.map((form) => Object.fromEntries(form))).toEqual([
      {
        grant_type: 'client_credentials',
        client_id: 'app-1',
        client_secret: 'app-secret',
        scope: `${graph.url}/.default`,
      },
    ]);
  });

  test.each([
    ['the user name, where there is no mailbox', { mail: null }, { email: 'ada@acme.onmicrosoft.com' }],
    [
      'empty, for a guest without one',
      { mail: null, userPrincipalName: 'ada_example.com#EXT#@acme.onmicrosoft.com' },
      {},
    ],
  ])('has as address %s', async (_what, members, told) => {
    holdUser(members);
    const found = await lookUp()(user.id);
    expect(found?.told.email).toBe('email' in told ? told.email : undefined);
  });

  test.each([
    [undefined, undefined],
    ['true', true],
  ])('with ENTRA_EMAILS_ARE_VERIFIED %j has an address verified: %j', async (flag, emailVerified) => {
    holdUser();
    const found = await connectUsers({ ...graphSettings(), ENTRA_EMAILS_ARE_VERIFIED: flag ?? '' })?.(
      user.id,
    );
    expect(found?.told.emailVerified).toBe(emailVerified);
  });

  test.each([
    [true, false],
    [false, true],
    [null, undefined],
  ])('whose account is enabled: %j, is disabled: %j', async (accountEnabled, disabled) => {
    holdUser({ accountEnabled });
    expect((await lookUp()(user.id))?.told.disabled).toBe(disabled);
  });

  test('who is in the recycle bin is disabled and not deleted, for they may be restored', async () => {
    held.set(`/v1.0/directory/deletedItems/${user.id}`, [200, { id: user.id }]);
    expect(await lookUp()(user.id)).toEqual({ told: { disabled: true }, at: nowMs });
  });

  test('is asked for again where Graph has none of that id, there neither, for they may be too new', async () => {
    await expect(lookUp()(user.id)).rejects.toMatchObject({ code: 'profile_unavailable' });
  });

  test.each([
    ['of another id', 200, { id: 'user-2' }],
    ['refused', 403, {}],
    ['throttled', 429, {}],
  ])('is unavailable where the answer is %s', async (_what, status, body) => {
    held.set(`/v1.0/users/${user.id}`, [status, body]);
    await expect(lookUp()(user.id)).rejects.toMatchObject({ code: 'profile_unavailable' });
  });

  test('needs all of the tenant, the app and its secret, or none', () => {
    const { ENTRA_TENANT_ID, ENTRA_CLIENT_ID, ENTRA_CLIENT_SECRET } = graphSettings();
    expect(connectUsers({})).toBeNull();
    expect(connectUsers({ ENTRA_GRAPH_URL: graph.url })).toBeNull();
    expect(connectUsers({ ENTRA_TENANT_ID, ENTRA_CLIENT_ID, ENTRA_CLIENT_SECRET })).not.toBeNull();
    expect(() => connectUsers({ ENTRA_TENANT_ID })).toThrow(ConfigError);
    expect(() => connectUsers({ ENTRA_CLIENT_ID, ENTRA_CLIENT_SECRET })).toThrow(ConfigError);
    expect(() => connectUsers({ ...graphSettings(), ENTRA_GRAPH_URL: 'http://graph.example' })).toThrow(
      ConfigError,
    );
  });
});

describe('the token', () => {
  test('is fetched once for all who ask at once, and kept until shortly before it ends', async () => {
    holdUser();
    vi.useFakeTimers({ toFake: ['Date'], now: nowMs });
    const read = lookUp();
    await Promise.all([read(user.id), read(user.id), read(user.id)]);
    vi.setSystemTime(nowMs + 3_538_000);
    await read(user.id);
    expect(tokens).toHaveLength(1);
    vi.setSystemTime(nowMs + 3_540_000);
    await Promise.all([read(user.id), read(user.id)]);
    expect(tokens).toHaveLength(2);
    expect(asked.at(-1)).toMatch(/Bearer token-2$/);
  });

  test('that Graph refuses is fetched anew the next time', async () => {
    const read = lookUp();
    held.set(`/v1.0/users/${user.id}`, [401, {}]);
    await expect(read(user.id)).rejects.toMatchObject({ code: 'profile_unavailable' });
    holdUser();
    await expect(read(user.id)).resolves.not.toBeNull();
    expect(tokens).toHaveLength(2);
  });

  test('that can not be had is asked for again the next time', async () => {
    holdUser();
    const read = lookUp();
    tokenLifeS = Number.NaN;
    await expect(read(user.id)).rejects.toMatchObject({ code: 'profile_unavailable' });
    tokenLifeS = 3_599;
    await expect(read(user.id)).resolves.not.toBeNull();
  });
});

describe('through the door', () => {
  let stack: Stack;
  const start = async (environment: Readonly<Record<string, string>>) => {
    stack = await startStack({ environment, log: (line) => lines.push(line) });
  };
  const send = async (name: string) => {
    const payload = sender.examples[name]?.payload(user, Date.now()) ?? {};
    const { keys, settings: environment } = stack;
    const { headers, body } = await sender.sign(payload, { nowMs: Date.now(), keys, environment });
    return fetch(`${stack.webhookUrl}entra`, { method: 'POST', headers, body: Buffer.from(body) });
  };
  const rows = () => stack.roq.users.filter(({ reference }) => reference === user.id);

  describe('with credentials', () => {
    beforeAll(() => start(graphSettings()));
    afterAll(() => stack.close());

    test('a notification that only names a user mirrors them', async () => {
      holdUser();
      expect((await send('user.updated')).status).toBe(200);
      const { id: reference, ...profile } = user;
      expect(rows()).toMatchObject([{ reference, ...profile, locale: 'en-GB', active: true }]);
    });

    test('a user who goes to the recycle bin is deactivated', async () => {
      // Nothing is told for a time before it, because Graph's clock stands still here.
      holdUser({ accountEnabled: undefined });
      await send('user.updated');
      expect(rows()).toMatchObject([{ email: user.email, active: true }]);
      held = new Map([[`/v1.0/directory/deletedItems/${user.id}`, [200, { id: user.id }]]]);
      expect((await send('user.updated')).status).toBe(200);
      expect(rows()).toMatchObject([{ email: user.email, active: false }]);
      expect((await stack.app.store.get(user.id))?.facts.deleted).toBeUndefined();
    });

    test('a user is recorded while Graph is down, and the notification is to come again', async () => {
      held.set(`/v1.0/users/${user.id}`, [503, {}]);
      const refused = await send('user.updated');
      expect(refused.status).toBe(503);
      expect(refused.headers.get('retry-after')).toBe('5');
      const record = await stack.app.store.get(user.id);
      expect([record?.queue, record?.facts]).toEqual(['waiting', {}]);
      expect(lines).toMatchObject([
        { kind: 'user.updated', reference: user.id, outcome: 'waiting' },
        { outcome: 'unavailable', code: 'profile_unavailable', reference: null },
      ]);
      holdUser();
      expect((await send('user.updated')).status).toBe(200);
      expect(rows()).toMatchObject([{ email: user.email, active: true }]);
    });

    test('a user whom Graph has not everywhere yet is mirrored once it has', async () => {
      expect((await send('user.updated')).status).toBe(503);
      holdUser();
      expect((await send('user.updated')).status).toBe(200);
      expect(rows()).toMatchObject([{ email: user.email, active: true }]);
    });

    test('a deletion is told without Graph', async () => {
      holdUser();
      await send('user.updated');
      asked = [];
      expect((await send('user.deleted')).status).toBe(200);
      expect(rows()).toMatchObject([{ active: false }]);
      expect(asked).toEqual([]);
    });

    test('the challenge comes back decoded, as plain text, without the secret', async () => {
      const url = `${stack.webhookUrl}entra?validationToken=Validation%3a+Testing+Request-Id%3a+1%2b1`;
      const headers = { 'content-type': 'text/plain; charset=utf-8' };
      const answered = await fetch(url, { method: 'POST', headers });
      expect(answered.status).toBe(200);
      expect(answered.headers.get('content-type')).toBe('text/plain');
      expect(answered.headers.get('x-content-type-options')).toBe('nosniff');
      expect(await answered.text()).toBe('Validation: Testing Request-Id: 1+1');
    });
  });

  describe('without credentials', () => {
    beforeAll(() => start({}));
    afterAll(() => stack.close());

    test('a user who was only named waits for an e-mail address, and the log says so', async () => {
      expect((await send('user.updated')).status).toBe(200);
      expect(rows()).toEqual([]);
      expect(lines).toMatchObject([{ reference: user.id, outcome: 'waiting' }]);
      expect(await stack.app.store.get(user.id)).toMatchObject({ queue: 'waiting', roqId: null });
    });
  });
});
