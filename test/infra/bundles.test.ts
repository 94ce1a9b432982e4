import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { onlyDirectories, onlyProviders, withMapping } from '../../infra/bundle-plugins.ts';
import { directories } from '../../lib/providers/directories.ts';
import type { DirectoryProvider } from '../../lib/providers/directory.ts';
import type { Provider } from '../../lib/providers/provider.ts';
import { providers } from '../../lib/providers/registry.ts';
import { answerJson, serve } from '../../local/server.ts';
import { copyService, type Packaged, propertiesOf, type Service } from '../support/packaged.ts';

const run = promisify(execFile);
const names = ['webhook', 'reconcile', 'cognito', 'backfill', 'operate', 'pull'] as const;
/** The largest that each may be, in KB: with one provider, and with all of them, all directories and a mapping. */
const most = {
  webhook: { ofOne: 260, ofAll: 395 },
  reconcile: { ofOne: 285, ofAll: 315 },
  cognito: { ofOne: 255, ofAll: 285 },
  backfill: { ofOne: 290, ofAll: 315 },
  operate: { ofOne: 310, ofAll: 340 },
  pull: { ofOne: 345, ofAll: 370 },
};
const settingsOfEverything = `
environment:
  ROQ_PLATFORM_URL: https://roq.example
  ROQ_ENVIRONMENT_ID: e
  ROQ_API_KEY: ssm:/roq-sync/all/core/ROQ_API_KEY
  PROVIDERS: ssm:/roq-sync/all/core/PROVIDERS
  CLERK_SECRETS: ssm:/roq-sync/all/webhook/CLERK_SECRETS
mapping:
  providers:
    clerk:
      tenantId: public_metadata.tenant_id
`;

let service: Service;
let hollow: Service;
let packaged: Packaged;
let bundle: string;

beforeAll(async () => {
  [service, hollow] = await Promise.all([copyService(), copyService({ hollow: true })]);
  packaged = await service.packageStage('dev');
  bundle = join(await service.unpack('webhook'), 'functions/webhook.js');
}, 60_000);
afterAll(() => Promise.all([service.remove(), hollow.remove()]));

describe('the deployable', () => {
  test.each(names)('of %s is one file, with its source map kept apart', async (name) => {
    const files = await service.unzip(name);
    expect(Object.keys(files)).toEqual([`functions/${name}.js`]);
    expect(Buffer.from(files[`functions/${name}.js`] ?? '').toString()).not.toContain('sourceMappingURL');
    expect((await sourcesOf(name)).length).toBeGreaterThan(100);
  });

  test('is the same, byte by byte, of the same code, wherever it is packaged', async () => {
    const zips = await Promise.all(
      ['America/Los_Angeles', 'Pacific/Kiritimati'].map(async (zone) => {
        const elsewhere = await copyService({ hollow: true, zone });
        const { folder } = await elsewhere.packageStage('dev');
        const zip = await readFile(join(folder, '.serverless/webhook.zip'), 'hex');
        await elsewhere.remove();
        return zip;
      }),
    );
    expect(zips[0]).toBe(zips[1]);
  });

  test.each(names)('of %s has its size printed, and is no larger than it was', (name) => {
    expect(kilobytesOf(name, packaged)).toBeGreaterThan(100);
    expect(kilobytesOf(name, packaged)).toBeLessThanOrEqual(most[name].ofOne);
  });

  test('of a stage with everything is made, and no larger than it was', async () => {
    const everything = await copyService();
    const made = await everything.packageStage('all', settingsOfEverything);
    await everything.remove();
    for (const name of names) {
      expect(kilobytesOf(name, made)).toBeGreaterThan(kilobytesOf(name, packaged));
      expect(kilobytesOf(name, made)).toBeLessThanOrEqual(most[name].ofAll);
    }
  });

  test('carries only what it needs', async () => {
    const parts = {
      providers: /lib\/providers\/registry\.ts$/,
      'JWS and JWE': /node_modules\/jose\//,
      exports: /lib\/exports\/read\.ts$/,
      directories: /lib\/providers\/directories\.ts$/,
      'an operator’s commands': /lib\/operate\/resync\.ts$/,
      'what stands in for something': /infra\/stand-ins\//,
      'GraphQL’s parser': /node_modules\/graphql\/language\//,
      'event streams': /core\/.*event-streams\//,
      'the language of mappings': /jmespath/,
      'other credentials': /credential-provider-(ini|sso|process)/,
    };
    const carried: Record<string, readonly string[]> = {};
    for (const name of names) {
      const sources = await sourcesOf(name);
      carried[name] = Object.entries(parts)
        .filter(([, part]) => sources.some((source) => part.test(source)))
        .map(([part]) => part);
    }
    const always = 'what stands in for something';
    expect(carried).toEqual({
      // Clerk's signatures need no JWS.
      webhook: ['providers', always],
      // A job carries on reading what a backfill began.
      reconcile: ['exports', always],
      cognito: [always],
      backfill: ['exports', always],
      operate: ['exports', 'an operator’s commands', always],
      // Firebase's statement is signed, and Auth0's list comes as a file.
      pull: ['JWS and JWE', 'exports', 'directories', always],
    });
  });

  test('of the webhook has of all providers those that are configured', async () => {
    const sources = await sourcesOf('webhook');
    const isIn = ({ name }: { readonly name: string }) =>
      sources.some((source) => /lib\/providers\/[\w-]+\/([\w-]+)\.ts$/.exec(source)?.[1] === name);
    expect(providers.filter(isIn).map(({ name }) => name)).toEqual(['clerk']);
  });

  test.each(providers)('can be made for $name alone', async ({ name }) => {
    const outfile = join(service.folder, '.local', `${name}.cjs`);
    await build({
      entryPoints: ['lib/providers/registry.ts'],
      absWorkingDir: service.folder,
      outfile,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      plugins: [onlyProviders(name)],
    });
    const bundled: { providers: readonly Provider[] } = createRequire(import.meta.url)(outfile);
    expect(bundled.providers.map((provider) => provider.name)).toEqual([name]);
  });

  test.each(directories)('of pull can be made for $name alone', async ({ name }) => {
    const outfile = join(service.folder, '.local', `${name}-directory.cjs`);
    await build({
      entryPoints: ['lib/providers/directories.ts'],
      absWorkingDir: service.folder,
      outfile,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      plugins: [onlyDirectories(name)],
    });
    const bundled: { directories: readonly DirectoryProvider[] } = createRequire(import.meta.url)(outfile);
    expect(bundled.directories.map((directory) => directory.name)).toEqual([name]);
  });

  test('is not made of what can’t be bundled, and the command ends', async () => {
    const failure = await packageWith('functions/webhook.ts', (text) => `import './nothing.ts';\n${text}`);
    expect(failure).toMatchObject({ code: 1 });
    expect(`${failure.stdout}${failure.stderr}`).toContain('./nothing.ts');
  });
});

describe('the bundle of webhook, loaded as Lambda loads it', () => {
  const settings = {
    ROQ_PLATFORM_URL: 'http://127.0.0.1:9',
    ROQ_ENVIRONMENT_ID: 'e',
    ROQ_API_KEY: 'k',
    TABLE_NAME: 't',
    STATE_TABLE_NAME: 's',
    PROVIDERS: 'clerk',
    CLERK_SECRETS: `whsec_${Buffer.alloc(24, 1).toString('base64')}`,
  };

  test('refuses an unsigned event', async () => {
    const [line, answer] = await callWebhook('clerk', settings);
    expect(answer).toMatchObject({ statusCode: 401 });
    expect(line).toMatchObject({ outcome: 'rejected', code: 'signature_missing' });
  });

  test('has the mapping of the settings in it, and with it the language of its expressions', async () => {
    const plugins = [
      onlyProviders('clerk'),
      withMapping({ providers: { clerk: { firstName: 'public_metadata.called' } } }),
    ];
    const options = { bundle: true, minify: true, platform: 'node', write: false, plugins } as const;
    const { outputFiles } = await build({ ...options, entryPoints: ['lib/app.ts'] });
    const { outputFiles: without } = await build({
      ...options,
      entryPoints: ['lib/app.ts'],
      plugins: [onlyProviders('clerk')],
    });
    expect(outputFiles[0]?.text).toContain('public_metadata.called');
    const bytes = (outputFiles[0]?.contents.length ?? 0) - (without[0]?.contents.length ?? 0);
    expect(bytes).toBeGreaterThan(20_000);
    expect(bytes).toBeLessThan(30_000);
  });

  test('does not know a provider that is not configured', async () => {
    const [, answer] = await callWebhook('kinde', settings);
    expect(answer).toMatchObject({ statusCode: 404 });
  });

  test('asks to be tried again where its secrets can’t be read', async () => {
    const elsewhere = { CLERK_SECRETS: 'ssm:/a', AWS_REGION: 'eu-central-1' };
    const nowhere = { AWS_ENDPOINT_URL_SSM: 'http://127.0.0.1:9' };
    const [, answer] = await callWebhook('clerk', { ...settings, ...elsewhere, ...nowhere });
    expect(answer).toMatchObject({ statusCode: 503, headers: { 'retry-after': '5' } });
  });

  test('does not work with the settings of the example, none of which can pass for a secret', async () => {
    const server = await serve(0, async (_, response) => answerJson(response, 200, { Parameters: [] }));
    const { Variables } = propertiesOf(packaged.template, 'WebhookLambdaFunction').Environment as {
      Variables: Record<string, string>;
    };
    const aws = { AWS_REGION: 'eu-central-1', AWS_ENDPOINT_URL_SSM: server.url };
    const tables = { TABLE_NAME: 't', STATE_TABLE_NAME: 's' };
    const failure = await callWebhook('clerk', { ...Variables, ...tables, ...aws }).catch((error) => error);
    await server.close();
    for (const name of ['ROQ_API_KEY', 'CLERK_SECRETS']) {
      expect(failure.stderr).toMatch(
        new RegExp(`${name} names /roq-sync/dev/\\w+/${name}, which is no param`),
      );
    }
    expect(Variables).toMatchObject({ ROQ_PLATFORM_URL: '', ROQ_ENVIRONMENT_ID: '' });
  });

  test('works but for the provider that it does not know, and says so', async () => {
    const nowhere = { AWS_REGION: 'eu-central-1', AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:9' };
    const both = { ...settings, ...nowhere, PROVIDERS: 'clerk kinde' };
    const printed = await callWebhook('clerk', both);
    expect(printed).toContainEqual(expect.objectContaining({ message: 'settings', provider: 'kinde' }));
    expect(printed.at(-1)).toMatchObject({ statusCode: 401 });
    expect((await callWebhook('kinde', both)).at(-1)).toMatchObject({ statusCode: 503 });
  });

  test('does not start with a configuration that cannot work, and says all that is wrong', async () => {
    const wrong = { PROVIDERS: 'clerk nobody', ROQ_PLATFORM_URL: 'http://roq.example' };
    const failure = await callWebhook('clerk', wrong).catch((error) => error);
    const said = ['ROQ_PLATFORM_URL', 'ROQ_ENVIRONMENT_ID', 'ROQ_API_KEY', 'TABLE_NAME', 'CLERK_SECRETS'];
    for (const name of [...said, 'nobody']) expect(failure.stderr).toContain(name);
  });
});

const callHandler = `
  const { handler } = require(process.argv[1]);
  const event = { headers: {}, pathParameters: { provider: process.argv[2] }, body: '{}', isBase64Encoded: false,
    requestContext: { http: { method: 'POST' } } };
  handler(event, { getRemainingTimeInMillis: () => 10_000 }).then((answer) => console.log(JSON.stringify(answer)));
`;

/** What the webhook prints on an unsigned event: its log line, and its answer. */
async function callWebhook(provider: string, env: Readonly<Record<string, string>>): Promise<unknown[]> {
  const { stdout } = await run(process.execPath, ['-e', callHandler, bundle, provider], { env });
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** As packaging prints it. */
function kilobytesOf(name: string, { output }: Packaged): number {
  return Number(new RegExp(`^${name} +([\\d.]+) KB$`, 'm').exec(output)?.[1]);
}

/** The files of which a bundle is made. */
async function sourcesOf(name: string): Promise<readonly string[]> {
  const map = await readFile(join(service.folder, '.serverless/functions', `${name}.js.map`), 'utf8');
  return JSON.parse(map).sources;
}

/** How the packaging of functions that do nothing fails with one file changed. */
async function packageWith(
  file: string,
  change: (text: string) => string,
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const path = join(hollow.folder, file);
  const text = await readFile(path, 'utf8');
  await writeFile(path, change(text));
  try {
    return await hollow.packageStage('dev').then(
      () => ({ stdout: '', stderr: '' }),
      (failure) => failure,
    );
  } finally {
    await writeFile(path, text);
  }
}
