// One item of the table of users: read consistently, or written under a condition.

import { ConditionalCheckFailedException, GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { reach, type TableOptions } from './client.ts';
import { expressions, type Part } from './expressions.ts';
import { type Item, toRecord, type UserRecord } from './record.ts';

/** One conditional write: the record as written, or, where the engine says it, as it stood against the write. */
export type Attempt = { readonly written: UserRecord | null; readonly known: UserRecord | null };

export type Items = ReturnType<typeof createItems>;

export function createItems({ client, tableName }: Pick<TableOptions, 'client' | 'tableName'>) {
  return { get, attempt, write };

  /** The record, read consistently. @throws UnavailableError `store_unavailable` */
  async function get(reference: string): Promise<UserRecord | null> {
    const { Item } = await reach(() =>
      client.send(
        new GetItemCommand({
          TableName: tableName,
          Key: { reference: { S: reference } },
          ConsistentRead: true,
        }),
      ),
    );
    return Item ? toRecord(Item) : null;
  }

  /** One conditional write that answers the record. @throws UnavailableError `store_unavailable` */
  async function attempt(reference: string, parts: readonly Part[]): Promise<Attempt> {
    const { isWritten, item } = await write(reference, parts, 'ALL_NEW');
    const record = item ? toRecord(item) : null;
    return isWritten ? { written: record, known: null } : { written: null, known: record };
  }

  /** One conditional write; `item`: as it is now if asked for, or as it stood against the write where the engine says it. */
  async function write(
    reference: string,
    parts: readonly Part[],
    returns: 'ALL_NEW' | 'NONE',
  ): Promise<{ readonly isWritten: boolean; readonly item: Item | undefined }> {
    try {
      const { Attributes } = await reach(() =>
        client.send(
          new UpdateItemCommand({
            TableName: tableName,
            Key: { reference: { S: reference } },
            ...expressions(parts),
            ReturnValues: returns,
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          }),
        ),
      );
      return { isWritten: true, item: Attributes };
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      return { isWritten: false, item: error.Item };
    }
  }
}
