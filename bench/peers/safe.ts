// The peer that takes care: each message once, by Powertools' idempotency, and a look-up before a user is made.

import { IdempotencyConfig, makeIdempotent } from '@aws-lambda-powertools/idempotency';
import { DynamoDBPersistenceLayer } from '@aws-lambda-powertools/idempotency/dynamodb';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { Platform } from '@roq/nodejs';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { type ClerkEvent, settings, toRoqUser, verify } from './clerk.ts';

const roq = new Platform(settings).asSuperAdmin();
const client = DynamoDBDocumentClient.from(new DynamoDBClient({}));
const TableName = process.env.TABLE_NAME;

const config = new IdempotencyConfig({ eventKeyJmesPath: 'messageId' });
const persistenceStore = new DynamoDBPersistenceLayer({
  tableName: process.env.IDEMPOTENCY_TABLE_NAME ?? '',
});

type Message = { readonly messageId: string; readonly event: ClerkEvent };

const mirrorOnce = makeIdempotent(mirror, { persistenceStore, config });

export async function handler(request: APIGatewayProxyEventV2, context: Context) {
  config.registerLambdaContext(context);
  const event = verify(request);
  if (!event) return { statusCode: 401 };
  await mirrorOnce({ messageId: request.headers['svix-id'] ?? '', event });
  return { statusCode: 200 };
}

async function mirror({ event: { type, data } }: Message): Promise<{ roqId: string }> {
  const reference = data.id;
  const user = toRoqUser(data);
  if (type === 'user.created') {
    const roqId =
      (await find(reference)) ?? (await roq.createUser({ user: { ...user, reference } })).createUser.id;
    await client.send(new PutCommand({ TableName, Item: { reference, roqId } }));
    return { roqId };
  }
  const { Item } = await client.send(new GetCommand({ TableName, Key: { reference } }));
  await roq.updateUser({ id: Item?.roqId, user });
  return { roqId: Item?.roqId };
}

async function find(reference: string): Promise<string | undefined> {
  const filter = { reference: { equalTo: reference }, withDeactivated: { equalTo: true } };
  const { users } = await roq.users({ filter });
  return users.data[0]?.id;
}
