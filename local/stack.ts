// The whole system on this machine: DynamoDB, ROQ, an identity provider, and the door to the deployed handlers.

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { parse } from 'yaml';
import type { App } from '../lib/app.ts';
import type { Log } from '../lib/log.ts';
import { startDoor } from './door.ts';
import { createTable, startDynamoDb } from './dynamodb.ts';
import { startIdentityProvider } from './identity-provider.ts';
import { startRoq } from './roq.ts';
import type { RoqUser } from './roq-users.ts';

export type StackOptions = {
  /** A folder that keeps DynamoDB's data; without one it is gone on close. */
  readonly path?: string;
  /** The users that ROQ has from the start. */
  readonly roqUsers?: readonly RoqUser[];
  /** The door's; 0, as by default: a free one. */
  readonly port?: number;
  /** Settings over the local ones. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly log: Log;
  /** Told of every function that threw or ran out of time. */
  readonly onError?: (functionName: string, error: Error) => void;
};

export type Stack = Awaited<ReturnType<typeof startStack>>;

type ServerlessFile = {
  readonly functions: {
    readonly webhook: { readonly timeout: number; readonly events: readonly [{ readonly httpApi: string }] };
    readonly reconcile: { readonly timeout: number };
  };
};

const audience = 'roq-sync';
const tableName = 'roq-sync-local';

export async function startStack(options: StackOptions) {
  const { path, roqUsers = [], port = 0, environment = {}, log, onError } = options;
  const dynamoDb = await startDynamoDb({ ...(path && { path }) });
  const roq = await startRoq({ users: roqUsers });
  const clerkSecret = `whsec_${randomBytes(24).toString('base64')}`;
  let webhookUrl = '';
  const identityProvider = await startIdentityProvider({
    audience,
    webhookUrl: () => `${webhookUrl}generic`,
  });
  Object.assign(process.env, {
    ...{ AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' },
    ...{ AWS_ENDPOINT_URL_DYNAMODB: dynamoDb.url, TABLE_NAME: tableName },
    ...{ ROQ_PLATFORM_URL: roq.url, ROQ_ENVIRONMENT_ID: roq.environmentId, ROQ_API_KEY: roq.apiKey },
    ...{ PROVIDERS: 'generic ssf clerk', CLERK_SECRETS: clerkSecret },
    ...{ GENERIC_JWKS_URL: identityProvider.jwksUrl, SSF_JWKS_URL: identityProvider.jwksUrl },
    ...{ GENERIC_ISSUER: identityProvider.issuer, SSF_ISSUER: identityProvider.issuer },
    ...{ GENERIC_AUDIENCE: audience, SSF_AUDIENCE: audience },
    ...environment,
  });
  const client = new DynamoDBClient({});
  await createTable(client, tableName);

  // The handlers read their configuration when they are imported, as at a cold start.
  const { createHandler } = await import('../functions/webhook.ts');
  const { createHandler: createReconcile } = await import('../functions/reconcile.ts');
  const { connect } = await import('../lib/app.ts');
  const { readWebhookConfig } = await import('../lib/config.ts');
  const config = readWebhookConfig(process.env);
  const app = { ...connect(config), log };
  const { webhook, reconcile } = readServerlessFile().functions;
  const functions = {
    webhook: {
      handler: createHandler(app, config),
      timeoutMs: webhook.timeout * 1000,
      route: webhook.events[0].httpApi,
    },
    reconcile: { handler: createReconcile(app), timeoutMs: reconcile.timeout * 1000 },
  };
  const door = await startDoor({ port, functions, ...(onError && { onError }) });
  webhookUrl = `${door.url}/webhooks/`;

  return {
    ...{ dynamoDb, roq, identityProvider, door, app, webhookUrl, clerkSecret },
    /** The webhook's handler, with parts of the app put in place of its own. */
    webhookWith: (parts: Partial<App>) => createHandler({ ...app, ...parts }, config),
    close: async () => {
      client.destroy();
      await Promise.all([door.close(), identityProvider.close(), roq.close(), dynamoDb.close()]);
    },
  };
}

function readServerlessFile(): ServerlessFile {
  return parse(readFileSync(new URL('../serverless.yml', import.meta.url), 'utf8'), { logLevel: 'error' });
}
