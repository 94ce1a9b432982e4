import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

type Resource = {
  readonly Type: string;
  readonly DeletionPolicy?: string;
  readonly Properties: Record<string, unknown>;
};

const run = promisify(execFile);

let folder: string;
let resources: Record<string, Resource>;
let zip: Record<string, Uint8Array>;
let bundle: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'package-'));
  // Neither credentials nor settings of a stage: what a fresh clone has.
  const env = { PATH: process.env.PATH, HOME: folder, AWS_EC2_METADATA_DISABLED: 'true' };
  await run('serverless', ['package', '--package', folder], { env, timeout: 60_000 });
  const text = await readFile(join(folder, 'cloudformation-template-update-stack.json'), 'utf8');
  resources = JSON.parse(text).Resources;
  zip = unzipSync(await readFile(join(folder, 'webhook.zip')));
  bundle = join(folder, 'webhook.js');
  await writeFile(bundle, zip['functions/webhook.js'] ?? '');
});
afterAll(() => rm(folder, { recursive: true }));

describe('the packaged template', () => {
  test('has one route, POST /webhooks/{provider}', () => {
    expect(ofType('AWS::ApiGatewayV2::Route').map(({ RouteKey }) => RouteKey)).toEqual([
      'POST /webhooks/{provider}',
    ]);
  });

  test('runs both functions on Node 24 on arm64, each within its time', () => {
    const node = { Runtime: 'nodejs24.x', Architectures: ['arm64'] };
    expect(resources.WebhookLambdaFunction?.Properties).toMatchObject({ ...node, Timeout: 10 });
    expect(resources.ReconcileLambdaFunction?.Properties).toMatchObject({ ...node, Timeout: 55 });
    expect(ofType('AWS::Lambda::Function')).toHaveLength(2);
  });

  test('runs the reconciliation every minute, one at a time', () => {
    expect(ofType('AWS::Events::Rule')).toMatchObject([
      { ScheduleExpression: 'rate(1 minute)', State: 'ENABLED' },
    ]);
    expect(resources.ReconcileLambdaFunction?.Properties.ReservedConcurrentExecutions).toBe(1);
  });

  const record = {
    Effect: 'Allow',
    Action: ['dynamodb:GetItem', 'dynamodb:UpdateItem'],
    Resource: { 'Fn::GetAtt': ['UsersTable', 'Arn'] },
  };
  const index = {
    Effect: 'Allow',
    Action: ['dynamodb:Query'],
    Resource: { 'Fn::Sub': `\${UsersTable.Arn}/index/pending` },
  };
  test.each([
    ['Webhook', [record]],
    ['Reconcile', [record, index]],
  ])('gives %s a role of its own: its log group, and exactly what it does to the table', (name, onTable) => {
    const role = `${name}IamRoleLambdaExecution`;
    expect(resources[`${name}LambdaFunction`]?.Properties.Role).toEqual({ 'Fn::GetAtt': [role, 'Arn'] });
    expect(resources[role]?.Properties.ManagedPolicyArns).toEqual([]);
    const logGroup = new RegExp(`log-group:/aws/lambda/roq-sync-dev-${name.toLowerCase()}:\\*:\\*$`);
    expect(statementsOf(resources[role]?.Properties)).toEqual([
      {
        Effect: 'Allow',
        Action: ['logs:CreateLogStream', 'logs:CreateLogGroup', 'logs:PutLogEvents'],
        Resource: [{ 'Fn::Sub': expect.stringMatching(logGroup) }],
      },
      ...onTable,
    ]);
  });

  test('keeps one record a user, with a sparse index, on demand, restorable, and safe from removal', () => {
    expect(resources.UsersTable?.DeletionPolicy).toBe('Retain');
    expect(ofType('AWS::DynamoDB::Table')).toMatchObject([
      {
        BillingMode: 'PAY_PER_REQUEST',
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        SSESpecification: { SSEEnabled: true },
        KeySchema: [{ AttributeName: 'reference', KeyType: 'HASH' }],
        GlobalSecondaryIndexes: [
          {
            IndexName: 'pending',
            KeySchema: [
              { AttributeName: 'shard', KeyType: 'HASH' },
              { AttributeName: 'dueAt', KeyType: 'RANGE' },
            ],
            Projection: { ProjectionType: 'INCLUDE' },
          },
        ],
      },
    ]);
  });

  test('keeps the log for 30 days', () => {
    expect(ofType('AWS::Logs::LogGroup')).toMatchObject([{ RetentionInDays: 30 }, { RetentionInDays: 30 }]);
  });
});

describe('the deployable', () => {
  test('is one file', () => {
    expect(Object.keys(zip)).toEqual(['functions/webhook.js']);
  });

  test('answers by itself: loaded as Lambda loads it, it refuses an unsigned event', async () => {
    const { stdout } = await run('node', ['-e', callHandler, bundle], {
      env: { PATH: process.env.PATH, ...settings },
    });
    const lines = stdout.trim().split('\n');
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ statusCode: 401 });
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ outcome: 'rejected', code: 'signature_missing' });
  });

  test('does not start with a configuration that cannot work, and says all that is wrong', async () => {
    const env = { PATH: process.env.PATH, PROVIDERS: 'clerk nobody', ROQ_PLATFORM_URL: 'http://roq.example' };
    const failure = await run('node', ['-e', callHandler, bundle], { env }).catch((error) => error);
    for (const name of [
      'ROQ_PLATFORM_URL',
      'ROQ_ENVIRONMENT_ID',
      'ROQ_API_KEY',
      'TABLE_NAME',
      'CLERK_SECRETS',
      'nobody',
    ]) {
      expect(failure.stderr).toContain(name);
    }
  });
});

const settings = {
  ...{ ROQ_PLATFORM_URL: 'http://127.0.0.1:9', ROQ_ENVIRONMENT_ID: 'e', ROQ_API_KEY: 'k', TABLE_NAME: 't' },
  ...{ PROVIDERS: 'clerk', CLERK_SECRETS: `whsec_${Buffer.alloc(24, 1).toString('base64')}` },
};

const callHandler = `
  const { handler } = require(process.argv[1]);
  const event = { headers: {}, pathParameters: { provider: 'clerk' }, body: '{}', isBase64Encoded: false };
  handler(event, { getRemainingTimeInMillis: () => 10_000 }).then((answer) => console.log(JSON.stringify(answer)));
`;

function ofType(type: string): Resource['Properties'][] {
  const found = Object.values(resources).filter((resource) => resource.Type === type);
  return found.map(({ Properties }) => Properties);
}

function statementsOf(role: Resource['Properties'] | undefined): unknown[] {
  const policies = (role?.Policies ?? []) as { PolicyDocument: { Statement: unknown[] } }[];
  return policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
}
