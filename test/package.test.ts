import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
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
let conditions: Record<string, unknown>;
let resources: Record<string, Resource>;
let zips: Record<string, Record<string, Uint8Array>>;
let bundle: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'package-'));
  await copyService();
  await packageStage('dev');
  const output = join(folder, 'service', '.serverless');
  const text = await readFile(join(output, 'cloudformation-template-update-stack.json'), 'utf8');
  ({ Conditions: conditions, Resources: resources } = JSON.parse(text));
  zips = {};
  for (const name of ['webhook', 'reconcile']) {
    zips[name] = unzipSync(await readFile(join(output, `${name}.zip`)));
  }
  bundle = join(folder, 'webhook.js');
  await writeFile(bundle, zips.webhook?.['functions/webhook.js'] ?? '');
}, 60_000);
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
    expect(resources.UsersTable).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
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
            Projection: {
              ProjectionType: 'INCLUDE',
              NonKeyAttributes: ['pendingSince', 'attempts', 'lastError'],
            },
          },
        ],
      },
    ]);
  });

  test('protects the table from deletion in production', () => {
    expect(conditions.IsProduction).toEqual({ 'Fn::Equals': ['dev', 'prod'] });
    expect(resources.UsersTable?.Properties.DeletionProtectionEnabled).toEqual({
      'Fn::If': ['IsProduction', true, false],
    });
  });

  test('is made for no stage but dev without settings of its own', async () => {
    const failure = await packageStage('prod').catch((error) => error);
    expect(failure.code).toBe(1);
    expect(`${failure.stdout}${failure.stderr}`).toContain('custom.settings');
  });

  test('keeps the log for 30 days', () => {
    expect(ofType('AWS::Logs::LogGroup')).toMatchObject([{ RetentionInDays: 30 }, { RetentionInDays: 30 }]);
  });
});

describe('the deployable', () => {
  // Without the alias or mainFields of serverless.yml it is 460 KB and more.
  const maxBytes = 350_000;
  test.each(['webhook', 'reconcile'])('of %s is one file of at most 350 KB', (name) => {
    const files = zips[name] ?? {};
    expect(Object.keys(files)).toEqual([`functions/${name}.js`]);
    expect(files[`functions/${name}.js`]?.length).toBeLessThanOrEqual(maxBytes);
  });

  test('answers by itself: loaded as Lambda loads it, it refuses an unsigned event', async () => {
    const [line, answer] = await callWebhook('clerk');
    expect(answer).toMatchObject({ statusCode: 401 });
    expect(line).toMatchObject({ outcome: 'rejected', code: 'signature_missing' });
  });

  test('answers by itself: it does not know a provider that is not configured', async () => {
    const [, answer] = await callWebhook('kinde');
    expect(answer).toMatchObject({ statusCode: 404 });
  });

  test('does not start with the settings of the example, none of which can pass for a secret', async () => {
    const environment = resources.WebhookLambdaFunction?.Properties.Environment as { Variables: object };
    const env = { ...environment.Variables, TABLE_NAME: 't', PATH: process.env.PATH };
    const failure = await run('node', ['-e', callHandler, bundle], { env }).catch((error) => error);
    for (const name of ['ROQ_PLATFORM_URL', 'ROQ_ENVIRONMENT_ID', 'ROQ_API_KEY', 'CLERK_SECRETS']) {
      expect(failure.stderr).toContain(`${name} is missing`);
    }
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
  const event = { headers: {}, pathParameters: { provider: process.argv[2] }, body: '{}', isBase64Encoded: false };
  handler(event, { getRemainingTimeInMillis: () => 10_000 }).then((answer) => console.log(JSON.stringify(answer)));
`;

// The service by itself, so that neither a run beside this one nor a developer's own settings get in the way:
// the framework always builds within the service's folder.
async function copyService(): Promise<void> {
  const root = join(import.meta.dirname, '..');
  const service = join(folder, 'service');
  for (const name of ['package.json', 'serverless.yml', 'settings.example.yml', 'functions', 'lib']) {
    await cp(join(root, name), join(service, name), { recursive: true });
  }
  await symlink(join(root, 'node_modules'), join(service, 'node_modules'));
}

// Neither credentials nor settings of a stage: what a fresh clone has.
function packageStage(stage: string) {
  const env = { PATH: process.env.PATH, HOME: folder, AWS_EC2_METADATA_DISABLED: 'true' };
  const cwd = join(folder, 'service');
  return run('serverless', ['package', '--stage', stage], { env, cwd, timeout: 60_000 });
}

/** What the webhook prints on an unsigned event: its log line, and its answer. */
async function callWebhook(provider: string): Promise<unknown[]> {
  const env = { PATH: process.env.PATH, ...settings };
  const { stdout } = await run('node', ['-e', callHandler, bundle, provider], { env });
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

function ofType(type: string): Resource['Properties'][] {
  const found = Object.values(resources).filter((resource) => resource.Type === type);
  return found.map(({ Properties }) => Properties);
}

function statementsOf(role: Resource['Properties'] | undefined): unknown[] {
  const policies = (role?.Policies ?? []) as { PolicyDocument: { Statement: unknown[] } }[];
  return policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
}
