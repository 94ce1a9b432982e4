// The bundles as they are deployed, each in a process of its own as Lambda would run it, with nothing but what the
// template gives it.

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createDocuments } from '../../lib/dynamodb/documents.ts';
import { createStore } from '../../lib/dynamodb/store.ts';
import { createTable, startDynamoDb } from '../../local/dynamodb.ts';
import { startApi } from '../../local/providers/api.ts';
import { generic } from '../../local/providers/generic/generic.ts';
import { startSigningKeys } from '../../local/providers/keys.ts';
import { kratosApi } from '../../local/providers/kratos/api.ts';
import { sampleUser } from '../../local/providers/sender.ts';
import { startRoq } from '../../local/roq.ts';
import { copyService, propertiesOf } from './packaged.ts';
import { type Runtime, startRuntime } from './runtime.ts';
import { startWire } from './wire.ts';

export type Name = 'webhook' | 'reconcile' | 'cognito' | 'backfill' | 'operate' | 'pull';
export const names: readonly Name[] = ['webhook', 'reconcile', 'cognito', 'backfill', 'operate', 'pull'];

export const userPoolId = 'eu-central-1_Abc123';

export type Deployment = Awaited<ReturnType<typeof deploy>>;

type Headers = Readonly<Record<string, string>>;

type Described = {
  readonly Handler: string;
  readonly MemorySize: number;
  readonly Timeout: number;
  readonly Environment: { readonly Variables: Readonly<Record<string, string | { readonly Ref: string }>> };
};

const tables: Readonly<Record<string, string>> = { UsersTable: 'users', StateTable: 'state' };

// So long ago, the store's clock says, it wrote what tests put into it.
const storedAgoMs = 3_600_000;

/** `options`, `environment`: lines of the stage's settings, besides what it takes to run at all. */
export async function deploy({ options = '', environment = '' } = {}) {
  const [service, dynamoDb, roq, keys, api] = await Promise.all([
    ...([copyService(), startDynamoDb(), startRoq(), startSigningKeys(), startApi(kratosApi)] as const),
  ]);
  const secrets = generic.environment(keys);
  const wire = await startWire(dynamoDb.url, {
    '/roq-sync/dev/core/ROQ_API_KEY': roq.apiKey,
    '/roq-sync/dev/webhook/GENERIC_SECRETS': secrets.GENERIC_SECRETS ?? '',
    '/roq-sync/dev/directory/KRATOS_ADMIN_TOKEN': api.environment.KRATOS_ADMIN_TOKEN ?? '',
  });
  const client = new DynamoDBClient({
    endpoint: dynamoDb.url,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  await Promise.all([createTable(client, 'users'), createTable(client, 'state', 'StateTable')]);
  const { template } = await service.packageStage(
    'dev',
    `${options}
directory:
  DIRECTORIES: kratos
  DELETIONS: apply
  KRATOS_ADMIN_URL: ${api.url}
  KRATOS_ADMIN_TOKEN: ssm:/roq-sync/dev/directory/KRATOS_ADMIN_TOKEN
environment:
  ROQ_PLATFORM_URL: ${roq.url}
  ROQ_ENVIRONMENT_ID: ${roq.environmentId}
  ROQ_API_KEY: ssm:/roq-sync/dev/core/ROQ_API_KEY
  ROQ_TIMEOUT_MS: '1000'
  PROVIDERS: generic
  GENERIC_SECRETS: ssm:/roq-sync/dev/webhook/GENERIC_SECRETS
  COGNITO_USER_POOL_IDS: ${userPoolId}
  SHARED_REFERENCES: 'true'
${environment}`,
  );
  const running: Runtime[] = [];
  const runtimes = Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await start(name)] as const)),
  ) as Record<Name, Runtime>;

  function functionOf(name: Name): Described {
    return propertiesOf(template, logicalId(name, 'LambdaFunction')) as Described;
  }

  /** One more process of a function, as Lambda starts when it will; `changes` to its environment. */
  async function start(name: Name, changes: Readonly<Record<string, string>> = {}): Promise<Runtime> {
    const folder = await service.unpack(name);
    const { Handler, MemorySize, Timeout, Environment } = functionOf(name);
    const variables = Object.entries(Environment.Variables).map(([key, value]) => [
      ...[key, typeof value === 'string' ? value : tables[value.Ref]],
    ]);
    const runtime = await startRuntime({
      handler: Handler,
      folder,
      memoryMb: MemorySize,
      timeoutMs: Timeout * 1_000,
      environment: {
        ...Object.fromEntries(variables),
        AWS_REGION: 'eu-central-1',
        AWS_ACCESS_KEY_ID: name,
        AWS_SECRET_ACCESS_KEY: 'secret',
        AWS_ENDPOINT_URL_DYNAMODB: wire.url,
        AWS_ENDPOINT_URL_SSM: wire.url,
        AWS_LAMBDA_FUNCTION_NAME: `roq-sync-dev-${name}`,
        ...changes,
      },
    });
    running.push(runtime);
    return runtime;
  }

  async function call(name: Name, event: unknown): Promise<unknown> {
    const outcome = await runtimes[name].invoke(event);
    if (outcome.is !== 'returned') throw new Error(`${name}: ${JSON.stringify(outcome)}`);
    return outcome.value;
  }

  /** An event of the `generic` provider, as API Gateway hands it over. */
  async function toEvent(kind: string, reference: string, atMs = Date.now()) {
    const payload = generic.examples[kind]?.payload(sampleUser(reference), atMs) ?? {};
    const { headers, body } = await generic.sign(payload, { nowMs: Date.now(), environment: secrets, keys });
    return {
      version: '2.0',
      rawPath: '/webhooks/generic',
      pathParameters: { provider: 'generic' },
      requestContext: { http: { method: 'POST' } },
      headers,
      body: Buffer.from(body).toString('base64'),
      isBase64Encoded: true,
    };
  }

  async function deliver(
    kind: string,
    reference: string,
    change = (headers: Headers) => headers,
  ): Promise<unknown> {
    const event = await toEvent(kind, reference);
    return call('webhook', { ...event, headers: change(event.headers) });
  }

  return {
    template,
    runtimes,
    roq,
    api,
    wire,
    functionOf,
    start,
    call,
    toEvent,
    deliver,
    store: createStore({ client, tableName: 'users', now: () => Date.now() - storedAgoMs }),
    documents: createDocuments({ client, tableName: 'state', now: Date.now }),
    usersOf: (reference: string) => roq.users.filter((user) => user.reference === reference),
    /** Everything that the functions have logged. */
    lines: () => running.flatMap((runtime) => runtime.lines()),
    close: async () => {
      await Promise.all(running.map((runtime) => runtime.close()));
      client.destroy();
      await Promise.all([wire.close(), keys.close(), roq.close(), api.close(), dynamoDb.close()]);
      await service.remove();
    },
  };
}

type Policy = { PolicyDocument: { Statement: { Action: string | string[]; Resource: unknown }[] } };

/** What the role of a function allows without any option, as the wire notes calls: `dynamodb:GetItem users`. */
export function grantsOf({ template }: Deployment, name: Name): readonly string[] {
  const policies = propertiesOf(template, logicalId(name, 'Role')).Policies as Policy[];
  const statements = policies.flatMap(({ PolicyDocument }) => PolicyDocument?.Statement ?? []);
  return statements.flatMap(({ Action, Resource }) =>
    [Action].flat().flatMap((action) => [Resource].flat().map((one) => `${action} ${toText(one)}`)),
  );
}

function logicalId(name: Name, suffix: string): string {
  return `${name[0]?.toUpperCase()}${name.slice(1)}${suffix}`;
}

/** A resource as the calls name it: a table, its index, a parameter's path. */
function toText(resource: unknown): string {
  const { 'Fn::GetAtt': attribute, 'Fn::Sub': text = '' } = resource as Record<string, string & string[]>;
  if (attribute) return tables[attribute[0] ?? ''] ?? attribute[0] ?? '';
  return text.replace(/^arn:.*?:parameter/, '').replace(/\$\{(\w+)\.Arn\}/, (_, name) => tables[name] ?? '');
}
