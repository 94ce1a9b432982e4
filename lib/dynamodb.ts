// How DynamoDB is called: what each table's file needs, and the one error that stands for every failure.

import { ConditionalCheckFailedException, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { UnavailableError } from './errors.ts';
import { timed } from './meter.ts';

export type TableOptions = {
  readonly client: Pick<DynamoDBClient, 'send'>;
  readonly tableName: string;
  /** Our clock, in milliseconds. It decides over leases and due times alone, never over facts. */
  readonly now: () => number;
};

/**
 * Sends one command. A failed condition is an answer; everything else means that DynamoDB could not be had.
 * @throws ConditionalCheckFailedException, UnavailableError `store_unavailable`
 */
export async function reach<Answer>(send: () => Promise<Answer>): Promise<Answer> {
  try {
    return await timed('storeMs', send);
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) throw error;
    throw new UnavailableError('store_unavailable', 'DynamoDB did not take the call', { cause: error });
  }
}
