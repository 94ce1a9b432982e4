// Records that are there already when a benchmark begins: one written by the store itself, and copies of it.

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type Item, shardOf, toRecord } from '../lib/dynamodb/record.ts';
import { createStore } from '../lib/dynamodb/store.ts';
import type { RoqFields } from '../lib/user.ts';
import type { Engine } from './dynamodb.ts';
import { emailOf, referenceOf, roqIdOf } from './users.ts';

export type Seed = { readonly are: 'in step' | 'pending'; readonly count: number };

const lastHour = Date.now() - 3_600_000;

/** Puts records into the engine, which is served at `url`. */
export async function seedRecords(engine: Engine, url: string, { are, count }: Seed): Promise<void> {
  const template = await writeFirst(engine, url, are);
  for (let i = 0; i < count; i++)
    engine.execute('PutItem', { TableName: 'users', Item: copyOf(template, i, are) });
}

async function writeFirst(engine: Engine, url: string, are: Seed['are']): Promise<Item> {
  const client = new DynamoDBClient({
    endpoint: url,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
  });
  const store = createStore({ client, tableName: 'users', now: () => lastHour });
  const reference = referenceOf(0);
  const { leased } = await store.fold(reference, factsOf(0), 'seed', 60_000, { source: 'clerk' });
  if (!leased) throw new Error('the first record is there already');
  if (are === 'in step') await store.mark(leased, { roqId: roqIdOf(0), observed: observedOf(0) }, null);
  else await store.postpone(leased, { roqId: null, observed: null }, 'roq_unavailable', lastHour);
  client.destroy();
  const read = engine.execute('GetItem', { TableName: 'users', Key: { reference: { S: reference } } });
  return (read as { Item: Item }).Item;
}

function copyOf(template: Item, number: number, are: Seed['are']): Item {
  const [reference, email] = [referenceOf(number), emailOf(number)];
  const { facts } = toRecord(template);
  const isPending = are === 'pending';
  return {
    ...template,
    reference: { S: reference },
    email: { M: { value: { S: email }, at: { N: String(facts.email?.at ?? 0) } } },
    ...(isPending && { shard: { S: shardOf('pending', reference) } }),
    ...(!isPending && { roqId: { S: roqIdOf(number) } }),
    ...(template.observed?.M && { observed: { M: { ...template.observed.M, email: { S: email } } } }),
  };
}

function factsOf(number: number) {
  const at = lastHour;
  return {
    email: { value: emailOf(number), at },
    firstName: { value: 'Ada', at },
    emailVerified: { value: true, at },
    disabled: { value: false, at },
  };
}

// As roq.ts has the users from the start.
function observedOf(number: number): RoqFields {
  return {
    email: emailOf(number),
    firstName: 'Ada',
    lastName: '',
    phone: null,
    locale: 'en-US',
    timezone: null,
    avatarUrl: '',
    tenantId: roqIdOf(0),
    customData: '{}',
    isOptedIn: true,
    active: true,
  };
}
