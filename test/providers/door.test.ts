import { randomUUID } from 'node:crypto';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { canonicalJson } from '../../lib/json.ts';
import { providers } from '../../lib/providers/registry.ts';
import { desired, type Facts, fold, toFacts } from '../../lib/user.ts';
import { senders } from '../../local/providers/registry.ts';
import {
  type Example,
  type SampleUser,
  type Sender,
  type SignedRequest,
  sampleUser,
} from '../../local/providers/sender.ts';
import { type Stack, startStack } from '../../local/stack.ts';
import { firstMirrored, listMirrored } from '../support/sent.ts';

let stack: Stack;
let user: SampleUser;

beforeAll(async () => {
  // These deactivate more users in an hour than is let through by default, and where an example alone could not make a
  // user, another provider signs the same one up before.
  const environment = { CEILING_COUNT: '10000', SHARED_REFERENCES: 'true' };
  stack = await startStack({ environment, log: () => {} });
});
afterAll(() => stack.close());
beforeEach(() => {
  user = sampleUser(randomUUID(), `${randomUUID()}@example.com`);
});

describe.each(senders)('$name, through the door,', (sender) => {
  const example = firstMirrored(sender);

  test.each(listMirrored(sender))('mirrors %s', async (_name, example) => {
    const atMs = Date.now();
    const before = await signUpBefore(example, atMs);
    const { headers, body } = await sign(sender, example.payload(user, atMs));
    const url = `${stack.webhookUrl}${sender.name}`;
    const answer = await fetch(url, { method: 'POST', headers, body: Buffer.from(body) });
    expect(answer.status).toBe(statusOf(sender));
    expectMirrored(foldWanted(before, example, atMs));
  });

  test('mirrors a body that comes as text, and one that comes as base64', async () => {
    const atMs = Date.now();
    for (const encoding of ['utf8', 'base64'] as const) {
      user = sampleUser(randomUUID(), `${randomUUID()}@example.com`);
      const before = await signUpBefore(example, atMs);
      const signed = await sign(sender, example.payload(user, atMs));
      expect(await invoke(sender, signed, encoding)).toMatchObject({ statusCode: statusOf(sender) });
      expectMirrored(foldWanted(before, example, atMs));
    }
  });
});

/** What happened to the user an hour before, where the example alone could not make one in ROQ. */
async function signUpBefore(example: Example, atMs: number): Promise<Facts> {
  const wanted = example.wanted(user, atMs);
  if (wanted.some(({ told }) => told?.email) && !wanted.some(({ told }) => told?.deleted)) return {};
  const time = atMs - 3_600_000;
  // A value of each, so that it shows when one is emptied.
  const told = { email: 'before@example.com', phone: '+4930123456', firstName: 'Before', lastName: 'Then' };
  const more = { locale: 'de-DE', timezone: 'Europe/Berlin', avatarUrl: 'https://example.com/before.png' };
  const asGeneric = { first_name: told.firstName, last_name: told.lastName, avatar_url: more.avatarUrl };
  await stack.identityProvider.send(`${stack.webhookUrl}generic`, [
    { type: 'user.signed_up', time, user: { id: user.id, ...told, ...more, ...asGeneric } },
  ]);
  expect(rows()).toMatchObject([{ ...told, ...more, active: true }]);
  return toFacts({ ...told, ...more }, time);
}

function sign(sender: Sender, payload: object): Promise<SignedRequest> {
  const { keys, settings: environment } = stack;
  return sender.sign(payload, { nowMs: Date.now(), keys, environment });
}

/** Calls the handler with the header names as the provider writes them. */
function invoke({ name }: Sender, { headers, body }: SignedRequest, encoding: 'utf8' | 'base64') {
  const event = {
    headers: { ...headers },
    pathParameters: { provider: name },
    body: Buffer.from(body).toString(encoding),
    isBase64Encoded: encoding === 'base64',
    version: '2.0',
    routeKey: '',
    rawPath: '',
    rawQueryString: '',
    requestContext: { http: { method: 'POST' } } as APIGatewayProxyEventV2['requestContext'],
  };
  return stack.webhookWith({})(event, { getRemainingTimeInMillis: () => 10_000 });
}

function foldWanted(before: Facts, { wanted }: Example, atMs: number): Facts {
  const heard = wanted(user, atMs).filter(({ reference }) => reference === user.id);
  expect(heard).not.toEqual([]);
  return heard.reduce((facts, { told, at }) => fold(facts, toFacts(told ?? {}, at)), before);
}

function expectMirrored(facts: Facts): void {
  const held = rows().map(({ customData, ...row }) => ({ ...row, customData: canonicalJson(customData) }));
  expect(held.map(toComparable)).toMatchObject([toComparable(desired(facts))]);
}

// ROQ answers '' where a text was never given, so '' and null are one.
function toComparable(state: object): object {
  return Object.fromEntries(
    Object.entries(state).map(([name, value]) => [name, value || (value === false ? false : null)]),
  );
}

function rows() {
  return stack.roq.users.filter(({ reference }) => reference === user.id);
}

function isOfTokens({ name }: Sender): boolean {
  return providers.some((provider) => provider.name === name && provider.answers === 'set');
}

function statusOf(sender: Sender): number {
  return isOfTokens(sender) ? 202 : 200;
}
