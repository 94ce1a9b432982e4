import { randomUUID } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createStore, type Store } from '../lib/store.ts';
import { toFacts } from '../lib/user.ts';
import { createTable, startDynamoDb } from '../local/dynamodb.ts';
import { type RunningRoq, startRoq } from '../local/roq.ts';
import { generic } from '../local/senders/generic.ts';
import { type SigningKeys, startSigningKeys } from '../local/senders/keys.ts';
import { sampleUser } from '../local/senders/sender.ts';
import type { RunningServer } from '../local/server.ts';
import { copyService, type Packaged, type Service } from './support/packaged.ts';
import { type Runtime, startRuntime } from './support/runtime.ts';
import { startWire, type Wire } from './support/wire.ts';

// The bundles as they are deployed, each in a process of its own as Lambda would run it, with nothing but what the
// template gives it.
type Name = 'webhook' | 'reconcile' | 'cognito' | 'backfill' | 'operate';
const names: readonly Name[] = ['webhook', 'reconcile', 'cognito', 'backfill', 'operate'];
const pool = 'eu-central-1_Abc123';
const tables: Readonly<Record<string, string>> = { UsersTable: 'users', StateTable: 'state' };

let service: Service;
let packaged: Packaged;
let dynamoDb: RunningServer;
let client: DynamoDBClient;
let store: Store;
let roq: RunningRoq;
let keys: SigningKeys;
let wire: Wire;
let secrets: Record<string, string>;
let runtimes: Record<Name, Runtime>;

beforeAll(async () => {
  [service, dynamoDb, roq, keys] = await Promise.all([
    ...([copyService(), startDynamoDb(), startRoq(), startSigningKeys()] as const),
  ]);
  secrets = generic.environment(keys);
  wire = await startWire(dynamoDb.url, {
    '/roq-sync/dev/core/ROQ_API_KEY': roq.apiKey,
    '/roq-sync/dev/webhook/GENERIC_SECRETS': secrets.GENERIC_SECRETS ?? '',
  });
  client = new DynamoDBClient({
    ...{ endpoint: dynamoDb.url, region: 'eu-central-1' },
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  store = createStore({ client, tableName: 'users', now: () => Date.now() - 3_600_000 });
  await Promise.all([createTable(client, 'users'), createTable(client, 'state', 'StateTable')]);
  packaged = await service.packageStage('dev', settings());
  const started = names.map(async (name) => [name, await start(name)] as const);
  runtimes = Object.fromEntries(await Promise.all(started)) as typeof runtimes;
}, 60_000);
afterAll(async () => {
  await Promise.all(Object.values(runtimes ?? {}).map((runtime) => runtime.close()));
  client?.destroy();
  await Promise.all([wire?.close(), keys?.close(), roq?.close(), dynamoDb?.close(), service?.remove()]);
});

describe('the packaged functions', () => {
  test('webhook: signed up, verified and disabled come to be so in ROQ', async () => {
    const reference = randomUUID();
    for (const event of ['user.signed_up', 'user.email_verified', 'user.disabled']) {
      expect(await deliver(event, reference)).toMatchObject({ statusCode: 200 });
    }
    expect(usersOf(reference)).toMatchObject([{ email: 'ada@example.com', isOptedIn: true, active: false }]);
    expect(runtimes.webhook.lines()).toMatchObject(
      [1, 2, 3].map(() => ({
        ...{ message: 'event', provider: 'generic', reference, outcome: 'done', Events: 1, stage: 'dev' },
      })),
    );
  });

  test('webhook: refuses what is not signed', async () => {
    expect(await deliver('user.disabled', randomUUID(), () => ({}))).toMatchObject({ statusCode: 401 });
  });

  test('webhook: is called by its own address as by an HTTP API', async () => {
    const reference = randomUUID();
    const event = await toEvent('user.signed_up', reference);
    const { pathParameters: _, ...withoutRoute } = event;
    expect(await call('webhook', withoutRoute)).toMatchObject({ statusCode: 200 });
    expect(usersOf(reference)).toHaveLength(1);
  });

  test('webhook: answers in its time while ROQ does not, and leaves the rest to the schedule', async () => {
    const reference = randomUUID();
    roq.fail.always({ how: 'no-answer' });
    expect(await deliver('user.signed_up', reference)).toMatchObject({ statusCode: 200 });
    roq.fail.clear();
    expect(runtimes.webhook.lines().at(-1)).toMatchObject({ reference, outcome: 'retry' });
  });

  test('reconcile: the schedule brings what is due in step, and tells how it stands', async () => {
    const reference = randomUUID();
    await store.fold(reference, toFacts({ email: 'late@example.com' }, 1), randomUUID(), 1_000);
    expect(await call('reconcile', {})).toMatchObject({ done: 1 });
    expect(usersOf(reference)).toMatchObject([{ email: 'late@example.com' }]);
    expect(runtimes.reconcile.lines()).toContainEqual(
      expect.objectContaining({ message: 'gauges', Parked: 0, stage: 'dev' }),
    );
  });

  test('reconcile: the daily schedule audits, and tells what it found', async () => {
    await call('reconcile', { begin: 'audit' });
    expect(runtimes.reconcile.lines()).toContainEqual(
      expect.objectContaining({ message: 'job', is: 'audit', state: 'done', AuditDrifted: 0 }),
    );
  });

  test('backfill: takes users by hand', async () => {
    const reference = randomUUID();
    const users = [{ id: reference, email: 'old@example.com', updated_at: '2026-01-01T00:00:00Z' }];
    const answer = await call('backfill', { users, provider: 'generic', apply: true });
    expect(answer).toMatchObject({ is: 'backfill', state: 'done' });
    expect(usersOf(reference)).toMatchObject([{ email: 'old@example.com' }]);
  });

  test('operate: answers by hand how it stands with a user', async () => {
    const reference = randomUUID();
    await deliver('user.signed_up', reference);
    expect(await call('operate', { command: 'status', reference })).toMatchObject({
      ...{ reference, found: true, inStep: true },
    });
    expect(await call('operate', { command: 'doctor' })).toMatchObject({ checks: expect.any(Array) });
  });

  test('cognito: takes a confirmed sign-up, and answers as Cognito wants it', async () => {
    const event = confirmation(randomUUID());
    expect(await call('cognito', event)).toEqual(event);
    expect(usersOf(event.request.userAttributes.sub)).toMatchObject([{ email: 'cleo@example.com' }]);
  });

  test('end an invocation by an error that names itself, and go on', async () => {
    expect(await runtimes.cognito.invoke({ 'detail-type': 'nothing' })).toMatchObject({ is: 'returned' });
    const outcome = await runtimes.webhook.invoke(null);
    expect(outcome).toMatchObject({ is: 'threw', error: { errorType: 'TypeError' } });
    expect(await deliver('user.logged_in', randomUUID())).toMatchObject({ statusCode: 200 });
  });

  test('stay well within their memory', () => {
    const peaks = names.map((name) => ({ name, peakMb: runtimes[name].peakMb() }));
    console.info(`peak memory: ${peaks.map(({ name, peakMb }) => `${name} ${peakMb} MB`).join(', ')}`);
    for (const { name, peakMb } of peaks) {
      expect(peakMb).toBeGreaterThan(0);
      expect(peakMb).toBeLessThan(functionOf(name).MemorySize / 2);
    }
  });

  test.each(names)('%s: makes no call that its role does not allow', (name) => {
    const granted = grantsOf(name);
    const made = wire.callsOf(name);
    expect(made.length).toBeGreaterThan(2);
    expect(made.filter((one) => !granted.some((grant) => matches(grant, one)))).toEqual([]);
  });
});

function settings(): string {
  return `
environment:
  ROQ_PLATFORM_URL: ${roq.url}
  ROQ_ENVIRONMENT_ID: ${roq.environmentId}
  ROQ_API_KEY: ssm:/roq-sync/dev/core/ROQ_API_KEY
  ROQ_TIMEOUT_MS: '300'
  PROVIDERS: generic
  GENERIC_SECRETS: ssm:/roq-sync/dev/webhook/GENERIC_SECRETS
  COGNITO_USER_POOL_IDS: ${pool}
`;
}

type Described = {
  readonly Handler: string;
  readonly MemorySize: number;
  readonly Timeout: number;
  readonly Environment: { readonly Variables: Readonly<Record<string, string | { readonly Ref: string }>> };
};

function functionOf(name: Name): Described {
  const logicalId = `${name[0]?.toUpperCase()}${name.slice(1)}LambdaFunction`;
  return packaged.template.Resources[logicalId]?.Properties as Described;
}

async function start(name: Name): Promise<Runtime> {
  const folder = await service.unpack(name);
  const { Handler, MemorySize, Timeout, Environment } = functionOf(name);
  const variables = Object.entries(Environment.Variables).map(([key, value]) => [
    ...[key, typeof value === 'string' ? value : tables[value.Ref]],
  ]);
  return startRuntime({
    ...{ handler: Handler, folder, memoryMb: MemorySize, timeoutMs: Timeout * 1_000 },
    environment: {
      ...Object.fromEntries(variables),
      ...{ AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: name, AWS_SECRET_ACCESS_KEY: 'secret' },
      ...{ AWS_ENDPOINT_URL_DYNAMODB: wire.url, AWS_ENDPOINT_URL_SSM: wire.url },
      AWS_LAMBDA_FUNCTION_NAME: `roq-sync-dev-${name}`,
    },
  });
}

async function call(name: Name, event: unknown): Promise<unknown> {
  const outcome = await runtimes[name].invoke(event);
  if (outcome.is !== 'returned') throw new Error(`${name}: ${JSON.stringify(outcome)}`);
  return outcome.value;
}

type Headers = Readonly<Record<string, string>>;

async function deliver(
  kind: string,
  reference: string,
  change = (headers: Headers) => headers,
): Promise<unknown> {
  const event = await toEvent(kind, reference);
  return call('webhook', { ...event, headers: change(event.headers) });
}

async function toEvent(kind: string, reference: string) {
  const nowMs = Date.now();
  const payload = generic.examples[kind]?.payload(sampleUser(reference), nowMs) ?? {};
  const { headers, body } = await generic.sign(payload, { nowMs, environment: secrets, keys });
  return {
    ...{ version: '2.0', rawPath: '/webhooks/generic', pathParameters: { provider: 'generic' } },
    ...{ requestContext: { http: { method: 'POST' } }, headers },
    ...{ body: Buffer.from(body).toString('base64'), isBase64Encoded: true },
  };
}

function confirmation(sub: string) {
  return {
    ...{ version: '1', region: 'eu-central-1', userPoolId: pool, userName: sub },
    ...{ callerContext: { awsSdkVersion: '3', clientId: 'client' } },
    triggerSource: 'PostConfirmation_ConfirmSignUp',
    request: { userAttributes: { sub, email: 'cleo@example.com', email_verified: 'true' } },
    response: {},
  };
}

function usersOf(reference: string) {
  return roq.users.filter((user) => user.reference === reference);
}

type Policy = { PolicyDocument: { Statement: { Action: string | string[]; Resource: unknown }[] } };

function grantsOf(name: Name): readonly string[] {
  const logicalId = `${name[0]?.toUpperCase()}${name.slice(1)}Role`;
  const policies = packaged.template.Resources[logicalId]?.Properties.Policies as Policy[];
  const statements = policies.flatMap(({ PolicyDocument }) => PolicyDocument?.Statement ?? []);
  return statements.flatMap(({ Action, Resource }) =>
    [Action].flat().flatMap((action) => [Resource].flat().map((one) => `${action} ${toText(one)}`)),
  );
}

/** A resource as the calls name it: a table, its index, a parameter's path. */
function toText(resource: unknown): string {
  const { 'Fn::GetAtt': attribute, 'Fn::Sub': text = '' } = resource as Record<string, string & string[]>;
  if (attribute) return tables[attribute[0] ?? ''] ?? attribute[0] ?? '';
  return text.replace(/^arn:.*?:parameter/, '').replace(/\$\{(\w+)\.Arn\}/, (_, name) => tables[name] ?? '');
}

function matches(grant: string, made: string): boolean {
  return grant.endsWith('*') ? made.startsWith(grant.slice(0, -1)) : made === grant;
}
