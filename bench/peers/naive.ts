// The peer that does the least: verify, tell ROQ, remember ROQ's id. An event that comes twice makes a user twice.

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { Platform } from '@roq/nodejs';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { type ClerkEvent, settings, toRoqUser, verify } from './clerk.ts';

const roq = new Platform(settings).asSuperAdmin();
const client = DynamoDBDocumentClient.from(new DynamoDBClient({}));
const TableName = process.env.TABLE_NAME;

export async function handler(request: APIGatewayProxyEventV2) {
  const event = verify(request);
  if (!event) return { statusCode: 401 };
  await mirror(event);
  return { statusCode: 200 };
}

async function mirror({ type, data }: ClerkEvent): Promise<void> {
  const reference = data.id;
  if (type === 'user.created') {
    const { createUser } = await roq.createUser({ user: { ...toRoqUser(data), reference } });
    await client.send(new PutCommand({ TableName, Item: { reference, roqId: createUser.id } }));
    return;
  }
  const { Item } = await client.send(new GetCommand({ TableName, Key: { reference } }));
  await roq.updateUser({ id: Item?.roqId, user: toRoqUser(data) });
}
