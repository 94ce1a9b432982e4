import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readSettings } from '../../../lib/config/settings.ts';
import { ConfigError } from '../../../lib/errors.ts';
import type { LogLine } from '../../../lib/observability/log-line.ts';
import { okta } from '../../../lib/providers/okta/okta.ts';
import { okta as sender } from '../../../local/providers/okta/okta.ts';
import { type SampleUser, sampleUser } from '../../../local/providers/sender.ts';
import { answerJson, type RunningServer, serve } from '../../../local/server.ts';
import { type Stack, startStack } from '../../../local/stack.ts';
import { withoutObjects } from '../../support/sent.ts';
import { connect } from '../reader.ts';

const lastUpdated = '2026-01-04T12:00:00.250Z';
const atMs = Date.parse(lastUpdated);
const asked: (readonly [url: string | undefined, authorization: string | undefined])[] = [];
const lines: LogLine[] = [];

let api: RunningServer;
let answer: (response: ServerResponse) => void;
let user: SampleUser;

beforeAll(async () => {
  api = await serve(0, async (request, response) => {
    asked.push([request.url, request.headers.authorization]);
    answer(response);
  });
});
afterAll(() => api.close());
beforeEach(() => {
  user = sampleUser(randomUUID(), `${randomUUID()}@example.com`);
  asked.length = 0;
  lines.length = 0;
});

function connectUsers(environment: Readonly<Record<string, string>>) {
  const settings = readSettings(okta.settings, { OKTA_SECRETS: 'a-secret-of-some-length', ...environment });
  const users = okta.lookUp?.(settings);
  return users ? withoutObjects(users) : null;
}

function toUser(members: object = {}): object {
  const { id, email, phone, firstName, lastName } = user;
  const profile = { login: 'ada', email, mobilePhone: phone, firstName, lastName };
  const more = { locale: 'en_GB', timezone: 'Europe/London', secondEmail: null };
  return { id, status: 'ACTIVE', lastUpdated, profile: { ...profile, ...more }, ...members };
}

describe('an event', () => {
  const read = connect(okta, { OKTA_SECRETS: 'next current' });
  const event = { uuid: 'event-1', published: lastUpdated, eventType: 'user.lifecycle.suspend' };
  const target = [{ id: 'user-1', type: 'User' }];
  const send = (...events: readonly object[]) =>
    read(
      {
        headers: { Authorization: 'current' },
        body: Buffer.from(JSON.stringify({ data: { events } })),
      },
      atMs,
    );

  test.each([
    ['FAILURE', { result: 'FAILURE' }],
    ['SKIPPED', { result: 'SKIPPED' }],
    ['no result', {}],
    ['nothing', null],
  ])('whose outcome is %s tells nothing', async (_what, outcome) => {
    expect(await send({ ...event, outcome, target })).toMatchObject([{ reference: null, told: null }]);
  });

  test.each([
    ['no target', null],
    ['targets none of which is a user', [{ id: 'app-1', type: 'AppUser' }]],
  ])('with %s is refused, and keeps none of the others of its request from us', async (_what, none) => {
    const outcome = { result: 'SUCCESS' };
    const unreadable = { ...event, outcome, target: none };
    expect(await send(unreadable, { ...event, outcome, target })).toEqual([
      { id: null, kind: 'unreadable', at: 0, reference: null, told: null, rejected: 'payload_invalid' },
      { id: 'event-1', kind: event.eventType, at: atMs, reference: 'user-1', told: { disabled: true } },
    ]);
    const alone = send(unreadable, { ...event, outcome: null });
    await expect(alone).rejects.toMatchObject({ code: 'payload_invalid' });
  });

  test('of a kind that is left alone may be without target and outcome', async () => {
    const { uuid, published } = event;
    expect(await send({ uuid, published, eventType: 'policy.lifecycle.update' })).toMatchObject([
      { kind: 'policy.lifecycle.update', told: null },
    ]);
  });
});

describe('the challenge', () => {
  const ask = (challenge: string, method = 'GET') =>
    okta.challenge?.({
      method,
      headers: { 'x-okta-verification-challenge': challenge },
      query: {},
      body: new Uint8Array(),
    });

  test('is answered as JSON', () => {
    expect(ask('VvLnNzIx-_0 "x"')).toEqual({
      contentType: 'application/json',
      body: '{"verification":"VvLnNzIx-_0 \\"x\\""}',
    });
  });

  test.each([
    ['empty', ''],
    ['too long', 'x'.repeat(513)],
    ['of control characters', 'a\u0000b'],
    ['of more than ASCII', 'ä'],
  ])('that is %s is none', (_what, challenge) => {
    expect(ask(challenge)).toBeNull();
  });

  test('is asked by GET alone', () => {
    expect(ask('challenge', 'POST')).toBeNull();
  });
});

describe('a user read back', () => {
  test('is told as the API has them, at the time of their last change', async () => {
    answer = (response) => answerJson(response, 200, toUser());
    const found = await connectUsers({ OKTA_API_URL: api.url, OKTA_API_TOKEN: 'token' })?.(user.id);
    const { id, ...told } = user;
    expect(found).toEqual({
      told: { ...told, locale: 'en_GB', timezone: 'Europe/London', disabled: false },
      at: atMs,
    });
    expect(asked).toEqual([[`/api/v1/users/${id}`, 'SSWS token']]);
  });

  test.each([
    [undefined, undefined],
    ['true', true],
  ])('with OKTA_EMAILS_ARE_VERIFIED %j has an address verified: %j', async (flag, emailVerified) => {
    answer = (response) => answerJson(response, 200, toUser());
    const vouched = { OKTA_EMAILS_ARE_VERIFIED: flag ?? '', OKTA_API_URL: api.url, OKTA_API_TOKEN: 'token' };
    const found = await connectUsers(vouched)?.(user.id);
    expect(found?.told.emailVerified).toBe(emailVerified);
  });

  test.each([
    ['STAGED', false],
    ['PROVISIONED', false],
    ['ACTIVE', false],
    ['RECOVERY', false],
    ['PASSWORD_EXPIRED', false],
    ['LOCKED_OUT', undefined],
    ['SUSPENDED', true],
    ['DEPROVISIONED', true],
  ])('of status %s is disabled: %j', async (status, disabled) => {
    answer = (response) => answerJson(response, 200, toUser({ status }));
    const found = await connectUsers({ OKTA_API_URL: api.url, OKTA_API_TOKEN: 'token' })?.(user.id);
    expect(found?.told.disabled).toBe(disabled);
  });

  test('is told but for what can not be read of them, and that is named', async () => {
    const profile = { email: 'ada@example.com', firstName: 7, lastName: ['x'] };
    answer = (response) => answerJson(response, 200, toUser({ status: 'UNHEARD_OF', profile }));
    const found = await connectUsers({ OKTA_API_URL: api.url, OKTA_API_TOKEN: 'token' })?.(user.id);
    expect(found).toEqual({
      told: { email: 'ada@example.com' },
      at: atMs,
      unread: ['status', 'profile.firstName', 'profile.lastName'],
    });
  });

  test('is nobody where the API has none of that id', async () => {
    answer = (response) => answerJson(response, 404, { errorCode: 'E0000007' });
    const found = connectUsers({ OKTA_API_URL: api.url, OKTA_API_TOKEN: 'token' })?.(user.id);
    await expect(found).resolves.toBeNull();
  });

  test.each(['me', '..', '../groups', 'a?b'])(
    'under %j is not taken for the user of that name',
    async (reference) => {
      answer = (response) => answerJson(response, 200, toUser());
      const found = connectUsers({ OKTA_API_URL: api.url, OKTA_API_TOKEN: 'token' })?.(reference);
      await expect(found).rejects.toMatchObject({ code: 'profile_unavailable' });
    },
  );

  test('needs both settings, or neither', () => {
    expect(connectUsers({})).toBeNull();
    expect(() => connectUsers({ OKTA_API_URL: api.url })).toThrow(ConfigError);
    expect(() => connectUsers({ OKTA_API_TOKEN: 'token' })).toThrow(ConfigError);
    expect(() => connectUsers({ OKTA_API_URL: 'http://example.okta.com', OKTA_API_TOKEN: 'token' })).toThrow(
      ConfigError,
    );
  });
});

describe('through the door', () => {
  let stack: Stack;
  const start = async (environment: Readonly<Record<string, string>>) => {
    stack = await startStack({ environment, log: (line) => lines.push(line) });
  };
  const toPayload = (name: string) => sender.examples[name]?.payload(user, Date.now()) ?? {};
  const send = (name: string) => post(toPayload(name));
  const post = async (payload: object) => {
    const { keys, settings: environment } = stack;
    const { headers, body } = await sender.sign(payload, { nowMs: Date.now(), keys, environment });
    return fetch(`${stack.webhookUrl}okta`, { method: 'POST', headers, body: Buffer.from(body) });
  };
  const rows = () => stack.roq.users.filter(({ reference }) => reference === user.id);

  describe('with credentials', () => {
    beforeAll(() => start({ OKTA_API_URL: api.url, OKTA_API_TOKEN: 'token' }));
    afterAll(() => stack.close());

    test('an event that only names a user mirrors them', async () => {
      answer = (response) => answerJson(response, 200, toUser());
      expect((await send('user.lifecycle.create')).status).toBe(200);
      const { id: reference, ...profile } = user;
      expect(rows()).toMatchObject([{ reference, ...profile, timezone: 'Europe/London', active: true }]);
    });

    test('an event that tells all there is asks for nothing', async () => {
      expect((await send('user.lifecycle.suspend')).status).toBe(200);
      expect(asked).toEqual([]);
    });

    test('what was told is recorded while the API is down, and the event is to come again', async () => {
      answer = (response) => answerJson(response, 500, {});
      const refused = await send('user.lifecycle.create-several');
      expect(refused.status).toBe(503);
      expect(refused.headers.get('retry-after')).toBe('5');
      expect((await stack.app.store.get(user.id))?.facts).toMatchObject({ disabled: { value: false } });
      expect(lines).toMatchObject([
        { kind: 'user.lifecycle.create', reference: user.id, outcome: 'waiting' },
        { kind: 'user.session.start', outcome: 'ignored' },
        { kind: 'user.lifecycle.activate', reference: user.id, outcome: 'waiting' },
        { outcome: 'unavailable', code: 'profile_unavailable', reference: null },
      ]);
      answer = (response) => answerJson(response, 200, toUser());
      expect((await send('user.lifecycle.create-several')).status).toBe(200);
      expect(rows()).toMatchObject([{ email: user.email, active: true }]);
    });

    test('an event that can not be read is rejected in the log, and the others are recorded', async () => {
      const text = JSON.stringify(toPayload('user.lifecycle.suspend'));
      const answered = await post(JSON.parse(text.replace('"events":[', '"events":[{"uuid":"broken"},')));
      expect(answered.status).toBe(200);
      expect((await stack.app.store.get(user.id))?.facts).toMatchObject({ disabled: { value: true } });
      expect(lines).toMatchObject([
        { kind: 'unreadable', reference: null, outcome: 'rejected', code: 'payload_invalid' },
        { kind: 'user.lifecycle.suspend', reference: user.id, outcome: 'waiting', code: null },
      ]);
    });

    test('the challenge comes back, without the secret', async () => {
      const headers = { 'X-Okta-Verification-Challenge': 'challenge-1' };
      const answered = await fetch(`${stack.webhookUrl}okta`, { headers });
      expect(answered.status).toBe(200);
      expect(answered.headers.get('content-type')).toBe('application/json');
      expect(await answered.json()).toEqual({ verification: 'challenge-1' });
      expect((await fetch(`${stack.webhookUrl}okta`)).status).toBe(401);
    });
  });

  describe('without credentials', () => {
    beforeAll(() => start({}));
    afterAll(() => stack.close());

    test('a user who was only named waits for an e-mail address, and the log says so', async () => {
      expect((await send('user.lifecycle.create')).status).toBe(200);
      expect(rows()).toEqual([]);
      expect(lines).toMatchObject([{ reference: user.id, outcome: 'waiting' }]);
      expect(await stack.app.store.get(user.id)).toMatchObject({ queue: 'waiting', roqId: null });
    });
  });
});
