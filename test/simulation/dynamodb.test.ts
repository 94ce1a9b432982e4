// The simulated DynamoDB against dynalite: the same operations of our own come to the same, and the same requests are
// refused.

import {
  DynamoDBServiceException,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDocuments } from '../../lib/dynamodb/documents.ts';
import type { Leased } from '../../lib/dynamodb/fold.ts';
import { createQueries } from '../../lib/dynamodb/queries.ts';
import { queues, shardsOf } from '../../lib/dynamodb/record.ts';
import { createStore } from '../../lib/dynamodb/store.ts';
import { type Facts, toFacts } from '../../lib/user.ts';
import { startTable, stateTableName, tableName } from '../support/table.ts';

type Engine = Awaited<ReturnType<typeof startTable>>;

let simulated: Engine;
let dynalite: Engine;

beforeAll(async () => {
  [simulated, dynalite] = await Promise.all([startTable('simulated'), startTable('dynalite')]);
});
afterAll(() => Promise.all([simulated.close(), dynalite.close()]));

const observed = { email: 'a@x.example', active: true, phone: null, isOptedIn: false };
const found = { roqId: 'r1', observed };

const operation = fc.record({
  do: fc.constantFrom(
    ...[
      'fold',
      'fold',
      'fold',
      'take',
      'take due',
      'mark',
      'wait',
      'postpone',
      'keep',
      'park',
      'hold',
      'adopt',
      'pass',
    ],
    ...['spend', 'refund', 'put', 'list', 'get'],
  ),
  user: fc.nat(1),
  owner: fc.constantFrom('one', 'two'),
  facts: fc.constantFrom<Facts>(
    {},
    toFacts({ email: 'a@x.example', firstName: null }, 1),
    toFacts({ email: 'b@x.example', disabled: true }, 2),
    toFacts({ disabled: false, timezone: 'x' }, 2),
    toFacts({ emailVerified: true, customData: '{"a":1}' }, 3),
  ),
  number: fc.integer({ min: 1, max: 5 }),
});

type Operation = typeof operation extends fc.Arbitrary<infer Each> ? Each : never;

let histories = 0;

test('any operations of ours, in any order, come to the same results and leave the same items', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { minLength: 1, maxLength: 25 }), async (history) => {
      histories += 1;
      const [one, other] = await Promise.all([outcomeAt(simulated, history), outcomeAt(dynalite, history)]);
      expect(one).toEqual(other);
    }),
    { numRuns: 60, seed: 5 },
  );
}, 60_000);

async function outcomeAt({ client }: Engine, history: readonly Operation[]): Promise<unknown> {
  let nowMs = 1_000_000;
  const now = () => nowMs;
  const store = createStore({ client, tableName, now });
  const queries = createQueries({ client, tableName });
  const documents = createDocuments({ client, tableName: stateTableName, now });
  const held = new Map<string, Leased>();
  const results: unknown[] = [];
  for (const { do: what, user, owner, facts, number } of history) {
    const reference = `history ${histories} user ${user}`;
    const id = `history ${histories}`;
    const lease = held.get(`${reference} ${owner}`);
    const keep = (leased: Leased | null) => leased && held.set(`${reference} ${owner}`, leased);
    const dueAt = nowMs + number * 1_000;
    const operations: Record<string, () => Promise<unknown>> = {
      fold: async () => {
        const folded = await store.fold(reference, facts, owner, 2_000);
        keep(folded.leased);
        return folded;
      },
      take: async () => keep(await store.take(reference, owner, 2_000)) && held.get(`${reference} ${owner}`),
      'take due': async () => keep(await store.take(reference, owner, 2_000, nowMs)) !== null,
      mark: async () => lease && store.mark(lease, found, null),
      wait: async () => lease && store.mark(lease, { roqId: null, observed: null }, 'waiting'),
      postpone: async () => lease && store.postpone(lease, found, 'roq_unavailable', dueAt),
      keep: async () =>
        lease && store.postpone(lease, { ...found, observed: null }, 'roq_ambiguous', dueAt, dueAt),
      park: async () => lease && store.park(lease, found, 'roq_refused'),
      hold: async () => lease && store.hold(lease, found),
      adopt: async () => store.adopt(reference, found),
      pass: async () => {
        nowMs += number * 700;
      },
      spend: async () => documents.spend(id, number, 8, 1_000),
      refund: async () => documents.refund(id, 1),
      put: async () =>
        documents.put('job', `${id} ${user}`, { number }, number === 5 ? null : number - 1, number * 1_000),
      list: async () =>
        (await Array.fromAsync(documents.list('job'))).filter((entry) => entry.id.startsWith(`${id} `)),
      get: async () => store.get(reference),
    };
    results.push(await operations[what]?.());
  }
  const references = [0, 1].map((user) => `history ${histories} user ${user}`);
  const records = [...(await queries.getMany(references))].sort(([a], [b]) => (a < b ? -1 : 1));
  const queued = await Promise.all(
    queues.flatMap(shardsOf).map((shard) => queries.due(shard, nowMs + 10_000, 1_000)),
  );
  const mine = queued.flatMap(({ entries }) => entries).filter((each) => references.includes(each));
  return { results, records, mine: mine.sort(), count: await documents.get('count', `history ${histories}`) };
}

const names = [
  ...[
    'reference',
    'version',
    'syncedVersion',
    'roqId',
    'observed',
    'owner',
    'leaseUntil',
    'shard',
    'dueAt',
    'at',
  ],
  ...[
    'pendingSince',
    'attempts',
    'lastError',
    'cleared',
    'email',
    'phone',
    'firstName',
    'lastName',
    'locale',
  ],
  ...[
    'timezone',
    'avatarUrl',
    'customData',
    'tenantId',
    'emailVerified',
    'disabled',
    'deleted',
    'value',
    'kind',
  ],
  ...['id', 'document', 'revision', 'count', 'expiresAt'],
];

test.each(names)(
  'an attribute called "%s" stands bare in an expression at both or at neither',
  async (name) => {
    await expectSame({ ConditionExpression: `attribute_not_exists(${name})`, UpdateExpression: 'REMOVE x' });
  },
);

const one = { ':one': { N: '1' } };
const texts = { ':texts': { SS: ['a', 'b'] } };
const requests: Readonly<Record<string, Partial<UpdateItemCommandInput>>> = {
  'a name that is not given': { UpdateExpression: 'REMOVE #x' },
  'a value that is not given': { UpdateExpression: 'SET x = :one' },
  'a name that is not used': { UpdateExpression: 'REMOVE x', ExpressionAttributeNames: { '#y': 'y' } },
  'a value that is not used': { UpdateExpression: 'REMOVE x', ExpressionAttributeValues: one },
  'an attribute touched twice': { UpdateExpression: 'SET x = :one REMOVE x', ExpressionAttributeValues: one },
  'a clause that comes twice': { UpdateExpression: 'REMOVE x REMOVE y' },
  'a change of the key': { UpdateExpression: 'SET id = :one', ExpressionAttributeValues: one },
  'an open parenthesis': { UpdateExpression: 'REMOVE x', ConditionExpression: '(attribute_exists(x)' },
  'a comparison without a right side': { UpdateExpression: 'REMOVE x', ConditionExpression: 'x =' },
  'an unknown function': { UpdateExpression: 'REMOVE x', ConditionExpression: 'exists(x)' },
  'a sum with what is not there': { UpdateExpression: 'SET x = y + :one', ExpressionAttributeValues: one },
  'a sum with a text': {
    UpdateExpression: 'SET x = :text + :one',
    ExpressionAttributeValues: { ...one, ':text': { S: 'text' } },
  },
  'AND that binds more tightly than OR': {
    UpdateExpression: 'SET x = :one',
    ConditionExpression: 'attribute_not_exists(x) OR attribute_exists(x) AND attribute_exists(y)',
    ExpressionAttributeValues: one,
  },
  NOT: { UpdateExpression: 'REMOVE x', ConditionExpression: 'NOT attribute_exists(y) AND NOT (x = y)' },
  'a set that is added to': {
    UpdateExpression: 'ADD texts :texts',
    ConditionExpression: 'attribute_not_exists(texts)',
    ExpressionAttributeValues: texts,
  },
  'a set that has it': {
    UpdateExpression: 'ADD texts :texts',
    ConditionExpression: 'contains(texts, :text)',
    ExpressionAttributeValues: { ...texts, ':text': { S: 'b' } },
  },
  'a set that lacks it': {
    UpdateExpression: 'REMOVE x',
    ConditionExpression: 'contains(texts, :text) OR contains(y, :text)',
    ExpressionAttributeValues: { ':text': { S: 'c' } },
  },
  'a number that is added to a set': { UpdateExpression: 'ADD texts :one', ExpressionAttributeValues: one },
  'a set that is added to a number': { UpdateExpression: 'ADD x :texts', ExpressionAttributeValues: texts },
  'an attribute that is not there, compared': {
    UpdateExpression: 'REMOVE x',
    ConditionExpression: 'y < :one OR y <> :one',
    ExpressionAttributeValues: one,
  },
};

test.each(Object.entries(requests))('%s comes to the same at both', async (_, request) => {
  await expectSame(request);
});

async function expectSame(request: Partial<UpdateItemCommandInput>): Promise<void> {
  const [atSimulated, atDynalite] = await Promise.all(
    [simulated, dynalite].map((each) => send(each, request)),
  );
  expect(atSimulated).toEqual(atDynalite);
}

async function send({ client }: Engine, request: Partial<UpdateItemCommandInput>): Promise<unknown> {
  const Key = { kind: { S: 'job' }, id: { S: 'expressions' } };
  try {
    const command = new UpdateItemCommand({
      TableName: stateTableName,
      Key,
      ReturnValues: 'ALL_NEW',
      ...request,
    });
    return (await client.send(command)).Attributes;
  } catch (error) {
    if (!(error instanceof DynamoDBServiceException)) throw error;
    return error.name;
  }
}
