import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { budgetOf } from '../../lib/app.ts';
import { freshMs } from '../../lib/config/parameters.ts';
import type { LogLine } from '../../lib/observability/log-line.ts';
import { doctor } from '../../lib/operate/doctor.ts';
import { overview } from '../../lib/operate/status.ts';
import type { Provider } from '../../lib/providers/provider.ts';
import { clerk } from '../../local/providers/clerk/clerk.ts';
import type { SigningKeys } from '../../local/providers/keys.ts';
import { sampleUser } from '../../local/providers/sender.ts';
import { newSecret, newWebhookSecret } from '../../local/providers/signing.ts';
import { workos } from '../../local/providers/workos/workos.ts';
import { type Stack, startStack } from '../../local/stack.ts';
import { type ParameterStore, startParameterStore } from '../support/parameter-store.ts';

const senders = { clerk, workos };
type Name = keyof typeof senders;

let stack: Stack;
let store: ParameterStore;
let lines: LogLine[];
let secrets: { CLERK_SECRETS: string; WORKOS_SECRETS: string };

beforeAll(async () => {
  stack = await startStack({ log: () => {} });
  store = await startParameterStore();
});
afterAll(() => Promise.all([stack.close(), store.close()]));
beforeEach(() => {
  store.clear();
  lines = [];
  secrets = { CLERK_SECRETS: newWebhookSecret(), WORKOS_SECRETS: newSecret() };
  for (const [name, secret] of Object.entries(secrets)) store.parameters.set(name, secret);
  store.parameters.set('ROQ_API_KEY', stack.roq.apiKey);
  store.parameters.set('INLINE_BUDGET_MS', '2000');
});
afterEach(() => vi.doUnmock('../../lib/providers/registry.ts'));

type Registry = { readonly providers: readonly Provider[] };

/** A process of the webhook as Lambda starts it, whose clock for settings is ours; `bundle`: what its registry has. */
async function start(
  changes: Readonly<Record<string, string>> = {},
  bundle = (all: Registry['providers']) => all,
) {
  vi.resetModules();
  vi.doMock('../../lib/providers/registry.ts', async (original) => ({
    providers: bundle((await original<Registry>()).providers),
  }));
  const [{ createBuilder }, { createRefresh }, { whenReady }] = await Promise.all([
    import('../../lib/handlers/webhook-builder.ts'),
    import('../../lib/config/reload.ts'),
    import('../../lib/handlers/webhook.ts'),
  ]);
  const environment = {
    TABLE_NAME: 'roq-sync-local',
    STATE_TABLE_NAME: 'roq-sync-local-state',
    ROQ_PLATFORM_URL: stack.roq.url,
    ROQ_ENVIRONMENT_ID: stack.roq.environmentId,
    ROQ_API_KEY: 'ssm:ROQ_API_KEY',
    INLINE_BUDGET_MS: 'ssm:INLINE_BUDGET_MS',
    PROVIDERS: 'clerk workos',
    CLERK_SECRETS: 'ssm:CLERK_SECRETS',
    WORKOS_SECRETS: 'ssm:WORKOS_SECRETS',
    ...changes,
  };
  let clockMs = 1_000_000;
  const build = createBuilder((line) => lines.push(line));
  const handler = whenReady(createRefresh(environment, build, () => clockMs));

  /** How an event of a new user is answered. */
  async function deliver(name: Name, by: Readonly<Record<string, string>> = secrets) {
    const reference = `user_${randomUUID()}`;
    const payload = senders[name].examples['user.created']?.payload(sampleUser(reference), Date.now()) ?? {};
    const signing = { nowMs: Date.now(), environment: by, keys: noKeys };
    const { headers, body } = await senders[name].sign(payload, signing);
    const event = {
      version: '2.0',
      routeKey: '',
      rawPath: `/webhooks/${name}`,
      rawQueryString: '',
      headers,
      requestContext: { http: { method: 'POST' } } as Parameters<typeof handler>[0]['requestContext'],
      body: Buffer.from(body).toString('base64'),
      isBase64Encoded: true,
    };
    const { statusCode } = await handler(event, { getRemainingTimeInMillis: () => 10_000 });
    const isRecorded = (await stack.app.store.get(reference)) !== null;
    expect(isRecorded).toBe(statusCode === 200);
    return statusCode;
  }

  const both = async (by = secrets) => [await deliver('clerk', by), await deliver('workos', by)];
  const passMinute = () => {
    clockMs += freshMs;
  };
  return { deliver, both, passMinute };
}

/** What people are shown of the providers' settings. */
async function shown() {
  const budget = budgetOf(stack.app, { getRemainingTimeInMillis: () => 60_000 });
  const { checks } = await doctor(stack.app, false, budget);
  const { misconfigured } = await overview(stack.app);
  return {
    doctor: checks.filter(({ check }) => check.startsWith('provider')),
    status: misconfigured.map(({ provider, isKept }) => ({ provider, isKept })),
  };
}

const faultsOf = (provider: string | null) =>
  lines.filter((line) => line.message === 'settings' && line.provider === provider);

describe('one provider that can not work', () => {
  test('fails alone, says so to people, and works within a minute of its secret being there', async () => {
    store.parameters.delete('WORKOS_SECRETS');
    const { both, passMinute } = await start();
    expect(await both()).toEqual([200, 503]);
    expect(lines).toMatchObject([
      {
        message: 'settings',
        provider: 'workos',
        faults: ['WORKOS_SECRETS names WORKOS_SECRETS, which is no parameter, or may not be read'],
        isKept: false,
      },
      { provider: 'clerk', outcome: 'done' },
      { provider: 'workos', outcome: 'unavailable', code: 'provider_misconfigured' },
    ]);
    expect(await shown()).toMatchObject({
      doctor: [{ check: 'provider workos', ok: false, detail: expect.stringContaining('503') }],
      status: [{ provider: 'workos', isKept: false }],
    });

    store.parameters.set('WORKOS_SECRETS', secrets.WORKOS_SECRETS);
    passMinute();
    expect(await both()).toEqual([200, 200]);
    expect(await shown()).toMatchObject({ doctor: [{ check: 'providers', ok: true }], status: [] });
  });

  test.each([
    ['deleted', () => store.parameters.delete('WORKOS_SECRETS')],
    ['edited to what can be no secret', () => store.parameters.set('WORKOS_SECRETS', 'x')],
    ['made unreadable', () => store.denied.add('WORKOS_SECRETS')],
  ])('goes on as it did last when its parameter is %s, and rings every minute', async (_how, harm) => {
    const { both, passMinute } = await start();
    expect(await both()).toEqual([200, 200]);
    harm();
    for (const minute of [1, 2]) {
      passMinute();
      expect(await both()).toEqual([200, 200]);
      expect(faultsOf('workos')).toHaveLength(minute);
    }
    expect(faultsOf('workos')).toMatchObject([{ isKept: true }, { isKept: true }]);
    expect(faultsOf('clerk')).toEqual([]);
    expect(await shown()).toMatchObject({
      doctor: [{ check: 'provider workos', ok: false }],
      status: [{ provider: 'workos', isKept: true }],
    });
    // A process that starts now has nothing to go on by.
    expect(await (await start()).both()).toEqual([200, 503]);
  });

  test('does not keep another one’s new secret from being taken', async () => {
    const { both, passMinute } = await start();
    await both();
    const fresh = { ...secrets, CLERK_SECRETS: newWebhookSecret() };
    store.parameters.set('CLERK_SECRETS', fresh.CLERK_SECRETS);
    store.parameters.delete('WORKOS_SECRETS');
    passMinute();
    expect(await both()).toEqual([401, 200]);
    expect(await both(fresh)).toEqual([200, 200]);
  });

  test('is one’s own trouble even where nobody foresaw how it fails', async () => {
    const connect = () => {
      throw new TypeError('hush');
    };
    const { both } = await start({}, (all) =>
      all.map((one) => (one.name === 'workos' ? { ...one, connect } : one)),
    );
    expect(await both()).toEqual([200, 503]);
    expect(faultsOf('workos')).toMatchObject([{ faults: ["workos can't be connected: TypeError"] }]);
  });
});

describe('a new secret is taken without a restart', () => {
  test('both pass while both are there, then the old one fails', async () => {
    const { deliver, passMinute } = await start();
    const [old, fresh] = [secrets, { ...secrets, CLERK_SECRETS: newWebhookSecret() }];
    const answers = async () => [await deliver('clerk', old), await deliver('clerk', fresh)];
    expect(await answers()).toEqual([200, 401]);
    store.parameters.set('CLERK_SECRETS', `${old.CLERK_SECRETS} ${fresh.CLERK_SECRETS}`);
    passMinute();
    expect(await answers()).toEqual([200, 200]);
    store.parameters.set('CLERK_SECRETS', fresh.CLERK_SECRETS);
    passMinute();
    expect(await answers()).toEqual([401, 200]);
  });
});

describe('the settings of all', () => {
  test.each([
    ['deleted', () => store.parameters.delete('ROQ_API_KEY')],
    ['wrong', () => store.parameters.set('INLINE_BUDGET_MS', 'two seconds')],
  ])('go on as they did last when one of them is %s, and ring', async (_how, harm) => {
    const { both, passMinute } = await start();
    await both();
    harm();
    passMinute();
    expect(await both()).toEqual([200, 200]);
    expect(faultsOf(null)).toMatchObject([{ isKept: true }]);
  });

  test('that never worked are an error that names all there is', async () => {
    store.parameters.delete('ROQ_API_KEY');
    store.parameters.delete('CLERK_SECRETS');
    const { deliver } = await start();
    await expect(deliver('clerk')).rejects.toThrow(/ROQ_API_KEY[\s\S]*CLERK_SECRETS/);
  });
});

describe('settings of one deployment that meet the bundle of another', () => {
  const bundleOf = (names: string) => (all: Registry['providers']) =>
    all.filter(({ name }) => names.split(' ').includes(name));

  test.each([
    { bundle: 'clerk', settings: 'clerk', clerk: 200, workos: 404 },
    { bundle: 'clerk', settings: 'clerk workos', clerk: 200, workos: 503 },
    { bundle: 'clerk workos', settings: 'clerk', clerk: 200, workos: 404 },
    { bundle: 'clerk workos', settings: 'clerk workos', clerk: 200, workos: 200 },
    { bundle: 'workos', settings: 'clerk workos', clerk: 503, workos: 200 },
    { bundle: 'workos', settings: 'clerk', clerk: 503, workos: 404 },
  ])('$settings with a bundle of $bundle: what both know works', async ({ bundle, settings, ...wanted }) => {
    const { both } = await start({ PROVIDERS: settings }, bundleOf(bundle));
    expect(await both()).toEqual([wanted.clerk, wanted.workos]);
    for (const name of ['clerk', 'workos'] as const) {
      expect(faultsOf(name)).toHaveLength(wanted[name] === 503 ? 1 : 0);
    }
  });

  test('with a name that was mistyped take nothing away that works', async () => {
    store.parameters.set('PROVIDERS', 'clerk workos');
    const { both, passMinute } = await start({ PROVIDERS: 'ssm:PROVIDERS' });
    await both();
    for (const [typed, wanted] of [
      ['clerkk workos', [200, 200]],
      ['workos', [404, 200]],
      [null, [404, 200]],
      ['clerk workos', [200, 200]],
    ] as const) {
      if (typed === null) store.parameters.delete('PROVIDERS');
      else store.parameters.set('PROVIDERS', typed);
      passMinute();
      expect(await both()).toEqual(wanted);
    }
    expect(faultsOf('clerkk')).toHaveLength(1);
    expect(faultsOf(null)).toHaveLength(1);
  });
});

test('20 cold starts at a Parameter Store that takes 8 calls a second all answer', async () => {
  const processes = await Promise.all(Array.from({ length: 20 }, () => start()));
  // However busy the machine is, its clock goes on no faster than this process gets to do something.
  const realTimeout = setTimeout;
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  store.state.perSecond = 8;
  const answers = Promise.all(processes.map(({ deliver }) => deliver('clerk')));
  let isOver = false;
  const over = answers.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    await new Promise((resolve) => realTimeout(resolve, 2));
    vi.advanceTimersByTime(2);
  }
  vi.useRealTimers();
  expect(await over).toEqual(processes.map(() => 200));
  expect(store.requests.length).toBeGreaterThan(20);
});

const noKeys: SigningKeys = {
  url: '',
  jwksUrl: '',
  sign: () => Promise.reject(new Error('nothing is signed by a key here')),
  close: async () => {},
};
