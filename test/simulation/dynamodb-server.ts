// The simulated DynamoDB behind DynamoDB's own protocol, so that the AWS SDK itself can be its client.

import { DynamoDBServiceException } from '@aws-sdk/client-dynamodb';
import { parseObject, type RunningServer, readBody, serve } from '../../local/server.ts';
import { createEngine, stateShape, usersShape } from './dynamodb.ts';

const bodyLimitBytes = 16 * 1024 * 1024;

/** Serves a simulated DynamoDB with our two tables in it, empty. */
export function serveDynamoDb(usersTable: string, stateTable: string): Promise<RunningServer> {
  const shapes = { [usersTable]: usersShape, [stateTable]: stateShape };
  const engine = createEngine(shapes, { now: Date.now, pageItems: 100 });
  return serve(0, async (request, response) => {
    const body = parseObject(await readBody(request, bodyLimitBytes)) ?? {};
    const operation = String(request.headers['x-amz-target']).split('.')[1] ?? '';
    const answer = (status: number, content: object) => {
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' });
      response.end(JSON.stringify(content));
    };
    try {
      answer(200, engine.execute(operation, body));
    } catch (error) {
      if (!(error instanceof DynamoDBServiceException)) throw error;
      const { name, message } = error;
      const item = 'Item' in error && { Item: error.Item };
      answer(400, { __type: `com.amazonaws.dynamodb.v20120810#${name}`, message, ...item });
    }
  });
}
