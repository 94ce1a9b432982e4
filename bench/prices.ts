// What AWS charges, in dollars: US East (N. Virginia), on demand, the first tier, without the free tier.
// Looked up on 2026-11-24 in what others wrote of AWS's price pages, named beside each, for those pages draw their
// figures by script. Other regions cost up to a third more; look at the pages themselves before you plan a budget.

export const prices = {
  region: 'us-east-1',
  lookedUp: '2026-11-24',
  /** https://aws.amazon.com/lambda/pricing; https://cloudchipr.com/blog/aws-lambda-pricing */
  lambdaPerRequest: 0.2e-6,
  /** arm64. The same pages. */
  lambdaPerGbSecond: 0.000_013_333_4,
  /** https://aws.amazon.com/api-gateway/pricing; https://www.apigatewaycost.com/aws */
  httpApiPerRequest: 1e-6,
  /** https://aws.amazon.com/dynamodb/pricing/on-demand; https://airbyte.com/data-engineering-resources/dynamodb-pricing */
  dynamoDbPerWriteUnit: 0.625e-6,
  dynamoDbPerReadUnit: 0.125e-6,
  /** Standard class. https://aws.amazon.com/cloudwatch/pricing; https://c3x.dev/blog/cloudwatch-logs-cost-optimization */
  logsPerByte: 0.5 / 1e9,
};

/** Lambda gives a whole processor from this much memory on, and below it a share. */
export const megabytesOfOneCpu = 1_769;

/** A line of the HTTP API's log in the format of serverless.yml. */
export const accessLogBytes = 240;
