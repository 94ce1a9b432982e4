// An API like AWS's on this machine: moto, and the calls of it that the rehearsal makes.

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { signForAws } from '../../lib/http/aws-request.ts';
import { freePort } from '../real/free-port.ts';

export const region = 'eu-central-1';
export const credentials = { accessKeyId: 'rehearsal', secretAccessKey: 'secret' };

const python =
  process.env.MOTO_PYTHON ?? fileURLToPath(new URL('../../.local/moto/bin/python', import.meta.url));
const launcher = fileURLToPath(new URL('aws.py', import.meta.url));

/** What is missing, with the command that brings it; null for nothing. */
export function missing(): string | null {
  if (existsSync(python)) return null;
  return "moto is missing: python3 -m venv .local/moto && .local/moto/bin/pip install 'moto[server,cloudformation]' cfn-lint (or MOTO_PYTHON=… names a Python that has it).";
}

export type Aws = Awaited<ReturnType<typeof startAws>>;

/** A function as the stack made it. */
export type DeployedFunction = {
  readonly FunctionName: string;
  readonly Handler: string;
  readonly MemorySize: number;
  readonly Timeout: number;
  readonly Role: string;
  readonly CodeSha256: string;
  readonly Environment: { readonly Variables: Readonly<Record<string, string>> };
};

export async function startAws() {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(python, [launcher, String(port)], {
    stdio: ['ignore', 'ignore', process.env.MOTO_LOG ? 'inherit' : 'ignore'],
  });
  await untilAnswered(url, child);
  return {
    url,
    stop: () => child.kill('SIGKILL'),
    tables: async () =>
      ((await json('dynamodb', 'DynamoDB_20120810.ListTables', {})) as { TableNames: string[] }).TableNames,
    functions: async () => {
      const { Functions } = (await get('/2015-03-31/functions/')) as { Functions: DeployedFunction[] };
      return new Map(Functions.map((one) => [one.FunctionName.split('-').at(-1) ?? '', one]));
    },
    grantsOf,
  };

  /** What a role allows, as `service:Call resource`. */
  async function grantsOf(
    role: string,
  ): Promise<readonly { readonly action: string; readonly resource: string }[]> {
    const RoleName = role.split('/').at(-1) ?? '';
    const names = [
      ...(await query('iam', { Action: 'ListRolePolicies', RoleName })).matchAll(/<member>(.*?)<\/member>/g),
    ];
    const policies = await Promise.all(
      names.map(async ([, PolicyName = '']) => {
        const answer = await query('iam', { Action: 'GetRolePolicy', RoleName, PolicyName });
        const [, text = ''] = /<PolicyDocument>([\s\S]*?)<\/PolicyDocument>/.exec(answer) ?? [];
        // moto writes a policy of CloudFormation's as Python does.
        return JSON.parse(decodeURIComponent(text).replaceAll("'", '"')) as {
          Statement: { Action: unknown; Resource: unknown }[];
        };
      }),
    );
    const statements = policies.flatMap(({ Statement }) => Statement);
    return statements.flatMap(({ Action, Resource }) =>
      [Action]
        .flat()
        .flatMap((action) =>
          [Resource].flat().map((resource) => ({ action: String(action), resource: String(resource) })),
        ),
    );
  }

  async function json(service: string, target: string, input: object): Promise<unknown> {
    const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target };
    return JSON.parse(await call(service, JSON.stringify(input), headers));
  }

  function query(service: string, input: Readonly<Record<string, string>>): Promise<string> {
    const body = new URLSearchParams({ Version: '2010-05-08', ...input }).toString();
    return call(service, body, { 'content-type': 'application/x-www-form-urlencoded' });
  }

  async function call(
    service: string,
    body: string,
    headers: Readonly<Record<string, string>>,
  ): Promise<string> {
    const signed = await signForAws({ url: new URL(url), headers, body, service, region, credentials });
    const response = await fetch(url, { method: 'POST', headers: signed, body });
    const text = await response.text();
    if (!response.ok) throw new Error(`${service} answers ${response.status}: ${text.slice(0, 300)}`);
    return text;
  }

  async function get(path: string): Promise<unknown> {
    // It looks at the scope of a signature alone, to know which service is meant.
    const authorization = `AWS4-HMAC-SHA256 Credential=rehearsal/20260101/${region}/lambda/aws4_request, SignedHeaders=host, Signature=0`;
    return (await fetch(`${url}${path}`, { headers: { authorization } })).json();
  }
}

async function untilAnswered(url: string, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 120; tries++) {
    if (child.exitCode !== null)
      throw new Error('moto ended at once: is it installed as test/deploy/aws.ts says?');
    const isUp = await fetch(`${url}/moto-api/`).then(
      () => true,
      () => false,
    );
    if (isUp) return;
    await delay(250);
  }
  throw new Error('moto does not answer');
}
