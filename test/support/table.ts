// A real DynamoDB engine with our tables in it: dynalite, or the official DynamoDB Local by DYNAMODB_ENGINE.

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createTable, startDynamoDb } from '../../local/dynamodb.ts';

export const tableName = 'roq-sync-test';
export const stateTableName = 'roq-sync-test-state';

export async function startTable() {
  const engine = process.env.DYNAMODB_ENGINE === 'dynamodb-local' ? 'dynamodb-local' : 'dynalite';
  const dynamoDb = await startDynamoDb({ engine });
  const client = new DynamoDBClient({
    endpoint: dynamoDb.url,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  await createTable(client, tableName);
  await createTable(client, stateTableName, 'StateTable');
  return {
    url: dynamoDb.url,
    client,
    close: async () => {
      client.destroy();
      await dynamoDb.close();
    },
  };
}
