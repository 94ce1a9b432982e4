import { randomUUID } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { UnavailableError } from '../../lib/errors.ts';
import type { LogLine } from '../../lib/observability/log-line.ts';
import type { GenericEvent } from '../../local/identity-provider.ts';
import { type Stack, startStack } from '../../local/stack.ts';

const personal = { email: 'canary-mail@example.com', first_name: 'CanaryName', phone: '+49canary' };
const lines: LogLine[] = [];
const faults: string[] = [];

let stack: Stack;
let reference: string;

beforeAll(async () => {
  const log = (line: LogLine) => lines.push(line);
  stack = await startStack({ log, onError: (name) => faults.push(name) });
});
afterAll(() => stack.close());
beforeEach(() => {
  stack.roq.fail.clear();
  reference = randomUUID();
  lines.length = 0;
  faults.length = 0;
});

describe('an event over HTTP', () => {
  test('signed up, verified and disabled become createUser, isOptedIn true and active false', async () => {
    expect(await tell('user.signed_up', 1, personal)).toBe(200);
    expect(user()).toMatchObject([{ email: personal.email, isOptedIn: false, active: true }]);
    expect(await tell('user.email_verified', 2, { email: personal.email })).toBe(200);
    expect(user()).toMatchObject([{ isOptedIn: true, active: true }]);
    expect(await tell('user.disabled', 3)).toBe(200);
    expect(user()).toMatchObject([{ isOptedIn: true, active: false }]);
    expect((await stack.app.store.get(reference))?.roqId).toBe(user()[0]?.id);
  });

  test('is logged in one line: who, what, with which outcome, and how long the outsides took', async () => {
    await tell('user.signed_up', 1, personal);
    await tell('user.signed_up', 1, personal);
    expect(lines).toMatchObject([
      {
        message: 'event',
        provider: 'generic',
        kind: 'user.signed_up',
        reference,
        outcome: 'done',
        code: null,
      },
      { message: 'event', reference, outcome: 'repeat', roqMs: 0 },
    ]);
    expect(Object.keys(lines[0] ?? {})).toEqual(expect.arrayContaining(['eventId', 'roqMs', 'storeMs']));
  });

  test('names in its line what could not be read of it, and disables all the same', async () => {
    await tell('user.signed_up', 1, personal);
    const unreadable = { first_name: ['CanaryName'] } as object;
    expect(await tell('user.disabled', 2, unreadable)).toBe(200);
    expect(user()).toMatchObject([{ active: false }]);
    expect(lines[0]).not.toHaveProperty('unread');
    expect(lines[1]).toMatchObject({ outcome: 'done', unread: ['user.first_name'] });
    expect(JSON.stringify(lines)).not.toContain('CanaryName');
  });

  test('leaves no personal datum in the log', async () => {
    await tell('user.signed_up', 1, personal);
    stack.roq.fail.always({ how: 'refuse', operation: 'updateUser', reference });
    await tell('user.updated', 2, { ...personal, last_name: 'CanaryName2' });
    await post('generic', 'CanaryName');
    expect(lines.map(({ message }) => message).sort()).toEqual(['event', 'event', 'event', 'roq']);
    expect(JSON.stringify(lines).toLowerCase()).not.toContain('canary');
  });

  test('of a kind that we do not mirror is accepted and left alone', async () => {
    const message = JSON.stringify({
      type: 'session.created',
      object: 'event',
      data: {},
      timestamp: Date.now(),
    });
    expect((await postClerk(message)).status).toBe(200);
    expect(lines).toMatchObject([{ kind: 'session.created', outcome: 'ignored' }]);
  });

  test('arrives whole as text and as base64', async () => {
    const at = Date.now();
    const email = { id: 'e', email_address: 'ü@example.com', verification: { status: 'verified' } };
    const data = { id: reference, email_addresses: [email], primary_email_address_id: 'e', updated_at: at };
    const message = JSON.stringify({ type: 'user.created', object: 'event', data, timestamp: at });
    expect((await postClerk(message)).status).toBe(200);
    expect(user()).toMatchObject([{ email: 'ü@example.com', isOptedIn: true }]);
    reference = randomUUID();
    const binary = message.replace(data.id, reference);
    expect((await postClerk(binary, { 'content-type': 'application/octet-stream' })).status).toBe(200);
    expect(user()).toMatchObject([{ email: 'ü@example.com', isOptedIn: true }]);
  });

  test('as a security event token is answered 202', async () => {
    await tell('user.signed_up', 1, personal);
    const token = await securityEvent('account-disabled');
    expect((await post('ssf', token, { 'content-type': 'application/secevent+jwt' })).status).toBe(202);
    expect(user()).toMatchObject([{ active: false }]);
  });
});

describe('2xx means recorded, though', () => {
  test('ROQ is down', async () => {
    stack.roq.fail.always({ how: 'bad-gateway' });
    expect(await tell('user.signed_up', 1, personal)).toBe(200);
    expect(await stack.app.store.get(reference)).toMatchObject({
      queue: 'pending',
      version: 1,
      syncedVersion: 0,
    });
  });

  test('ROQ is slower than the sender would wait', async () => {
    stack.roq.fail.always({ how: 'slow', delayMs: 10_000 });
    expect(await tell('user.signed_up', 1, personal)).toBe(200);
    expect(await stack.app.store.get(reference)).toMatchObject({ queue: 'pending', lease: null });
  });

  test('ROQ refuses: that is parked, and the sender can do nothing about it', async () => {
    stack.roq.fail.always({ how: 'refuse', operation: 'createUser', reference });
    expect(await tell('user.signed_up', 1, personal)).toBe(200);
    expect(lines).toMatchObject([
      { message: 'roq', code: 'roq_refused' },
      { outcome: 'parked', code: 'roq_refused' },
    ]);
  });
});

describe('what is not a valid event', () => {
  test.each(['foreign key', 'unsigned', 'public key as secret', 'altered'] as const)(
    'by "%s" is answered 401, stores nothing and tells the sender nothing',
    async (forgery) => {
      const token = await stack.identityProvider.sign(event('user.signed_up', longAgo, personal), {
        forgery,
      });
      const answer = await post('generic', token, { 'content-type': 'application/jwt' });
      expect(answer.status).toBe(401);
      expect(await answer.json()).toEqual({ status: 'unauthorized' });
      expect(await stack.app.store.get(reference)).toBeNull();
      expect(lines).toMatchObject([{ outcome: 'rejected' }]);
    },
  );

  test.each([
    ['of an unknown provider', 404, 'provider_unknown', () => post('nobody', '{}')],
    ['without a signature', 401, 'signature_missing', () => post('clerk', '{}')],
    ['with its signature twice', 401, 'header_duplicated', () => postClerk('{}', { 'SVIX-ID': 'twice' })],
    ['that is not JSON', 400, 'body_malformed', () => postClerk('not json')],
    ['of another shape', 400, 'payload_invalid', () => postClerk('{"type":7}')],
    ['over 1 MiB', 413, 'body_too_large', () => postClerk(JSON.stringify({ x: 'x'.repeat(1_048_576) }))],
    ['dated in the future', 401, 'from_the_future', () => send('user.signed_up', Date.now() + 3_600_000)],
  ])('%s is answered %i', async (_, status, code, deliver) => {
    expect((await deliver())?.status).toBe(status);
    expect(lines).toMatchObject([{ outcome: 'rejected', code }]);
  });

  test.each([
    ['issuer', { iss: 'https://other.example' }, 'invalid_issuer'],
    ['audience', { aud: 'other' }, 'invalid_audience'],
    ['shape', { events: {} }, 'invalid_request'],
  ])(
    'as a security event token of a wrong %s is answered 400 with the error of RFC 8935',
    async (_, claims, err) => {
      const token = await securityEvent('account-disabled', claims);
      const answer = await post('ssf', token, { 'content-type': 'application/secevent+jwt' });
      expect(answer.status).toBe(400);
      expect(answer.headers.get('content-language')).toBe('en');
      expect(await answer.json()).toMatchObject({ err });
    },
  );
});

describe('our own trouble before anything is recorded is answered 503, so that the sender tries again', () => {
  test('when DynamoDB cannot be reached', async () => {
    const unreachable = () => Promise.reject(new UnavailableError('store_unavailable', 'not reached'));
    const handler = stack.webhookWith({ store: { ...stack.app.store, fold: unreachable } });
    const answer = await handler(await gatewayEvent(), { getRemainingTimeInMillis: () => 10_000 });
    expect(answer).toMatchObject({ statusCode: 503, headers: { 'retry-after': '5' } });
    expect(lines).toMatchObject([{ outcome: 'unavailable', code: 'store_unavailable' }]);
  });

  test('when the key set cannot be had', async () => {
    const lost = await startStack({
      log: (line) => lines.push(line),
      environment: { GENERIC_JWKS_URL: 'http://127.0.0.1:9/keys' },
    });
    try {
      const [answer] = await lost.identityProvider.send(`${lost.webhookUrl}generic`, [
        event('user.signed_up', longAgo),
      ]);
      expect(answer?.status).toBe(503);
      expect(lines).toMatchObject([{ outcome: 'unavailable', code: 'keys_unavailable' }]);
    } finally {
      await lost.close();
    }
  });
});

test('the time that it took to get ready is the sender’s, so that ROQ is left to the schedule where none remains', async () => {
  const context = { getRemainingTimeInMillis: () => 10_000 };
  const answer = await stack.webhookWith({})(await gatewayEvent(), context, Date.now() - 60_000);
  expect(answer).toMatchObject({ statusCode: 200 });
  expect(user()).toEqual([]);
  expect(await stack.app.store.get(reference)).toMatchObject({ queue: 'pending' });
});

test('what is recorded is answered 200, though what became of it could not be written down', async () => {
  const unreachable = () => Promise.reject(new UnavailableError('store_unavailable', 'not reached'));
  const handler = stack.webhookWith({ store: { ...stack.app.store, mark: unreachable } });
  const answer = await handler(await gatewayEvent(), { getRemainingTimeInMillis: () => 10_000 });
  expect(answer).toMatchObject({ statusCode: 200 });
  expect(lines).toMatchObject([
    { message: 'failure', code: 'store_unavailable' },
    { message: 'event', outcome: 'pending', reference },
  ]);
  expect(await stack.app.store.get(reference)).toMatchObject({ queue: 'pending' });
});

test('a bug of ours behind what is recorded is answered 500 as well', async () => {
  const broken = () => Promise.reject(new TypeError('a bug'));
  const handler = stack.webhookWith({ store: { ...stack.app.store, mark: broken } });
  await expect(handler(await gatewayEvent(), { getRemainingTimeInMillis: () => 10_000 })).rejects.toThrow();
});

test('a bug of ours is answered 500 and reported, never 2xx', async () => {
  const broken = () => Promise.reject(new TypeError('a bug'));
  const handler = stack.webhookWith({ store: { ...stack.app.store, fold: broken } });
  await expect(handler(await gatewayEvent(), { getRemainingTimeInMillis: () => 10_000 })).rejects.toThrow(
    'a bug',
  );
});

const longAgo = Date.parse('2026-01-01T00:00:00Z');

function event(
  type: GenericEvent['type'],
  time: number,
  more: Partial<GenericEvent['user']> = {},
): GenericEvent {
  return { id: randomUUID(), type, time, user: { ...more, id: reference } };
}

async function send(type: GenericEvent['type'], time: number, more: Partial<GenericEvent['user']> = {}) {
  const [answer] = await stack.identityProvider.send(`${stack.webhookUrl}generic`, [event(type, time, more)]);
  return answer;
}

/** `nth`: when it happened, in milliseconds from a moment long ago. */
async function tell(type: GenericEvent['type'], nth: number, more: Partial<GenericEvent['user']> = {}) {
  return (await send(type, longAgo + nth, more))?.status;
}

function post(provider: string, body: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${stack.webhookUrl}${provider}`, { method: 'POST', body, headers });
}

function postClerk(body: string, more: Record<string, string> = {}): Promise<Response> {
  const id = `msg_${randomUUID()}`;
  const at = new Date();
  const headers = new Headers({
    'content-type': 'application/json',
    'svix-id': id,
    'svix-timestamp': String(Math.floor(at.getTime() / 1000)),
    'svix-signature': new Webhook(stack.clerkSecret).sign(id, at, body),
  });
  for (const [name, value] of Object.entries(more)) {
    if (name === name.toLowerCase()) headers.set(name, value);
    else headers.append(name, value);
  }
  return fetch(`${stack.webhookUrl}clerk`, { method: 'POST', body: Buffer.from(body), headers });
}

function securityEvent(kind: string, claims: object = {}): Promise<string> {
  const { issuer } = stack.identityProvider;
  return stack.identityProvider.sign(event('user.disabled', longAgo), {
    header: { typ: 'secevent+jwt' },
    claims: {
      event: undefined,
      sub_id: { format: 'iss_sub', iss: issuer, sub: reference },
      events: { [`https://schemas.openid.net/secevent/risc/event-type/${kind}`]: {} },
      ...claims,
    },
  });
}

async function gatewayEvent() {
  const body = await stack.identityProvider.sign(event('user.signed_up', longAgo, personal));
  type Event = Parameters<ReturnType<Stack['webhookWith']>>[0];
  const requestContext = { http: { method: 'POST' } } as Event['requestContext'];
  return {
    version: '2.0',
    routeKey: '',
    rawPath: '',
    rawQueryString: '',
    headers: {},
    requestContext,
    pathParameters: { provider: 'generic' },
    body,
    isBase64Encoded: false,
  };
}

function user() {
  return stack.roq.users.filter((row) => row.reference === reference);
}
