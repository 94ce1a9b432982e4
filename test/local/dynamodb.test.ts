import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DescribeTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTable, type DynamoDbOptions, startDynamoDb } from '../../local/dynamodb.ts';

const engine = process.env.DYNAMODB_ENGINE === 'dynamodb-local' ? 'dynamodb-local' : 'dynalite';
const TableName = 'users';

let path: string;

beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'dynamodb-'));
});

afterEach(() => rm(path, { recursive: true }));

test('creates the table that serverless.yml describes', async () => {
  await within({}, async (client) => {
    const { Table } = await client.send(new DescribeTableCommand({ TableName }));

    expect(Table).toMatchObject({
      TableStatus: 'ACTIVE',
      KeySchema: [{ AttributeName: 'reference', KeyType: 'HASH' }],
      GlobalSecondaryIndexes: [
        {
          IndexName: 'pending',
          KeySchema: [
            { AttributeName: 'shard', KeyType: 'HASH' },
            { AttributeName: 'dueAt', KeyType: 'RANGE' },
          ],
        },
      ],
    });
  });
});

test('keeps just what is pending in the index', async () => {
  await within({}, async (client) => {
    const pending = { reference: { S: 'u-1' }, shard: { S: '0' }, dueAt: { N: '5' } };
    await client.send(new PutItemCommand({ TableName, Item: pending }));
    await client.send(new PutItemCommand({ TableName, Item: { reference: { S: 'u-2' } } }));
    const { Items } = await client.send(
      new QueryCommand({
        TableName,
        IndexName: 'pending',
        KeyConditionExpression: '#shard = :shard AND dueAt <= :now',
        ExpressionAttributeNames: { '#shard': 'shard' },
        ExpressionAttributeValues: { ':shard': { S: '0' }, ':now': { N: '9' } },
      }),
    );
    expect(Items).toEqual([pending]);
  });
});

test('leaves a table alone that is there already', async () => {
  await within({}, async (client) => {
    await client.send(new PutItemCommand({ TableName, Item: { reference: { S: 'u-1' } } }));
    await createTable(client, TableName);
    expect(await read(client)).toEqual({ reference: { S: 'u-1' } });
  });
});

test('keeps its data in a folder when given one', async () => {
  await within({ path }, (client) =>
    client.send(new PutItemCommand({ TableName, Item: { reference: { S: 'u-1' } } })),
  );
  await within({ path }, async (client) => expect(await read(client)).toEqual({ reference: { S: 'u-1' } }));
});

async function read(client: DynamoDBClient) {
  const { Item } = await client.send(new GetItemCommand({ TableName, Key: { reference: { S: 'u-1' } } }));
  return Item;
}

async function within(
  options: DynamoDbOptions,
  act: (client: DynamoDBClient) => Promise<unknown>,
): Promise<void> {
  const dynamoDb = await startDynamoDb({ engine, ...options });
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new DynamoDBClient({ endpoint: dynamoDb.url, region: 'eu-central-1', credentials });
  try {
    await createTable(client, TableName);
    await act(client);
  } finally {
    client.destroy();
    await dynamoDb.close();
  }
}
