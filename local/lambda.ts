// Runs one function the way Lambda does: JSON in and out, a context that counts down, and an end to its time.

import { randomUUID } from 'node:crypto';
import type { Context } from 'aws-lambda';

export type LocalFunction = {
  // Written as a method, so that a handler may say more precisely which event it takes.
  handler(event: object, context: Context): Promise<unknown>;
  readonly timeoutMs: number;
  /** As in serverless.yml: a method, a space and a path, such as `POST /webhooks/{provider}`. */
  readonly routes?: readonly string[];
};

export type Outcome =
  | { readonly is: 'returned'; readonly value: unknown }
  | { readonly is: 'threw' | 'timed out'; readonly error: Error };

/**
 * Calls the function once; never rejects.
 * Past its time the outcome is `timed out`, but unlike on Lambda the handler itself can't be stopped.
 */
export async function invoke(
  name: string,
  { handler, timeoutMs }: LocalFunction,
  event: unknown,
): Promise<Outcome> {
  const context = createContext(name, timeoutMs);
  const { promise: timedOut, resolve } = Promise.withResolvers<Outcome>();
  const timer = setTimeout(() => {
    const text = `Task timed out after ${(timeoutMs / 1000).toFixed(2)} seconds`;
    resolve({ is: 'timed out', error: new Error(`RequestId: ${context.awsRequestId} Error: ${text}`) });
  }, timeoutMs);
  const run = async (): Promise<Outcome> => {
    try {
      return { is: 'returned', value: throughJson(await handler(throughJson(event), context)) };
    } catch (error) {
      return { is: 'threw', error: error instanceof Error ? error : new Error(String(error)) };
    }
  };
  try {
    return await Promise.race([run(), timedOut]);
  } finally {
    clearTimeout(timer);
  }
}

function createContext(functionName: string, timeoutMs: number): Context {
  const endMs = Date.now() + timeoutMs;
  const unsupported = () => {
    throw new Error('Handlers answer by their promise');
  };
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: `arn:aws:lambda:local:000000000000:function:${functionName}`,
    memoryLimitInMB: '256',
    awsRequestId: randomUUID(),
    logGroupName: `/aws/lambda/${functionName}`,
    logStreamName: 'local',
    getRemainingTimeInMillis: () => Math.max(0, endMs - Date.now()),
    done: unsupported,
    fail: unsupported,
    succeed: unsupported,
  };
}

// Lambda hands JSON over in both directions: what has no JSON is lost here as well.
function throughJson(value: unknown) {
  return JSON.parse(JSON.stringify(value) ?? 'null');
}
