// Stands in for the AWS SDK's event streams in the bundles: DynamoDB has none. They are 15 KB.

export class EventStreamSerde {
  constructor() {
    throw new Error('DynamoDB has no event streams');
  }
}

export function eventStreamSerdeProvider(): never {
  throw new Error('DynamoDB has no event streams');
}
