import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { expect, test } from 'vitest';
import { connectDynamoDb, unreadSteps } from '../../lib/dynamodb/client.ts';

test('the client leaves out steps that the SDK has', () => {
  expect(stepsOf(new DynamoDBClient({ region: 'eu-central-1' }))).toEqual(
    expect.arrayContaining(unreadSteps),
  );
  const left = stepsOf(connectDynamoDb());
  expect(left.filter((step) => unreadSteps.includes(step))).toEqual([]);
  expect(left.length).toBeGreaterThan(5);
});

function stepsOf({ middlewareStack }: DynamoDBClient): readonly string[] {
  return middlewareStack.identify().map((step) => step.split(/\W/)[0] ?? '');
}
