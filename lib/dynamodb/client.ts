// How DynamoDB is called: the client, what each table's file needs, and the one error that stands for every failure.

import {
  ConditionalCheckFailedException,
  DynamoDBClient,
  type DynamoDBClientConfig,
} from '@aws-sdk/client-dynamodb';
import { UnavailableError } from '../errors.ts';
import { Sha256 } from '../http/sha256.ts';
import { timed } from '../observability/timing.ts';

export type TableOptions = {
  readonly client: Pick<DynamoDBClient, 'send'>;
  readonly tableName: string;
  /** Our clock, in milliseconds. It decides over leases and due times alone, never over facts. */
  readonly now: () => number;
  /** Chance, in [0, 1). */
  readonly random?: () => number;
  /** Lets so many milliseconds pass. */
  readonly wait?: (ms: number) => Promise<unknown>;
};

/** What the SDK does at each call that nothing here reads: without it a call takes a third less of the processor. */
export const unreadSteps = ['loggerMiddleware', 'recursionDetectionMiddleware', 'getUserAgentMiddleware'];

/** A client for both tables; it opens no connection before the first call. `place`: where they are, unless in the environment. */
export function connectDynamoDb(place: DynamoDBClientConfig = {}): DynamoDBClient {
  const client = new DynamoDBClient({
    ...place,
    // Puts the steps of a call together once for each command, and not for each call.
    cacheMiddleware: true,
    sha256: Sha256,
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 500, requestTimeout: 1_000, throwOnRequestTimeout: true },
  });
  for (const step of unreadSteps) client.middlewareStack.remove(step);
  return client;
}

/**
 * Sends one command. A failed condition is an answer; everything else means that DynamoDB could not be reached.
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
