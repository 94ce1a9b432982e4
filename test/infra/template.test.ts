import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withMetrics } from '../../lib/observability/metrics.ts';
import { lines } from '../support/lines.ts';
import {
  copyService,
  propertiesOf,
  type Resource,
  type Service,
  type Template,
} from '../support/packaged.ts';
import { findFaults, publishedMetrics } from '../support/specification.ts';

let service: Service;
let template: Template;
let withOptions: Template;
let outputOfParameters: string;
let withFunctionUrl: Template;
let runbook: string;

const environment = `
environment:
  ROQ_PLATFORM_URL: https://roq.example
  ROQ_ENVIRONMENT_ID: e
  ROQ_API_KEY: ssm:/roq-sync/\${sls:stage}/core/ROQ_API_KEY
  PROVIDERS: clerk
  CLERK_SECRETS: ssm:/roq-sync/\${sls:stage}/webhook/CLERK_SECRETS
`;
const options = `
alarmEmail: on-call@example.com
domain: sync.example.com
certificateId: 00000000-0000-0000-0000-000000000000
secretsKeyId: 11111111-1111-1111-1111-111111111111
silenceHours: 24
throttlingRate: 50
logRetentionDays: 7
reserveConcurrency: false
xray: true
${environment}  COGNITO_USER_POOL_IDS: eu-central-1_abc
  REFERENCE_PREFIXES: cognito=cognito/
directory:
  DIRECTORIES: kratos
  ASK_AFTER_EVERY_EVENT: kratos
  KRATOS_ADMIN_URL: https://kratos.example
  KRATOS_ADMIN_TOKEN: ssm:/roq-sync/\${sls:stage}/directory/KRATOS_ADMIN_TOKEN
`;

beforeAll(async () => {
  service = await copyService({ hollow: true });
  ({ template } = await service.packageStage('dev'));
  ({ template: withOptions, output: outputOfParameters } = await service.packageStage('prod', options));
  ({ template: withFunctionUrl } = await service.packageStage('own', `entry: functionUrl${environment}`));
  runbook = await readFile(new URL('../../docs/runbook.md', import.meta.url), 'utf8');
}, 90_000);
afterAll(() => service.remove());

describe('the packaged template', () => {
  test('is as AWS specifies every resource and property, whatever is switched on', () => {
    expect(findFaults(template)).toEqual([]);
    expect(findFaults(withOptions)).toEqual([]);
    expect(findFaults(withFunctionUrl)).toEqual([]);
  });

  test('runs every function on Node 24 on arm64, each within its time', () => {
    const times = { Webhook: 10, Reconcile: 55, Cognito: 5, Backfill: 900, Operate: 300, Pull: 290 };
    for (const [name, Timeout] of Object.entries(times)) {
      expect(template.Resources[`${name}LambdaFunction`]?.Properties).toMatchObject({
        Runtime: 'nodejs24.x',
        Architectures: ['arm64'],
        Timeout,
        LoggingConfig: { LogFormat: 'JSON', SystemLogLevel: 'WARN' },
      });
    }
    expect(ofType('AWS::Lambda::Function')).toHaveLength(6);
  });

  test('reconciles every minute, audits and pulls once a day, one at a time', () => {
    expect(ofType('AWS::Events::Rule')).toMatchObject([
      { ScheduleExpression: 'rate(1 minute)', State: 'ENABLED' },
      {
        // One a day is begun: while another run is busy, an event may be given up.
        ScheduleExpression: 'cron(17-21 3 * * ? *)',
        State: 'ENABLED',
        Targets: [{ Input: '{"begin":"audit"}' }],
      },
      { EventPattern: { source: ['aws.cognito-idp'] } },
      { ScheduleExpression: 'rate(5 minutes)', State: 'ENABLED', Targets: [{ Input: '{}' }] },
      {
        ScheduleExpression: 'cron(41/5 1 * * ? *)',
        State: 'ENABLED',
        Targets: [{ Input: '{"begin":"scheduled"}' }],
      },
    ]);
    const patience = { ReconcileInvokeConfig: 60, PullInvokeConfig: 300 };
    for (const [name, MaximumEventAgeInSeconds] of Object.entries(patience)) {
      const { Properties } = withOptions.Resources[name] ?? {};
      expect(Properties).toMatchObject({
        Qualifier: '$LATEST',
        MaximumEventAgeInSeconds,
        MaximumRetryAttempts: 0,
      });
    }
    const one = { 'Fn::If': ['ReservesConcurrency', 1, { Ref: 'AWS::NoValue' }] };
    expect(template.Resources.ReconcileLambdaFunction?.Properties.ReservedConcurrentExecutions).toEqual(one);
    expect(template.Resources.BackfillLambdaFunction?.Properties.ReservedConcurrentExecutions).toEqual(one);
    expect(template.Resources.PullLambdaFunction?.Properties.ReservedConcurrentExecutions).toEqual(one);
  });

  test('is made for no stage but dev without settings of its own', async () => {
    const failure = await service.packageStage('staging').catch((error) => error);
    expect(failure.code).toBe(1);
    expect(`${failure.stdout}${failure.stderr}`).toContain('custom.settings');
  });

  test('is not made of settings that can’t work, and says all that is wrong with them', async () => {
    const wrong = `
alarmMail: on-call@example.com
entry: functionURL
domain: https://hooks.example.com
secretsKeyId: alias/secrets
silenceHours: "6"
environment:
  ROQ_PLATFORM_URL: http://roq.example
  ROQ_API_KEY: ssm:/roq-sync/prod/core/ROQ_API_KEY
  CEILING_COUNT: 30
  PROVIDERS: clerk
  CLERK_SECRETS: ssm:/aws/reference/secretsmanager/roq-sync/wrong/webhook/CLERK_SECRETS
  OKTA_SECRET: a
directory:
  DIRECTORIES: kratos
  ASK_AFTER_EVERY_EVENT: okta
  KRATOS_ADMIN_TOKEN: ssm:/roq-sync/wrong/webhook/KRATOS_ADMIN_TOKEN
  CLERK_SECRETS: a
mapping:
  providers:
    clerk:
      tenantId: "'acme'"
      locale: "locale ||"
    clark:
      locale: locale
`;
    const failure = await service.packageStage('wrong', wrong).catch((error) => error);
    expect(failure.code).toBe(1);
    const faults = `${failure.stdout}${failure.stderr}`.match(/^ {2}- .*$/gm);
    expect(faults).toEqual([
      expect.stringContaining('alarmMail is none of alarmEmail, entry,'),
      '  - entry must be httpApi or functionUrl',
      '  - domain must be the name of a domain, as hooks.example.com, without https://',
      '  - silenceHours must be a number from 0 to 8760',
      '  - secretsKeyId must be the id of a KMS key, and neither its ARN nor an alias',
      '  - domain needs certificateId',
      '  - environment: nothing reads OKTA_SECRET',
      '  - environment: ROQ_API_KEY must stand below /roq-sync/wrong/core/ to be readable',
      expect.stringContaining('ROQ_PLATFORM_URL must be an address that begins with https://'),
      '  - environment: ROQ_ENVIRONMENT_ID is missing',
      '  - directory: nothing reads CLERK_SECRETS',
      '  - directory: KRATOS_ADMIN_TOKEN must stand below /roq-sync/wrong/directory/ to be readable',
      '  - directory: ASK_AFTER_EVERY_EVENT names okta, which DIRECTORIES does not',
      '  - mapping: clark is no provider',
      '  - mapping: clerk.tenantId is nothing that the field can hold',
      expect.stringMatching(/^ {2}- mapping: clerk\.locale can't work: .*parse error/),
    ]);
  });

  test('is not made of expressions that give another type for a provider’s users, and warns of those that fail', async () => {
    const mapping = `
mapping:
  providers:
    clerk:
      tenantId: created_at
      customData: id
      scope: email_addresses
      lastName: join(' ', public_metadata.names)
`;
    const failure = await service.packageStage('mapped', environment + mapping).catch((error) => error);
    expect(failure.code).toBe(1);
    const faults = `${failure.stdout}${failure.stderr}`.match(/^ {2}- .*$/gm);
    const examples =
      'user.created, user.updated-verified, user.updated-banned, user.updated-deprovisioned, the API';
    expect(faults).toEqual([
      `  - mapping: clerk.tenantId is no text for some users: ${examples}`,
      `  - mapping: clerk.customData is no object for some users: ${examples}`,
      `  - mapping: clerk.scope is neither true nor false for some users: ${examples}`,
    ]);
  });

  test('is not made of several providers whose ids may meet, unless somebody says what is so', async () => {
    const mixed = `${environment}  COGNITO_USER_POOL_IDS: eu-central-1_abc\n`;
    const failure = await service.packageStage('mixed', mixed).catch((error) => error);
    expect(failure.code).toBe(1);
    expect(`${failure.stdout}${failure.stderr}`).toContain(
      'the ids of clerk and cognito may meet: give all but one a prefix by REFERENCE_PREFIXES (cognito=cognito/), or set SHARED_REFERENCES',
    );
    const shared = await service.packageStage('mixed', `${mixed}  SHARED_REFERENCES: "true"\n`);
    expect(shared.template.Resources).toHaveProperty('CognitoLambdaFunction');
  }, 60_000);

  test('is made of secrets in plain text with a warning that names Parameter Store', async () => {
    const secret = `whsec_${'A'.repeat(32)}`;
    const plain = environment.replace(/ssm:.*CLERK_SECRETS/, secret).replace(/ssm:.*ROQ_API_KEY/, 'hush');
    const { output } = await service.packageStage('plain', plain);
    expect(output).toMatch(/settings\.plain\.yml holds ROQ_API_KEY, CLERK_SECRETS as plain text/);
    expect(output).toContain('Parameter Store');
    expect(output).not.toContain('hush');
    expect(outputOfParameters).not.toContain('plain text');
  });

  test('is nobody else’s to read, with the settings that are in it', async () => {
    const folder = join(service.folder, '.serverless');
    const files = (await readdir(folder)).map((name) => join(folder, name));
    expect(files.length).toBeGreaterThan(5);
    for (const path of [folder, ...files]) expect((await stat(path)).mode & 0o077).toBe(0);
  });

  test('can be made for Cognito alone', async () => {
    const cognitoAlone = environment
      .replace('PROVIDERS: clerk', 'COGNITO_USER_POOL_IDS: eu-central-1_abc')
      .replace(/ {2}CLERK_SECRETS.*\n/, '');
    const made = await service.packageStage('cognito', cognitoAlone);
    expect(conditionsOf(made.template)).toMatchObject({ HasCognito: true });
  });

  test('has conditions that say what is switched on', () => {
    const isOn = { HasDomain: true, HasCognito: true, HasAlarmEmail: true, HasSilence: true, HasXray: true };
    expect(conditionsOf(withOptions)).toEqual({
      ...isOn,
      HasDirectories: true,
      HasSecretsKey: true,
      IsProduction: true,
      ReservesConcurrency: false,
    });
    const isOff = Object.fromEntries(Object.keys(conditionsOf(withOptions)).map((name) => [name, false]));
    expect(conditionsOf(template)).toEqual({ ...isOff, ReservesConcurrency: true });
  });

  test('names no secret: what the functions get of them is where they stand', () => {
    const { Variables } = propertiesOf(withOptions, 'WebhookLambdaFunction').Environment as {
      Variables: Record<string, string>;
    };
    expect(Variables.CLERK_SECRETS).toBe('ssm:/roq-sync/prod/webhook/CLERK_SECRETS');
    expect(Variables.ROQ_API_KEY).toBe('ssm:/roq-sync/prod/core/ROQ_API_KEY');
  });

  test('tells the function that asks providers alone how they are asked', () => {
    const asks = (name: string) => {
      const { Variables } = propertiesOf(withOptions, `${name}LambdaFunction`).Environment as {
        Variables: Record<string, string>;
      };
      return Object.keys(Variables).filter((variable) =>
        /^(DIRECTORIES|DELETIONS|ASK_|KRATOS_)/.test(variable),
      );
    };
    expect(asks('Pull')).toEqual([
      'DIRECTORIES',
      'ASK_AFTER_EVERY_EVENT',
      'KRATOS_ADMIN_URL',
      'KRATOS_ADMIN_TOKEN',
    ]);
    // Of whom it leaves the rest to the other, it has to know.
    expect(asks('Webhook')).toEqual(['DIRECTORIES', 'ASK_AFTER_EVERY_EVENT']);
    for (const name of ['Reconcile', 'Cognito', 'Backfill', 'Operate']) expect(asks(name)).toEqual([]);
  });

  test('keeps every log for as long as is set', () => {
    const groups = (of: Template) => ofType('AWS::Logs::LogGroup', of).map((group) => group.RetentionInDays);
    expect(groups(template)).toEqual([30, 30, 30, 30, 30, 30, 30]);
    expect(groups(withOptions)).toEqual([7, 7, 7, 7, 7, 7, 7]);
  });
});

describe('the tables', () => {
  test('are on demand, restorable, encrypted, safe from removal, and in production from deletion', () => {
    for (const name of ['UsersTable', 'StateTable']) {
      expect(template.Resources[name]).toMatchObject({
        DeletionPolicy: 'Retain',
        UpdateReplacePolicy: 'Retain',
        Properties: {
          BillingMode: 'PAY_PER_REQUEST',
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
          SSESpecification: { SSEEnabled: true },
          DeletionProtectionEnabled: { 'Fn::If': ['IsProduction', true, false] },
        },
      });
    }
  });

  test('have one record a user and a sparse index; counters and old jobs run out', () => {
    expect(template.Resources.UsersTable?.Properties).toMatchObject({
      KeySchema: [{ AttributeName: 'reference', KeyType: 'HASH' }],
      GlobalSecondaryIndexes: [{ IndexName: 'pending', Projection: { ProjectionType: 'INCLUDE' } }],
    });
    expect(template.Resources.StateTable?.Properties).toMatchObject({
      KeySchema: [{ AttributeName: 'kind' }, { AttributeName: 'id' }],
      TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
    });
  });
});

describe('the way in', () => {
  const routesOf = (of: Template) => ofType('AWS::ApiGatewayV2::Route', of).map(({ RouteKey }) => RouteKey);

  test('is POST and GET /webhooks/{provider} of an HTTP API', () => {
    expect(routesOf(template)).toEqual(['POST /webhooks/{provider}', 'GET /webhooks/{provider}']);
    expect(ofType('AWS::Lambda::Url')).toEqual([]);
  });

  test('throttles, so that a flood does not use up what the account may run', () => {
    const limits = (of: Template) => of.Resources.HttpApiStage?.Properties.DefaultRouteSettings;
    expect(limits(template)).toEqual({ ThrottlingRateLimit: 1000, ThrottlingBurstLimit: 2000 });
    expect(limits(withOptions)).toEqual({ ThrottlingRateLimit: 50, ThrottlingBurstLimit: 2000 });
  });

  test('logs no personal data: neither who called, nor the path, nor the query', () => {
    const { Format } = propertiesOf(template, 'HttpApiStage').AccessLogSettings as { Format: string };
    const variables = Format.match(/\$context\.[\w.]+/g);
    expect(variables).toEqual(
      ['requestId', 'requestTime', 'routeKey', 'status', 'responseLatency', 'integrationLatency']
        .concat('error.responseType')
        .map((name) => `$context.${name}`),
    );
  });

  test('can have a domain', () => {
    expect(withOptions.Resources.WebhookDomain).toMatchObject({
      Condition: 'HasDomain',
      Properties: { DomainName: 'sync.example.com' },
    });
  });

  test('can be the function’s own address, without an HTTP API', () => {
    expect(routesOf(withFunctionUrl)).toEqual([]);
    expect(ofType('AWS::ApiGatewayV2::Api', withFunctionUrl)).toEqual([]);
    expect(ofType('AWS::Lambda::Url', withFunctionUrl)).toMatchObject([{ AuthType: 'NONE' }]);
    // New addresses take both: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
    expect(ofType('AWS::Lambda::Permission', withFunctionUrl)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ Action: 'lambda:InvokeFunctionUrl', FunctionUrlAuthType: 'NONE' }),
        expect.objectContaining({ Action: 'lambda:InvokeFunction', InvokedViaFunctionUrl: true }),
      ]),
    );
    expect(withFunctionUrl.Resources.Webhook5xxAlarm?.Properties.Namespace).toBe('AWS/Lambda');
  });

  test('lets no other service call a function than those that are named', () => {
    const principals = ofType('AWS::Lambda::Permission').map(({ Principal }) => Principal);
    expect([...new Set(principals)].sort()).toEqual([
      'apigateway.amazonaws.com',
      'cognito-idp.amazonaws.com',
      'events.amazonaws.com',
    ]);
    for (const permission of ofType('AWS::Lambda::Permission'))
      expect(permission).toHaveProperty('SourceArn');
  });
});

describe('the roles', () => {
  const account = (service: string) => `arn:\${AWS::Partition}:${service}:\${AWS::Region}:\${AWS::AccountId}`;
  const secrets = (group: string) => [
    `ssm:GetParameters ${account('ssm')}:parameter/roq-sync/prod/${group}/*`,
    `ssm:GetParameters ${account('ssm')}:parameter/aws/reference/secretsmanager/roq-sync/prod/${group}/*`,
    `secretsmanager:GetSecretValue ${account('secretsmanager')}:secret:roq-sync/prod/${group}/*`,
  ];
  const options = [
    `kms:Decrypt ${account('kms')}:key/11111111-1111-1111-1111-111111111111`,
    'xray:PutTelemetryRecords *',
    'xray:PutTraceSegments *',
  ];
  const records = [
    ...['GetItem', 'UpdateItem'].map((call) => `dynamodb:${call} UsersTable`),
    ...['GetItem', 'UpdateItem'].map((call) => `dynamodb:${call} StateTable`),
  ];
  const tables = [
    ...['BatchGetItem', 'GetItem', 'Scan', 'UpdateItem'].map((call) => `dynamodb:${call} UsersTable`),
    ...['DeleteItem', 'GetItem', 'Query', 'UpdateItem'].map((call) => `dynamodb:${call} StateTable`),
  ];
  // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation fills it in
  const queues = ['dynamodb:Query ${UsersTable.Arn}/index/pending'];
  const pool = `${account('cognito-idp')}:userpool/`;
  const userPools = ['AdminGetUser', 'ListUsers'].map(
    (call) => `cognito-idp:${call} ${pool}eu-central-1_abc`,
  );
  test.each([
    ['Webhook', [...records, ...secrets('core'), ...secrets('webhook')]],
    ['Reconcile', [...tables, ...queues, ...secrets('core')]],
    ['Cognito', [...records, ...secrets('core'), 'sqs:SendMessage CognitoFailures']],
    ['Backfill', [...tables, ...secrets('core')]],
    ['Operate', [...tables, ...queues, ...secrets('core')]],
    ['Pull', [...tables, ...secrets('core'), ...secrets('directory'), ...userPools]],
  ])('let %s do exactly what it does', (name, grants) => {
    const own = [`logs:CreateLogStream ${name}LogGroup`, `logs:PutLogEvents ${name}LogGroup`];
    expect(withOptions.Resources[`${name}LambdaFunction`]?.Properties.Role).toEqual({
      'Fn::GetAtt': [`${name}Role`, 'Arn'],
    });
    expect(grantsOf(withOptions.Resources[`${name}Role`]).sort()).toEqual(
      [...own, ...grants, ...options].sort(),
    );
  });

  test('are one for each function, and no other', () => {
    expect(ofType('AWS::IAM::Role')).toHaveLength(6);
    for (const role of ofType('AWS::IAM::Role')) expect(role).not.toHaveProperty('ManagedPolicyArns');
  });

  // Each with its reason. Whatever else ends in an asterisk is a mistake.
  const wildcards = [
    // The names of secrets are the operator's choice; those of other stages and functions stand on other paths.
    /:parameter\/(aws\/reference\/secretsmanager\/)?roq-sync\/prod\/(core|webhook|directory)\/\*$/,
    /:secret:roq-sync\/prod\/(core|webhook|directory)\/\*$/,
    // X-Ray knows no resources.
    /^xray:\w+ \*$/,
  ];
  test('name no resource by an asterisk without a reason', () => {
    const grants = ofType('AWS::IAM::Role', withOptions).flatMap((Properties) =>
      grantsOf({ Type: 'AWS::IAM::Role', Properties }),
    );
    const open = grants.filter((grant) => grant.includes('*'));
    expect(open.filter((grant) => !wildcards.some((wildcard) => wildcard.test(grant)))).toEqual([]);
    expect(open).not.toEqual([]);
  });
});

describe('the alarms', () => {
  // After the alarms the runbook explains its words.
  const ofAlarms = (text: string) => text.replace(/^## Words$[\s\S]*$/m, '');
  const entries = (text: string) => [...text.matchAll(/^## ([\w-]+)$/gm)].map(([, name]) => name);
  const entryOf = ({ AlarmDescription: text }: Resource['Properties']) =>
    /docs\/runbook\.md#([\w-]+)$/.exec(String(text))?.[1];
  const alarms = () => ofType('AWS::CloudWatch::Alarm', withOptions);

  test('each say what to do, and name their entry in the runbook', () => {
    const named = [...alarms(), ...ofType('AWS::CloudWatch::Alarm', withFunctionUrl)].map(entryOf);
    expect(new Set(named)).toEqual(new Set(entries(ofAlarms(runbook))));
  });

  test('each have an entry that says what it means, how to look, and how to mend it', () => {
    const bodies = ofAlarms(runbook)
      .split(/^## .+$/m)
      .slice(1);
    expect(bodies).not.toEqual([]);
    for (const body of bodies) {
      for (const part of ['**Means.**', '**Look.**', '**Mend.**']) expect(body).toContain(part);
    }
  });

  test('each tell the topic, of trouble and of its end', () => {
    for (const { AlarmActions, OKActions } of alarms()) {
      expect([AlarmActions, OKActions]).toEqual([[{ Ref: 'AlarmTopic' }], [{ Ref: 'AlarmTopic' }]]);
    }
    expect(withOptions.Resources.AlarmEmail).toMatchObject({
      Condition: 'HasAlarmEmail',
      Properties: { Endpoint: 'on-call@example.com' },
    });
  });

  test('look at no figure of AWS’s that it does not publish', () => {
    const watched = [...alarms(), ...ofType('AWS::CloudWatch::Alarm', withFunctionUrl)]
      .flatMap(metricsOf)
      .filter((name) => name.startsWith('AWS/'));
    // https://docs.aws.amazon.com/lambda/latest/dg/urls-monitoring.html: not in the specification.
    const known = [...publishedMetrics(), 'AWS/Lambda Url5xxCount'];
    expect(watched.length).toBeGreaterThan(15);
    expect(watched.filter((name) => !known.includes(name))).toEqual([]);
  });

  test('have names that no other stage has', () => {
    for (const { AlarmName } of alarms()) expect(AlarmName).toMatch(/^roq-sync-prod-[\w-]+$/);
    expect(new Set(alarms().map(({ AlarmName }) => AlarmName)).size).toBe(alarms().length);
  });
});

test('the dashboard shows nothing of ours that is never told', () => {
  const { 'Fn::Sub': text } = propertiesOf(template, 'Dashboard').DashboardBody as { 'Fn::Sub': string };
  const shown = [
    ...[...text.matchAll(/SEARCH\('\{\\"roq-sync\\",([\w,]+)\} MetricName=\\"(\w+)\\"/g)].map(
      ([, dimensions, name]) => `${name}{${dimensions}}`,
    ),
    ...[...text.matchAll(/"roq-sync", "(\w+)", "stage", "dev"[\],]/g)].map(([, name]) => `${name}{stage}`),
  ];
  expect(JSON.parse(text).widgets.length).toBeGreaterThan(8);
  expect(shown.length).toBeGreaterThan(13);
  for (const metric of shown) expect(told()).toContain(metric);
  const members = new Set(lines.flatMap((line) => Object.keys(line)));
  const asked = [...text.matchAll(/pct\((\w+), 95\)|filter (\w+)|and (\w+) !=/g)];
  expect(asked).toHaveLength(4);
  for (const [, ...names] of asked) expect(members).toContain(names.find(Boolean));
});

function ofType(type: string, of = template): Resource['Properties'][] {
  const found = Object.values(of.Resources).filter((resource) => resource.Type === type);
  return found.map(({ Properties }) => Properties);
}

/** The conditions as CloudFormation would take them. */
function conditionsOf({ Conditions }: Template): Record<string, boolean> {
  const holds = (condition: unknown): boolean => {
    const [[name, argument] = ['', []]] = Object.entries(condition as Record<string, readonly unknown[]>);
    if (name === 'Fn::Not') return !holds(argument[0]);
    return name === 'Fn::Equals' && argument[0] === argument[1];
  };
  return Object.fromEntries(Object.entries(Conditions).map(([name, condition]) => [name, holds(condition)]));
}

type Statement = { Effect: string; Action: string | string[]; Resource: unknown };
type Policy = { PolicyDocument: { Statement: Statement[] } };

/** What a role allows, options included: `action resource`. */
function grantsOf(role: Resource | undefined): string[] {
  const policies = role?.Properties.Policies as (Policy | { 'Fn::If': [string, Policy, unknown] })[];
  const statements = policies
    .map((policy) => ('Fn::If' in policy ? policy['Fn::If'][1] : policy))
    .flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
  return statements.flatMap(({ Effect, Action, Resource }) => {
    expect(Effect).toBe('Allow');
    return [Action].flat().flatMap((action) => [Resource].flat().map((one) => `${action} ${toText(one)}`));
  });
}

function toText(resource: unknown): string {
  if (typeof resource === 'string') return resource;
  if ('Fn::Split' in (resource as object)) return JSON.stringify(resource);
  const { 'Fn::GetAtt': attribute, 'Fn::Sub': text } = resource as Record<string, string & string[]>;
  return attribute?.[0] ?? text ?? '';
}

type Described = { Namespace?: string; MetricName?: string };

/** The figures that an alarm looks at: `AWS/Lambda Errors`. */
function metricsOf(alarm: Resource['Properties']): string[] {
  const queries = (alarm.Metrics ?? []) as { MetricStat?: { Metric: Described } }[];
  const described = [alarm as Described, ...queries.flatMap(({ MetricStat }) => MetricStat?.Metric ?? [])];
  return described
    .filter(({ MetricName }) => MetricName)
    .map(({ Namespace, MetricName }) => `${Namespace} ${MetricName}`);
}

type Directive = { Dimensions: string[][]; Metrics: { Name: string }[] };

/** Every metric that the log lines tell: `name{dimensions}`. */
function told(): string[] {
  const records = lines.map((line) => withMetrics(line, { stage: 'prod', functionName: 'f' }));
  const directives = (records as { _aws: { CloudWatchMetrics: Directive[] } }[]).flatMap(
    ({ _aws }) => _aws.CloudWatchMetrics,
  );
  return directives.flatMap(({ Dimensions, Metrics }) =>
    Metrics.flatMap(({ Name }) => Dimensions.map((names) => `${Name}{${names.join()}}`)),
  );
}
