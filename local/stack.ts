// The whole system on this machine: DynamoDB, ROQ, an identity provider, and the door to the deployed handlers.

import { readFileSync } from 'node:fs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { parse } from 'yaml';
import { type App, connect } from '../lib/app.ts';
import { createHandler as createBackfill } from '../lib/handlers/backfill.ts';
import { createHandler as createOperate } from '../lib/handlers/operate.ts';
import { createHandler as createPull } from '../lib/handlers/pull.ts';
import { createHandler as createReconcile } from '../lib/handlers/reconcile.ts';
import { createHandler as createWebhook } from '../lib/handlers/webhook.ts';
import { type Mapping, noMapping } from '../lib/mapping/mapping.ts';
import type { Log } from '../lib/observability/log-line.ts';
import { readWebhookConfig } from '../lib/providers/connect.ts';
import { readDirectoryConfig } from '../lib/providers/connect-directories.ts';
import { providers } from '../lib/providers/registry.ts';
import packageJson from '../package.json' with { type: 'json' };
import { createBreaker } from './breaker.ts';
import { startControls } from './controls.ts';
import { startDoor } from './door.ts';
import { createTable, startDynamoDb } from './dynamodb.ts';
import { startIdentityProvider } from './identity-provider.ts';
import { apiUser, startApi } from './providers/api.ts';
import type { SigningKeys } from './providers/keys.ts';
import { kratosApi } from './providers/kratos/api.ts';
import { senders } from './providers/registry.ts';
import { startRoq } from './roq.ts';
import type { RoqUser } from './roq-user.ts';

export type StackOptions = {
  /** A folder that keeps DynamoDB's data; without one it is gone on close. */
  readonly path?: string;
  /** The users that ROQ has from the start. */
  readonly roqUsers?: readonly RoqUser[];
  /** The door's; 0, as by default: a free one. */
  readonly port?: number;
  /** Settings over the local ones. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Settings by which providers are asked for their users, besides the stand-in of Kratos. */
  readonly directory?: Readonly<Record<string, string>>;
  readonly mapping?: Mapping;
  readonly log: Log;
  /** Called with the error of every function that threw or ran out of time. */
  readonly onError?: (functionName: string, error: Error) => void;
};

export type Stack = Awaited<ReturnType<typeof startStack>>;

type Described = { readonly timeout: number };

type ServerlessFile = {
  readonly custom: {
    readonly entries: { readonly httpApi: { readonly events: readonly { readonly httpApi: string }[] } };
  };
  readonly functions: Readonly<Record<'webhook' | 'reconcile' | 'backfill' | 'operate' | 'pull', Described>>;
};

const audience = 'roq-sync';
const tableName = 'roq-sync-local';
const stateTableName = 'roq-sync-local-state';

export async function startStack(options: StackOptions) {
  const { path, roqUsers = [], port = 0, environment = {}, directory = {}, mapping = noMapping } = options;
  const { log, onError } = options;
  const dynamoDb = await startDynamoDb({ ...(path && { path }) });
  const roq = await startRoq({ users: roqUsers });
  const breaker = createBreaker(roq.fail);
  const api = await startApi(kratosApi);
  // Whom an administrator made there: Kratos has no webhook for that.
  const untold = apiUser(kratosApi, 1, { email: 'emma@example.com', firstName: 'Emma', lastName: 'Untold' });
  api.users.set(untold.id, untold);
  let webhookUrl = '';
  const identityProvider = await startIdentityProvider({
    audience,
    // The one algorithm that every provider signs by.
    alg: 'RS256',
    webhookUrl: () => `${webhookUrl}generic`,
  });
  const keys = { ...identityProvider, url: identityProvider.issuer, sign: identityProvider.signClaims };
  const settings = { ...toProviderSettings(keys), ...environment };
  Object.assign(process.env, {
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL_DYNAMODB: dynamoDb.url,
    TABLE_NAME: tableName,
    STATE_TABLE_NAME: stateTableName,
    ROQ_PLATFORM_URL: roq.url,
    ROQ_ENVIRONMENT_ID: roq.environmentId,
    ROQ_API_KEY: roq.apiKey,
    VERSION: packageJson.version,
    ...settings,
  });
  const client = new DynamoDBClient({});
  await createTable(client, tableName);
  await createTable(client, stateTableName, 'StateTable');

  const config = readWebhookConfig(process.env);
  const app = { ...connect(config, log), mapping };
  const { custom, functions: described } = readServerlessFile();
  const within = (name: keyof typeof described) => ({ timeoutMs: described[name].timeout * 1_000 });
  const functions = {
    webhook: {
      handler: createWebhook(app, config),
      ...within('webhook'),
      routes: custom.entries.httpApi.events.map(({ httpApi }) => httpApi),
    },
    reconcile: { handler: createReconcile(app), ...within('reconcile') },
    backfill: { handler: createBackfill(app), ...within('backfill') },
    operate: { handler: createOperate(app), ...within('operate') },
    pull: {
      handler: createPull(
        app,
        readDirectoryConfig({
          // As deployed, it has none of the settings by which events are taken.
          ...without(process.env, Object.keys(toProviderSettings(keys))),
          PROVIDERS: settings.PROVIDERS,
          SHARED_REFERENCES: settings.SHARED_REFERENCES,
          DELETIONS: 'apply',
          ...api.environment,
          ...directory,
          DIRECTORIES: [...new Set(['kratos', ...(directory.DIRECTORIES ?? '').split(/\s+/)])].join(' '),
        }),
      ),
      ...within('pull'),
    },
  };
  const door = await startDoor({ port, functions, ...(onError && { onError }) });
  webhookUrl = `${door.url}/webhooks/`;
  const controls = await startControls({
    port: port === 0 ? 0 : port + 1,
    webhookUrl,
    keys,
    roq,
    breaker,
    environment: settings,
  });

  return {
    dynamoDb,
    roq,
    breaker,
    /** The API of a provider that is asked for its users, of whom no webhook tells. */
    api,
    identityProvider,
    door,
    controls,
    app,
    webhookUrl,
    keys,
    settings,
    clerkSecret: settings.CLERK_SECRETS ?? '',
    /** The webhook's handler, with parts of the app put in place of its own. */
    webhookWith: (parts: Partial<App>) => createWebhook({ ...app, ...parts }, config),
    close: async () => {
      client.destroy();
      await Promise.all([
        controls.close(),
        door.close(),
        identityProvider.close(),
        roq.close(),
        api.close(),
        dynamoDb.close(),
      ]);
    },
  };
}

/** Settings by which every provider's events are taken; what the shell has of theirs is emptied. */
function toProviderSettings(keys: SigningKeys): Readonly<Record<string, string>> {
  const emptied = providers.flatMap(({ settings }) => Object.keys(settings).map((name) => [name, '']));
  const chosen = senders.flatMap(({ name, environment, variants }) => {
    // The identity provider is one of the generic kind, and signs its events as JWTs.
    const toSettings = (name === 'generic' && variants?.['a JWT']) || environment;
    return Object.entries(toSettings(keys));
  });
  const names = senders.map(({ name }) => name).join(' ');
  const shared = { PROVIDERS: names, SHARED_REFERENCES: 'true' };
  return { ...Object.fromEntries(emptied), ...Object.fromEntries(chosen), ...shared };
}

function without(values: NodeJS.ProcessEnv, names: readonly string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(values).filter(([name]) => !names.includes(name)));
}

function readServerlessFile(): ServerlessFile {
  return parse(readFileSync(new URL('../serverless.yml', import.meta.url), 'utf8'), { logLevel: 'error' });
}
