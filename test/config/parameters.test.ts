import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { freshMs, readParameters } from '../../lib/config/parameters.ts';
import { createReload } from '../../lib/config/reload.ts';
import type { Environment } from '../../lib/config/settings.ts';
import { ConfigError } from '../../lib/errors.ts';
import { readWebhookConfig } from '../../lib/providers/connect.ts';
import { clerk } from '../../local/providers/clerk/clerk.ts';
import type { SigningKeys } from '../../local/providers/keys.ts';
import { sampleUser } from '../../local/providers/sender.ts';
import { newWebhookSecret } from '../../local/providers/signing.ts';
import { answerJson, type RunningServer, readBody, serve } from '../../local/server.ts';

const name = '/roq-sync/test/CLERK_SECRETS';

let server: RunningServer;
let parameters: Map<string, string>;
let requests: { readonly authorization: string; readonly names: readonly string[] }[];
let isDown: boolean;

// Parameter Store by its wire contract: one call, JSON, ten names at most, those unknown named apart.
beforeAll(async () => {
  server = await serve(0, async (request, response) => {
    const { Names, WithDecryption } = JSON.parse((await readBody(request, 100_000)).toString());
    requests.push({ authorization: request.headers.authorization ?? '', names: Names });
    const isRight = request.headers['x-amz-target'] === 'AmazonSSM.GetParameters' && WithDecryption;
    if (isDown) return answerJson(response, 400, { __type: 'AccessDeniedException', Message: 'no' });
    if (!isRight || Names.length > 10) return answerJson(response, 400, {});
    const found = (Names as string[]).filter((wanted) => parameters.has(wanted));
    answerJson(response, 200, {
      Parameters: found.map((wanted) => ({ Name: wanted, Value: parameters.get(wanted) })),
      InvalidParameters: (Names as string[]).filter((wanted) => !parameters.has(wanted)),
    });
  });
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_SSM: server.url,
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  });
});
afterAll(() => server.close());
beforeEach(() => {
  parameters = new Map();
  requests = [];
  isDown = false;
});

describe('settings in Parameter Store', () => {
  test('are read by their names, and the others are left as they are', async () => {
    parameters.set(name, 'hush');
    const environment = { CLERK_SECRETS: `ssm:${name}`, PROVIDERS: 'clerk' };
    expect(await readParameters(environment)).toEqual({ CLERK_SECRETS: 'hush', PROVIDERS: 'clerk' });
    expect(requests).toMatchObject([{ names: [name] }]);
    expect(requests[0]?.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=local\/\d{8}\/eu-central-1\/ssm\/aws4_request/,
    );
  });

  test('are read ten at a time', async () => {
    const names = Array.from({ length: 23 }, (_, i) => `/p/${i}`);
    for (const each of names) parameters.set(each, `value of ${each}`);
    const environment = Object.fromEntries(names.map((each, i) => [`SETTING_${i}`, `ssm:${each}`]));
    expect(Object.values(await readParameters(environment))).toEqual(names.map((each) => `value of ${each}`));
    expect(requests.map((request) => request.names.length).sort()).toEqual([10, 10, 3].sort());
  });

  test('that do not exist are named, each by its setting', async () => {
    const environment = { ROQ_API_KEY: 'ssm:/a', CLERK_SECRETS: 'ssm:/b' };
    await expect(readParameters(environment)).rejects.toEqual(
      new ConfigError([
        'ROQ_API_KEY names /a, which is no parameter',
        'CLERK_SECRETS names /b, which is no parameter',
      ]),
    );
  });

  test('that can not be read are no reason to refuse an event for good, and the log says what AWS calls it', async () => {
    isDown = true;
    await expect(readParameters({ CLERK_SECRETS: 'ssm:/a' })).rejects.toMatchObject({
      code: 'settings_unavailable',
      cause: { name: 'AccessDeniedException' },
    });
  });
});

describe('what is built from settings', () => {
  test('is built when it is first wanted, and never again where they all stand in the environment', async () => {
    const build = vi.fn((environment: Environment) => ({ environment }));
    const get = createReload({ CLERK_SECRETS: 'x' }, build);
    expect(build).not.toHaveBeenCalled();
    const first = await get();
    expect(await get()).toBe(first);
  });

  test('fails every time it is wanted while a setting is wrong', async () => {
    const get = createReload({ CLERK_SECRETS: 'x' }, () => {
      throw new ConfigError(['wrong']);
    });
    await expect(get()).rejects.toThrow(ConfigError);
    await expect(get()).rejects.toThrow(ConfigError);
  });

  test('is built once while nothing changes, and its parameters are read once a minute', async () => {
    parameters.set(name, 'hush');
    const { get, pass } = ready((environment) => ({ environment }));
    const first = await get();
    pass(freshMs - 1);
    expect(await get()).toBe(first);
    pass(1);
    expect(await get()).toBe(first);
    expect(requests).toHaveLength(2);
  });

  test('is read once for events that come at the same time', async () => {
    parameters.set(name, 'hush');
    const { get } = ready((environment) => environment);
    await Promise.all([get(), get(), get()]);
    expect(requests).toHaveLength(1);
  });

  test('outlasts a store of parameters that is down', async () => {
    parameters.set(name, 'hush');
    const { get, pass } = ready((environment) => environment.CLERK_SECRETS);
    await get();
    isDown = true;
    pass(freshMs);
    expect(await get()).toBe('hush');
  });
});

test('a secret is replaced without a restart: both pass while both are there, then the old one fails', async () => {
  const [old, fresh] = [newWebhookSecret(), newWebhookSecret()];
  parameters.set(name, old);
  const { get, pass } = ready((environment) => readWebhookConfig(environment).providers.get('clerk'));
  const passes = async (secret: string): Promise<boolean> => {
    const { body, headers } = await signed(secret);
    const provider = await get();
    try {
      return (await provider?.read({ headers, body }, nowMs))?.length === 1;
    } catch {
      return false;
    }
  };
  expect([await passes(old), await passes(fresh)]).toEqual([true, false]);
  parameters.set(name, `${old} ${fresh}`);
  pass(freshMs);
  expect([await passes(old), await passes(fresh)]).toEqual([true, true]);
  parameters.set(name, fresh);
  pass(freshMs);
  expect([await passes(old), await passes(fresh)]).toEqual([false, true]);
});

const nowMs = Date.parse('2026-05-04T12:00:00Z');

const complete = {
  ROQ_PLATFORM_URL: 'https://roq.example',
  ROQ_ENVIRONMENT_ID: 'e',
  ROQ_API_KEY: 'k',
  TABLE_NAME: 'users',
  STATE_TABLE_NAME: 'state',
  PROVIDERS: 'clerk',
  CLERK_SECRETS: `ssm:${name}`,
};

function ready<Built>(build: (environment: Environment) => Built) {
  let clockMs = 1_000_000;
  const get = createReload(complete, build, () => clockMs);
  const pass = (ms: number) => {
    clockMs += ms;
  };
  return { get, pass };
}

async function signed(secret: string) {
  const payload = clerk.examples['user.deleted']?.payload(sampleUser('user_1'), nowMs) ?? {};
  return clerk.sign(payload, { nowMs, environment: { CLERK_SECRETS: secret }, keys: noKeys });
}

const noKeys: SigningKeys = {
  url: '',
  jwksUrl: '',
  sign: () => Promise.reject(new Error('nothing is signed by a key here')),
  close: async () => {},
};
