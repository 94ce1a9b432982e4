import { randomUUID } from 'node:crypto';
import type { Context, PostAuthenticationTriggerEvent, PostConfirmationTriggerEvent } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { handler } from '../../functions/cognito.ts';
import type { App } from '../../lib/app.ts';
import { UnavailableError } from '../../lib/errors.ts';
import { type CognitoEvent, createHandler } from '../../lib/handlers/cognito.ts';
import { startWorld, type World } from '../support/world.ts';

const pool = 'eu-central-1_Abc123';
const options = { userPoolIds: [pool], inlineBudgetMs: 2_000, isExclusive: false };
const time = { getRemainingTimeInMillis: () => 5_000 };

let world: World;
let sub: string;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());
beforeEach(() => {
  sub = randomUUID();
  world.lines.length = 0;
  world.roqServer.fail.clear();
});

describe('a confirmed sign-up', () => {
  test('is created in ROQ, with its attributes, at the time of the call', async () => {
    const event = confirmation('PostConfirmation_ConfirmSignUp');
    expect(await handle(event)).toEqual(event);
    expect(world.usersOf(sub)).toMatchObject([
      {
        email: 'ada@example.com',
        isOptedIn: true,
        active: true,
        firstName: 'Ada',
        lastName: 'Lovelace',
        phone: '+441234567890',
        locale: 'en',
        timezone: 'Europe/London',
      },
    ]);
    expect((await world.record(sub))?.facts.email).toEqual({ value: 'ada@example.com', at: world.now() });
  });

  test.each([
    ['true', true],
    ['false', false],
    ['TRUE', false],
  ])('whose email_verified is the text %j has isOptedIn %j', async (email_verified, isOptedIn) => {
    await handle(confirmation('PostConfirmation_ConfirmSignUp', { email_verified }));
    expect(world.usersOf(sub)).toMatchObject([{ isOptedIn }]);
  });

  test('is answered and stays pending when ROQ is down', async () => {
    world.roqServer.fail.always({ how: 'bad-gateway' });
    const event = confirmation('PostConfirmation_ConfirmSignUp');
    expect(await handle(event)).toEqual(event);
    expect(await world.record(sub)).toMatchObject({ queue: 'pending', syncedVersion: 0 });
  });

  test('is answered when DynamoDB is down, and the log says that it was lost', async () => {
    const fold = () => Promise.reject(new UnavailableError('store_unavailable', 'down'));
    const event = confirmation('PostConfirmation_ConfirmSignUp');
    expect(await handle(event, withFold(fold))).toEqual(event);
    expect(world.lines).toEqual([{ message: 'failure', code: 'store_unavailable', cause: null }]);
  });

  test('is answered in time when DynamoDB never answers', async () => {
    const event = confirmation('PostConfirmation_ConfirmSignUp');
    const app = withFold(() => new Promise(() => {}));
    const handler = createHandler(app, options);
    expect(await handler(event, { getRemainingTimeInMillis: () => 520 })).toEqual(event);
    expect(world.lines).toEqual([{ message: 'failure', code: 'store_unavailable', cause: null }]);
  });

  test('is answered when our own code throws, and the log names the error but nothing of the user', async () => {
    const fold = () => Promise.reject(new TypeError('ada@example.com is not a function'));
    const event = confirmation('PostConfirmation_ConfirmSignUp');
    expect(await handle(event, withFold(fold))).toEqual(event);
    expect(world.lines).toEqual([{ message: 'failure', code: 'store_unavailable', cause: 'TypeError' }]);
  });

  test('that has no sub is answered, and the log says that it can not be read', async () => {
    const event = confirmation('PostConfirmation_ConfirmSignUp', { sub: '' });
    expect(await handle(event)).toEqual(event);
    expect(world.lines).toEqual([{ message: 'failure', code: 'payload_invalid', cause: null }]);
  });

  test('of another pool is left alone', async () => {
    const event = { ...confirmation('PostConfirmation_ConfirmSignUp'), userPoolId: 'eu-central-1_Other' };
    expect(await handle(event)).toEqual(event);
    expect(await world.record(sub)).toBeNull();
    expect(world.lines).toMatchObject([{ outcome: 'ignored' }]);
  });
});

test('a new password tells the attributes as they are now, and enables nobody', async () => {
  await handle(confirmation('PostConfirmation_ConfirmSignUp', { email_verified: 'false' }));
  world.pass(60_000);
  await handle(call('AdminDisableUser'));
  world.pass(60_000);
  await handle(confirmation('PostConfirmation_ConfirmForgotPassword'));
  expect(world.usersOf(sub)).toMatchObject([{ isOptedIn: true, active: false }]);
});

test('a sign-in tells of a user whom an administrator made, and of what has changed since', async () => {
  const signIn = (attributes: Record<string, string> = {}) =>
    handle({
      ...confirmation('PostConfirmation_ConfirmSignUp', attributes),
      triggerSource: 'PostAuthentication_Authentication',
    } as unknown as PostAuthenticationTriggerEvent);
  await signIn();
  expect(world.usersOf(sub)).toMatchObject([{ email: 'ada@example.com', isOptedIn: true }]);
  world.pass(60_000);
  await signIn({ email: 'countess@example.com', email_verified: 'false' });
  expect(world.usersOf(sub)).toMatchObject([{ email: 'countess@example.com', isOptedIn: false }]);
});

describe('without settings that work', () => {
  async function withoutPools(event: CognitoEvent) {
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    vi.stubEnv('COGNITO_USER_POOL_IDS', '');
    try {
      const answer = await handler(event, time as Context);
      return { answer, said: write.mock.calls.map(([text]) => JSON.parse(String(text))) };
    } finally {
      vi.unstubAllEnvs();
      write.mockRestore();
    }
  }

  test('a sign-up is answered, and the log says that it was lost', async () => {
    const event = confirmation('PostConfirmation_ConfirmSignUp');
    const { answer, said } = await withoutPools(event);
    expect(answer).toEqual(event);
    expect(said).toEqual([{ message: 'failure', code: 'settings_unavailable', cause: 'ConfigError' }]);
  });

  test('an API call is tried again by Lambda', async () => {
    await expect(withoutPools(call('AdminDisableUser'))).rejects.toThrow('COGNITO_USER_POOL_IDS');
  });
});

describe('an API call that CloudTrail reports', () => {
  beforeEach(async () => {
    await handle(confirmation('PostConfirmation_ConfirmSignUp'));
    world.pass(60_000);
    world.lines.length = 0;
  });

  test('disables, enables and deletes the user that it was about, in the order of their times', async () => {
    const disabled = call('AdminDisableUser');
    world.pass(60_000);
    await handle(call('AdminEnableUser'));
    await handle(disabled);
    expect(world.usersOf(sub)).toMatchObject([{ active: true }]);
    await handle(call('AdminDeleteUser'));
    expect(world.usersOf(sub)).toMatchObject([{ active: false }]);
    expect((await world.record(sub))?.facts.deleted).toMatchObject({ value: true });
  });

  test('by which users delete themselves names no pool, and needs none', async () => {
    await handle(call('DeleteUser', { requestParameters: null }));
    expect(world.usersOf(sub)).toMatchObject([{ active: false }]);
  });

  test.each([
    ['was refused', { errorCode: 'AccessDenied' }],
    ['is about another pool', { requestParameters: { userPoolId: 'eu-central-1_Other' } }],
    ['names no pool', { requestParameters: null }],
    ['names a pool by something else than text', { requestParameters: { userPoolId: [pool] } }],
    ['is of another kind', { eventName: 'AdminUpdateUserAttributes' }],
  ])('that %s is left alone', async (_why, members) => {
    await handle(call('AdminDisableUser', members));
    expect(world.usersOf(sub)).toMatchObject([{ active: true }]);
    expect(world.lines).toMatchObject([{ outcome: 'ignored' }]);
  });

  test('that names no user is logged, and not tried again', async () => {
    await handle(call('AdminDisableUser', { additionalEventData: null }));
    expect(world.lines).toEqual([{ message: 'failure', code: 'payload_invalid', cause: null }]);
  });

  test('is tried again by Lambda when DynamoDB is down', async () => {
    const down = new UnavailableError('store_unavailable', 'down');
    await expect(
      handle(
        call('AdminDisableUser'),
        withFold(() => Promise.reject(down)),
      ),
    ).rejects.toBe(down);
  });
});

function handle(event: CognitoEvent, app: App = world.ports): Promise<CognitoEvent> {
  return createHandler(app, options)(event, time);
}

function withFold(fold: App['store']['fold']): App {
  return { ...world.ports, store: { ...world.ports.store, fold } };
}

function confirmation(
  triggerSource: PostConfirmationTriggerEvent['triggerSource'],
  attributes: Record<string, string> = {},
): PostConfirmationTriggerEvent {
  return {
    version: '1',
    region: 'eu-central-1',
    userPoolId: pool,
    userName: 'ada',
    triggerSource,
    callerContext: { awsSdkVersion: 'aws-sdk-unknown-unknown', clientId: 'client-1' },
    request: {
      userAttributes: {
        sub,
        email: 'ada@example.com',
        email_verified: 'true',
        'cognito:user_status': 'CONFIRMED',
        phone_number: '+441234567890',
        given_name: 'Ada',
        family_name: 'Lovelace',
        locale: 'en',
        zoneinfo: 'Europe/London',
        ...attributes,
      },
    },
    response: {},
  };
}

/** As EventBridge passes it on; the administrator who made the call has an id of his own. */
function call(eventName: string, members: object = {}): CognitoEvent {
  const time = new Date(world.now()).toISOString();
  return {
    id: randomUUID(),
    version: '0',
    account: '123456789012',
    region: 'eu-central-1',
    resources: [],
    time,
    source: 'aws.cognito-idp',
    'detail-type': 'AWS API Call via CloudTrail',
    detail: {
      eventID: randomUUID(),
      eventName,
      eventTime: time.replace('.000Z', 'Z'),
      eventSource: 'cognito-idp.amazonaws.com',
      eventType: 'AwsApiCall',
      managementEvent: true,
      userIdentity: { type: 'AssumedRole', principalId: 'AROA:admin' },
      requestParameters: { userPoolId: pool, username: 'HIDDEN_DUE_TO_SECURITY_REASONS' },
      additionalEventData: { sub },
      responseElements: null,
      ...members,
    },
  };
}
