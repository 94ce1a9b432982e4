// A DynamoDB engine with our tables in it: dynalite, or by DYNAMODB_ENGINE the official DynamoDB Local, or the one
// that the simulator runs on.

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { connectDynamoDb } from '../../lib/dynamodb/client.ts';
import { createTable, startDynamoDb } from '../../local/dynamodb.ts';
import { createEngine, stateShape, usersShape } from '../simulation/dynamodb.ts';
import { serveDynamoDb } from '../simulation/dynamodb-server.ts';

export const tableName = 'roq-sync-test';
export const stateTableName = 'roq-sync-test-state';

export async function startTable(engine = process.env.DYNAMODB_ENGINE) {
  const dynamoDb =
    engine === 'simulated'
      ? await serveDynamoDb(tableName, stateTableName)
      : await startDynamoDb({ engine: engine === 'dynamodb-local' ? engine : 'dynalite' });
  const client = connectDynamoDb({
    endpoint: dynamoDb.url,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  if (engine !== 'simulated') {
    await createTable(client, tableName);
    await createTable(client, stateTableName, 'StateTable');
  }
  return {
    url: dynamoDb.url,
    client,
    close: async () => {
      client.destroy();
      await dynamoDb.close();
    },
  };
}

/** The simulated DynamoDB without a wire in between, for tests that make tens of thousands of calls. */
export function startTableInProcess(): Awaited<ReturnType<typeof startTable>> {
  const engine = createEngine({ [tableName]: usersShape, [stateTableName]: stateShape }, { now: Date.now });
  const client = new DynamoDBClient({ region: 'eu-central-1' });
  client.middlewareStack.add(
    (_next, context) => async (args) => ({
      response: {},
      output: {
        ...engine.execute(String(context.commandName).replace(/Command$/, ''), args.input),
        $metadata: {},
      },
    }),
    { step: 'initialize', priority: 'high' },
  );
  return { url: '', client, close: async () => client.destroy() };
}
