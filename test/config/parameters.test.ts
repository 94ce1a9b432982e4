import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readParameters } from '../../lib/config/parameters.ts';
import { type ParameterStore, startParameterStore } from '../support/parameter-store.ts';

const name = '/roq-sync/test/CLERK_SECRETS';

let store: ParameterStore;

beforeAll(async () => {
  store = await startParameterStore();
});
afterAll(() => store.close());
beforeEach(() => store.clear());

/** Stores so many, and answers an environment that names them all. */
function many(count: number) {
  const names = Array.from({ length: count }, (_, i) => `/p/${i}`);
  for (const each of names) store.parameters.set(each, `value of ${each}`);
  return Object.fromEntries(names.map((each, i) => [`SETTING_${i}`, `ssm:${each}`]));
}

describe('settings in Parameter Store', () => {
  test('are read by their names, and the others are left as they are', async () => {
    store.parameters.set(name, 'hush');
    const environment = { CLERK_SECRETS: `ssm:${name}`, PROVIDERS: 'clerk' };
    expect(await readParameters(environment)).toEqual({ CLERK_SECRETS: 'hush', PROVIDERS: 'clerk' });
    expect(store.requests).toMatchObject([{ names: [name] }]);
    expect(store.requests[0]?.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=local\/\d{8}\/eu-central-1\/ssm\/aws4_request/,
    );
  });

  test.each([
    [10, [10]],
    [23, [10, 10, 3]],
  ])('%i of them are read by calls of %j', async (count, sizes) => {
    const environment = many(count);
    const read = Object.values(await readParameters(environment));
    expect(read).toEqual(Object.values(environment).map((each) => each.replace('ssm:', 'value of ')));
    expect(store.requests.map(({ names }) => names.length)).toEqual(sizes);
  });

  test('cost no call where there are none', async () => {
    expect(await readParameters({ PROVIDERS: 'clerk' })).toEqual({ PROVIDERS: 'clerk' });
    expect(store.requests).toEqual([]);
  });

  test('that do not exist keep their place, and no other from being read', async () => {
    store.parameters.set(name, 'hush');
    const environment = { ROQ_API_KEY: 'ssm:/a', CLERK_SECRETS: `ssm:${name}` };
    expect(await readParameters(environment)).toEqual({ ROQ_API_KEY: 'ssm:/a', CLERK_SECRETS: 'hush' });
  });

  // IAM, or the key by which a parameter is encrypted: AWS refuses the whole call for one of its names.
  test('that may not be read keep no other from being read', async () => {
    const environment = many(12);
    for (const denied of ['/p/3', '/p/11']) store.denied.add(denied);
    const read = await readParameters(environment);
    for (const [setting, value] of Object.entries(environment)) {
      const isDenied = store.denied.has(value.slice('ssm:'.length));
      expect(read[setting]).toBe(isDenied ? value : value.replace('ssm:', 'value of '));
    }
  });

  test('of which none may be read are no reason to refuse an event for good, and the log says what AWS calls it', async () => {
    store.state.error = 'AccessDeniedException';
    await expect(readParameters(many(3))).rejects.toMatchObject({
      code: 'settings_unavailable',
      cause: { name: 'AccessDeniedException' },
    });
  });
});

describe('a Parameter Store that turns calls away', () => {
  test('is asked again, until it takes them', async () => {
    store.parameters.set(name, 'hush');
    store.state.perSecond = 1;
    const environment = { CLERK_SECRETS: `ssm:${name}` };
    const read = await Promise.all([readParameters(environment), readParameters(environment)]);
    expect(read).toEqual([{ CLERK_SECRETS: 'hush' }, { CLERK_SECRETS: 'hush' }]);
    expect(store.requests.length).toBeGreaterThan(2);
  });

  test.each(['ThrottlingException', 'InternalServerError'])(
    'for as long as a sender waits is unavailable, and the log says %s',
    async (error) => {
      store.parameters.set(name, 'hush');
      if (error === 'ThrottlingException') store.state.perSecond = 0;
      else Object.assign(store.state, { error, status: 500 });
      await expect(readParameters({ CLERK_SECRETS: `ssm:${name}` })).rejects.toMatchObject({
        code: 'settings_unavailable',
        cause: { name: error },
      });
      // More than once, and no storm.
      expect(store.requests.length).toBeGreaterThan(3);
      expect(store.requests.length).toBeLessThan(60);
    },
  );
});
