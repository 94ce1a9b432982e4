import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { configuredProviders } from '../../lib/config/sources.ts';
import { readGauges } from '../../lib/operate/gauges.ts';
import { startWorld, type World } from '../support/world.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld({ isInProcess: true });
});
afterAll(() => world.close());

describe('the longest silence', () => {
  const longest = async (...providers: string[]) =>
    (await readGauges(world.ports, providers)).longestSilenceMs;

  test('is that of the configured provider which was heard of longest ago', async () => {
    await world.ports.noteHeard('clerk');
    world.pass(60_000);
    await world.ports.noteHeard('okta');
    world.pass(1_000);
    expect(await longest('clerk', 'okta')).toBe(61_000);
  });

  test('is not that of a provider which is configured no more', async () => {
    expect(await longest('okta')).toBe(1_000);
  });

  test('is not known where none of them was ever heard of', async () => {
    expect(await longest('workos')).toBeNull();
  });
});

test('the providers to be heard of are those of the webhook, and Cognito where it has pools', () => {
  expect(configuredProviders({ PROVIDERS: ' clerk  okta' })).toEqual(['clerk', 'okta']);
  expect(configuredProviders({ PROVIDERS: 'clerk', COGNITO_USER_POOL_IDS: 'eu-central-1_a' })).toEqual([
    ...['clerk', 'cognito'],
  ]);
  expect(configuredProviders({})).toEqual([]);
});
