// The peer of backfill and drain: one request to ROQ for each user, so many at once, and what is remembered of it.

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { Platform } from '@roq/nodejs';
import { settings } from './clerk.ts';

type Input = {
  readonly users: readonly { readonly reference: string; readonly email: string }[];
  readonly width: number;
};

const roq = new Platform(settings).asSuperAdmin();
const client = DynamoDBDocumentClient.from(new DynamoDBClient({}));

export async function handler({ users, width }: Input): Promise<void> {
  const left = users.values();
  const work = async () => {
    for (const user of left) {
      const { createUser } = await roq.createUser({ user: { ...user, firstName: 'Ada', isOptedIn: true } });
      const Item = { reference: user.reference, roqId: createUser.id };
      await client.send(new PutCommand({ TableName: process.env.TABLE_NAME, Item }));
    }
  };
  await Promise.all(Array.from({ length: width }, work));
}
