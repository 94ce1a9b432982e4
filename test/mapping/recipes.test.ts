// The recipes of docs/mapping.md, as they stand there, by every way in: a webhook, a pull, a backfill.

import { readFile } from 'node:fs/promises';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { readSettings } from '../../lib/config/settings.ts';
import { readUsers } from '../../lib/exports/read.ts';
import { createHandler as createBackfill } from '../../lib/handlers/backfill.ts';
import { createHandler as createPull } from '../../lib/handlers/pull.ts';
import { createHandler as createWebhook } from '../../lib/handlers/webhook.ts';
import { isObject } from '../../lib/json.ts';
import { compileMapping } from '../../lib/mapping/compile.ts';
import type { Mapping } from '../../lib/mapping/mapping.ts';
import { readMappingSettings } from '../../lib/mapping/settings.ts';
import type { DirectoryConfig } from '../../lib/providers/connect-directories.ts';
import { directories } from '../../lib/providers/directories.ts';
import { findShape } from '../../lib/providers/exports.ts';
import { providers } from '../../lib/providers/registry.ts';
import { apiUser, type RunningApi, startApi } from '../../local/providers/api.ts';
import { apis } from '../../local/providers/apis.ts';
import { type SigningKeys, startSigningKeys } from '../../local/providers/keys.ts';
import { senders } from '../../local/providers/registry.ts';
import { startWorld, type World } from '../support/world.ts';

const context = { getRemainingTimeInMillis: () => 60_000 };
const page = await readFile(new URL('../../docs/mapping.md', import.meta.url), 'utf8');

let world: World;
let api: RunningApi | null;
let keys: SigningKeys & { readonly close: () => Promise<void> };

beforeAll(async () => {
  keys = await startSigningKeys();
  return () => keys.close();
});
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  world = await startWorld({ isInProcess: true });
  api = null;
  pass(0);
});
afterEach(async () => {
  vi.useRealTimers();
  await api?.close();
  await world.close();
});

function pass(ms: number): void {
  world.pass(ms);
  vi.setSystemTime(world.now());
}

/** The mapping of the recipe under a heading that begins so. */
function recipe(of: string): Mapping {
  const [, section = ''] = page.split(`\n### ${of}`);
  const [, yaml = ''] = /```yaml\n(.*?)```/s.exec(section) ?? [];
  const settings = readMappingSettings(parse(yaml));
  if (!settings) throw new Error(`there is no recipe of ${of}`);
  return compileMapping(settings);
}

/** One user of the provider by a webhook, one by a pull, and one by a file, all with these members. */
async function mirror(name: string, mapping: Mapping, more: Readonly<Record<string, unknown>>) {
  await hear(name, mapping, more);
  await pullAll(name, mapping, more);
  await readFileOf(name, mapping, more);
  return world.roqServer.users.map(({ reference, ...user }) => ({ ...user, way: wayOf(reference) }));
}

const wayOf = (reference: string) => /webhook|pull|file/.exec(reference)?.[0] ?? reference;

async function hear(name: string, mapping: Mapping, more: object): Promise<void> {
  const provider = providers.find((one) => one.name === name);
  const sender = senders.find((one) => one.name === name);
  if (!provider || !sender) throw new Error(`there is no ${name}`);
  const environment = sender.environment(keys);
  const settings = readSettings(provider.settings, environment);
  const connected = {
    name,
    answers: provider.answers,
    read: provider.connect(settings),
    lookUp: null,
    challenge: undefined,
  };
  const [example] = Object.values(sender.examples);
  const user = {
    id: `${name}|webhook`,
    email: 'webhook@x.example',
    phone: '+441',
    firstName: 'Ada',
    lastName: 'L',
  };
  const payload = example?.payload(user, world.now() - 1_000) ?? {};
  const signing = { nowMs: world.now(), environment, keys };
  const { headers, body } = await sender.sign(withMembers(payload, more), signing);
  const handle = createWebhook(
    { ...world.ports, mapping },
    {
      ...{ providers: new Map([[name, connected]]), inlineBudgetMs: 2_000, isExclusive: false },
    },
  );
  const event = {
    ...{ rawPath: `/webhooks/${name}`, rawQueryString: '', pathParameters: { provider: name } },
    ...{ headers: { ...headers }, body: Buffer.from(body).toString(), isBase64Encoded: false },
    requestContext: { http: { method: 'POST' } },
  };
  expect(await handle(event as never, context)).toMatchObject({ statusCode: 200 });
}

/** The user's object stands at another place with each provider. */
function withMembers(payload: object, more: object): object {
  if (!('data' in payload) || !isObject(payload.data)) return payload;
  const { data } = payload;
  return {
    ...payload,
    data: isObject(data.object) ? { ...data, object: { ...data.object, ...more } } : { ...data, ...more },
  };
}

async function pullAll(
  name: string,
  mapping: Mapping,
  more: Readonly<Record<string, unknown>>,
): Promise<void> {
  const traits = directories.find((one) => one.name === name);
  const its = apis.find((one) => one.name === name);
  if (!traits || !its) throw new Error(`there is no directory of ${name}`);
  api = await startApi(its);
  const user = { ...apiUser(its, 1, { more }), id: `${name}|pull`, email: 'pull@x.example' };
  api.users.set(user.id, user);
  const directory = traits.connect(readSettings(traits.settings, api.environment));
  const fast = { ...traits, requestsPerSecond: Number.POSITIVE_INFINITY };
  const config: DirectoryConfig = {
    directories: [{ traits: fast, directory, faults: [] }],
    ...{ deletions: 'report' as const, isExclusive: false, silenceMs: null },
  };
  const handle = createPull({ ...world.ports, mapping }, config);
  pass(24 * 3_600_000);
  const { id } = (await handle({ begin: name, apply: true }, context)) as { readonly id: string };
  expect(await handle({ job: id }, context)).toMatchObject({ state: 'done' });
}

async function readFileOf(name: string, mapping: Mapping, more: object): Promise<void> {
  const shape = findShape(name);
  if (!shape) return;
  const time = { updated_at: new Date(world.now()).toISOString() };
  const user = {
    [shape.id]: `${name}|file`,
    email: 'file@x.example',
    primary_email_address: 'file@x.example',
    ...time,
    ...more,
  };
  const file = (async function* () {
    yield Buffer.from(`${JSON.stringify(user)}\n`);
  })();
  const options = { shape, exportedAtMs: world.now(), mapping: mapping.get(name) };
  const lines = await Array.fromAsync(readUsers(file, options));
  const handle = createBackfill({ ...world.ports, mapping });
  const input = { apply: true, provider: name, lines, isLast: true };
  expect(await handle(input, context)).toMatchObject({ state: 'done' });
}

describe('the recipe', () => {
  test('of Clerk’s organizations gives every user the tenant', async () => {
    const users = await mirror('clerk', recipe('Clerk'), {
      public_metadata: { organization_id: 'org_acme' },
    });
    const tenantId = '00000000-0000-4000-8000-0000000000aa';
    expect(users).toMatchObject(['webhook', 'pull', 'file'].map((way) => ({ way, tenantId })));
  });

  test('of Auth0’s app metadata gives every user the custom data', async () => {
    const more = { app_metadata: { plan: 'pro', roles: ['admin'], secret: 'x' } };
    const users = await mirror('auth0', recipe('Auth0'), more);
    const customData = { plan: 'pro', roles: ['admin'] };
    expect(users).toMatchObject(['webhook', 'pull', 'file'].map((way) => ({ way, customData })));
  });

  test('of one department mirrors nobody else from Entra, and whoever comes in later', async () => {
    const mapping = recipe('Entra');
    expect(await mirror('entra', mapping, { department: 'Legal' })).toEqual([]);
    await api?.close();
    expect(await mirror('entra', mapping, { department: 'Sales' })).toMatchObject([{ way: 'pull' }]);
  });
});
