import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { freshMs } from '../../lib/config/parameters.ts';
import { createRefresh, createReload, keepLast } from '../../lib/config/reload.ts';
import type { Environment } from '../../lib/config/settings.ts';
import { ConfigError } from '../../lib/errors.ts';
import { type ParameterStore, startParameterStore } from '../support/parameter-store.ts';

const name = '/roq-sync/test/CLERK_SECRETS';

let store: ParameterStore;

beforeAll(async () => {
  store = await startParameterStore();
});
afterAll(() => store.close());
beforeEach(() => {
  store.clear();
  store.parameters.set(name, 'good');
});

function reload<Built>(build: (environment: Environment) => Built, create = createReload) {
  let clockMs = 1_000_000;
  const get = create({ CLERK_SECRETS: `ssm:${name}`, PROVIDERS: 'clerk' }, build, () => clockMs);
  const pass = (ms: number) => {
    clockMs += ms;
  };
  return { get, pass };
}

/** What works with one value alone. */
function demanding({ CLERK_SECRETS }: Environment): string {
  if (!CLERK_SECRETS?.startsWith('good')) throw new ConfigError(['CLERK_SECRETS must be good']);
  return CLERK_SECRETS;
}

describe('what is built from settings', () => {
  test('is built when it is first wanted, and never again where they all stand in the environment', async () => {
    let built = 0;
    const get = createReload({ CLERK_SECRETS: 'x' }, (environment) => {
      built += 1;
      return { environment };
    });
    expect(built).toBe(0);
    const first = await get();
    expect(await get()).toBe(first);
  });

  test('fails every time it is wanted while it never worked', async () => {
    store.parameters.set(name, 'wrong');
    const { get } = reload(demanding);
    await expect(get()).rejects.toThrow(ConfigError);
    await expect(get()).rejects.toThrow(ConfigError);
    store.parameters.set(name, 'good');
    expect(await get()).toBe('good');
  });

  test('is built once while nothing changes, and its parameters are read once a minute', async () => {
    const { get, pass } = reload((environment) => ({ environment }));
    const first = await get();
    pass(freshMs - 1);
    expect(await get()).toBe(first);
    pass(1);
    expect(await get()).toBe(first);
    expect(store.requests).toHaveLength(2);
  });

  test('is read once for events that come at the same time', async () => {
    const { get } = reload((environment) => environment);
    await Promise.all([get(), get(), get()]);
    expect(store.requests).toHaveLength(1);
  });

  test('outlasts a store of parameters that is down', async () => {
    const { get, pass } = reload(demanding);
    await get();
    store.state.error = 'AccessDeniedException';
    pass(freshMs);
    expect(await get()).toBe('good');
  });

  test.each([
    ['edited to a wrong value', () => store.parameters.set(name, 'typo')],
    ['deleted', () => store.parameters.delete(name)],
    ['denied', () => store.denied.add(name)],
  ])('outlasts a parameter that is %s, until it is right again', async (_how, harm) => {
    const { get, pass } = reload(demanding);
    await get();
    harm();
    for (let minute = 0; minute < 3; minute++) {
      pass(freshMs);
      expect(await get()).toBe('good');
    }
    store.denied.clear();
    store.parameters.set(name, 'good as new');
    pass(freshMs);
    expect(await get()).toBe('good as new');
  });

  test('ends by an error that is no matter of settings', async () => {
    const { get } = reload(() => {
      throw new TypeError('a bug');
    });
    await expect(get()).rejects.toThrow(TypeError);
  });

  test('can be looked at with every reading', async () => {
    let reading = 0;
    const { get, pass } = reload(() => (reading += 1), createRefresh);
    expect([await get(), await get()]).toEqual([1, 1]);
    pass(freshMs);
    expect(await get()).toBe(2);
  });
});

test('a part is built anew for its own settings alone, and says what is wrong with them as long as it is', () => {
  const keep = keepLast(
    ({ A }) => {
      if (A === 'wrong') throw new ConfigError(['A must be right']);
      return { A };
    },
    ['A'],
  );
  expect(keep({ A: 'wrong' })).toEqual({ built: null, faults: ['A must be right'] });
  const { built } = keep({ A: 'right', B: '1' });
  expect(built).toEqual({ A: 'right' });
  expect(keep({ A: 'right', B: '2' }).built).toBe(built);
  for (const B of ['3', '4']) {
    const kept = keep({ A: 'wrong', B });
    expect(kept.built).toBe(built);
    expect(kept.faults).toEqual(['A must be right']);
  }
  expect(keep({ A: 'right' })).toEqual({ built, faults: [] });
});
