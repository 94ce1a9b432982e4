import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newAudit } from '../../lib/jobs/audit-job.ts';
import { startJob } from '../../lib/jobs/jobs.ts';
import type { Drained } from '../../lib/sync/drain.ts';
import { toFacts } from '../../lib/user.ts';
import { apiUser } from '../../local/providers/api.ts';
import { kratosApi } from '../../local/providers/kratos/api.ts';
import { type Deployment, deploy, grantsOf, names, userPoolId } from '../support/deployed.ts';

let deployment: Deployment;

beforeAll(async () => {
  // One user may be deactivated, so that the next one is held.
  deployment = await deploy({ environment: "  CEILING_COUNT: '1'" });
}, 60_000);
afterAll(() => deployment?.close());

describe('the packaged functions', () => {
  test('webhook: signed up, verified and disabled come to be so in ROQ', async () => {
    const { deliver, usersOf, runtimes } = deployment;
    const reference = randomUUID();
    for (const event of ['user.signed_up', 'user.email_verified', 'user.disabled']) {
      expect(await deliver(event, reference)).toMatchObject({ statusCode: 200 });
    }
    expect(usersOf(reference)).toMatchObject([{ email: 'ada@example.com', isOptedIn: true, active: false }]);
    expect(runtimes.webhook.lines()).toMatchObject(
      [1, 2, 3].map(() => ({
        message: 'event',
        provider: 'generic',
        reference,
        outcome: 'done',
        Events: 1,
        stage: 'dev',
      })),
    );
  });

  test('webhook: takes an event that comes twice once, and holds a deactivation above the ceiling', async () => {
    const { call, deliver, toEvent, usersOf, runtimes } = deployment;
    const reference = randomUUID();
    const event = await toEvent('user.signed_up', reference);
    for (const _ of [1, 2]) expect(await call('webhook', event)).toMatchObject({ statusCode: 200 });
    expect(await deliver('user.disabled', reference)).toMatchObject({ statusCode: 200 });
    expect(usersOf(reference)).toMatchObject([{ active: true }]);
    expect(runtimes.webhook.lines().at(-1)).toMatchObject({ reference, outcome: 'held' });
  });

  test('webhook: refuses what is not signed', async () => {
    const unsigned = () => ({});
    expect(await deployment.deliver('user.disabled', randomUUID(), unsigned)).toMatchObject({
      statusCode: 401,
    });
  });

  test('webhook: is called by its own address as by an HTTP API', async () => {
    const { call, toEvent, usersOf } = deployment;
    const reference = randomUUID();
    const { pathParameters: _, ...withoutRoute } = await toEvent('user.signed_up', reference);
    expect(await call('webhook', withoutRoute)).toMatchObject({ statusCode: 200 });
    expect(usersOf(reference)).toHaveLength(1);
  });

  test('webhook: answers in its time while ROQ does not, and leaves the rest to the schedule', async () => {
    const { deliver, roq, runtimes } = deployment;
    const reference = randomUUID();
    roq.fail.always({ how: 'no-answer' });
    expect(await deliver('user.signed_up', reference)).toMatchObject({ statusCode: 200 });
    roq.fail.clear();
    expect(runtimes.webhook.lines().at(-1)).toMatchObject({ reference, outcome: 'retry' });
  });

  test('reconcile: the schedule brings what is due in step, and tells how it stands', async () => {
    const { call, store, usersOf, runtimes } = deployment;
    const reference = randomUUID();
    await store.fold(reference, toFacts({ email: 'late@example.com' }, 1), randomUUID(), 1_000);
    // Who was left to the schedule by a test before may be due as well.
    const { done } = (await call('reconcile', {})) as Drained;
    expect(done).toBeGreaterThanOrEqual(1);
    expect(usersOf(reference)).toMatchObject([{ email: 'late@example.com' }]);
    expect(runtimes.reconcile.lines()).toContainEqual(
      expect.objectContaining({ message: 'gauges', Parked: 0, Held: 1, stage: 'dev' }),
    );
  });

  test('reconcile: the daily schedule audits, and tells what it found', async () => {
    const { call, runtimes } = deployment;
    await call('reconcile', { begin: 'audit' });
    expect(runtimes.reconcile.lines()).toContainEqual(
      expect.objectContaining({ message: 'job', is: 'audit', state: 'done', AuditDrifted: 0 }),
    );
  });

  test('backfill: takes users by hand, an older fact of them never', async () => {
    const { call, usersOf } = deployment;
    const reference = randomUUID();
    for (const [email, day] of [
      ['new@example.com', 2],
      ['old@example.com', 1],
    ]) {
      const users = [{ id: reference, email, updated_at: `2026-01-0${day}T00:00:00Z` }];
      const answer = await call('backfill', { users, provider: 'generic', apply: true });
      expect(answer).toMatchObject({ is: 'backfill', state: 'done' });
    }
    expect(usersOf(reference)).toMatchObject([{ email: 'new@example.com' }]);
  });

  test('backfill: says first what it would do, and carries a job on by its id', async () => {
    const { call, documents, usersOf } = deployment;
    const reference = randomUUID();
    const users = [{ id: reference, email: 'plan@example.com', updated_at: '2026-01-01T00:00:00Z' }];
    expect(await call('backfill', { users, provider: 'generic' })).toMatchObject({ state: 'done' });
    expect(usersOf(reference)).toEqual([]);
    await startJob({ documents, now: Date.now }, 'audit-by-hand', newAudit({ apply: false, adopt: false }));
    expect(await call('backfill', { job: 'audit-by-hand' })).toMatchObject({ is: 'audit', state: 'done' });
  });

  test('operate: answers by hand how it stands with a user', async () => {
    const { call, deliver } = deployment;
    const reference = randomUUID();
    await deliver('user.signed_up', reference);
    expect(await call('operate', { command: 'status', reference })).toMatchObject({
      reference,
      found: true,
      inStep: true,
    });
    expect(await call('operate', { command: 'doctor' })).toMatchObject({ checks: expect.any(Array) });
  });

  test('operate: does by hand whatever else is asked for', async () => {
    const { call, deliver } = deployment;
    const reference = randomUUID();
    await deliver('user.signed_up', reference);
    await deliver('user.disabled', reference);
    const asked = [
      ...['pending', 'held', 'duplicates', 'strangers', 'jobs'].map((of) => ({ command: 'list', of })),
      ...[{ command: 'status' }, { command: 'resync', reference }, { command: 'drop', reference }],
      ...[
        { command: 'release', all: true },
        { command: 'erase', reference },
      ],
      ...[{ command: 'audit' }, { command: 'audit', apply: true, adopt: true }],
      { command: 'job', id: 'audit-by-hand' },
    ];
    for (const command of asked) expect(await call('operate', command)).not.toHaveProperty('error');
  });

  test('cognito: takes a confirmed sign-up, and answers as Cognito wants it', async () => {
    const { call, usersOf } = deployment;
    const event = confirmation(randomUUID());
    expect(await call('cognito', event)).toEqual(event);
    expect(usersOf(event.request.userAttributes.sub)).toMatchObject([{ email: 'cleo@example.com' }]);
  });

  test('cognito: takes what an administrator does, once, and holds what is above the ceiling', async () => {
    const { call, usersOf, runtimes } = deployment;
    const sub = randomUUID();
    await call('cognito', confirmation(sub));
    const disabled = disabling(sub);
    for (const _ of [1, 2]) await call('cognito', disabled);
    expect(usersOf(sub)).toMatchObject([{ active: true }]);
    expect(runtimes.cognito.lines()).toContainEqual(
      expect.objectContaining({ reference: sub, outcome: 'held' }),
    );
  });

  test('pull: finds whom no webhook told, and has them in ROQ', async () => {
    const { api, call, usersOf, runtimes, store } = deployment;
    const [user, half] = [1, 4].map((n) => apiUser(kratosApi, n));
    if (!user || !half) throw new Error('nobody');
    for (const one of [user, half]) api.users.set(one.id, one);
    // Of whom an event has told the address alone, and later than the list will.
    const told = toFacts({ email: half.email }, Date.now() + 60_000);
    await store.fold(half.id, told, randomUUID(), 1_000, { source: 'kratos' });
    expect(await call('pull', { list: true })).toEqual({ directories: ['kratos'] });
    const begun = (await call('pull', { begin: 'kratos', apply: true })) as { id: string };
    expect(begun).toMatchObject({ is: 'pull', state: 'running', apply: true });
    expect(await call('pull', { job: begun.id })).toMatchObject({
      state: 'done',
      report: { signedUp: 1, changed: 1 },
    });
    expect(usersOf(half.id)).toMatchObject([{ firstName: half.firstName }]);
    expect(usersOf(user.id)).toMatchObject([{ email: user.email, isOptedIn: true, active: true }]);
    expect(runtimes.pull.lines()).toContainEqual(
      expect.objectContaining({ message: 'job', is: 'pull', state: 'done', PullMissed: 2, PullStopped: 0 }),
    );
  });

  test('pull: by the schedule, a user whom the list has no more is a suspect, and nothing else', async () => {
    const { api, call, usersOf, runtimes } = deployment;
    const [gone, kept] = [2, 3].map((n) => apiUser(kratosApi, n));
    if (!gone || !kept) throw new Error('nobody');
    for (const user of [gone, kept]) api.users.set(user.id, user);
    await call('pull', { begin: 'scheduled' });
    api.users.delete(gone.id);
    await call('pull', { begin: 'kratos' });
    await call('pull', {});
    expect(runtimes.pull.lines().at(-1)).toMatchObject({ is: 'pull', absent: 1, missingOnce: 1, gone: 0 });
    expect(usersOf(gone.id)).toMatchObject([{ active: true }]);
  });

  test('webhook and cognito answer in their time while DynamoDB does not', async () => {
    const { call, deliver, wire, runtimes } = deployment;
    const event = confirmation(randomUUID());
    wire.silence(true);
    const answers = await Promise.all([deliver('user.signed_up', randomUUID()), call('cognito', event)]);
    wire.silence(false);
    expect(answers).toMatchObject([{ statusCode: 503 }, event]);
    expect(runtimes.cognito.lines().at(-1)).toMatchObject({ message: 'failure', Failures: 1 });
  });

  test('end an invocation by an error that names itself, and go on', async () => {
    const { deliver, runtimes } = deployment;
    expect(await runtimes.cognito.invoke({ 'detail-type': 'nothing' })).toMatchObject({ is: 'returned' });
    const outcome = await runtimes.webhook.invoke(null);
    expect(outcome).toMatchObject({ is: 'threw', error: { errorType: 'TypeError' } });
    expect(await deliver('user.logged_in', randomUUID())).toMatchObject({ statusCode: 200 });
  });

  test('stay well within their memory', () => {
    const { runtimes, functionOf } = deployment;
    const peaks = names.map((name) => ({ name, peakMb: runtimes[name].peakMb() }));
    console.info(`peak memory: ${peaks.map(({ name, peakMb }) => `${name} ${peakMb} MB`).join(', ')}`);
    for (const { name, peakMb } of peaks) {
      expect(peakMb).toBeGreaterThan(0);
      expect(peakMb).toBeLessThan(functionOf(name).MemorySize / 2);
    }
  });

  test.each(names)('%s: may do what it does, and in DynamoDB nothing else', (name) => {
    const granted = grantsOf(deployment, name);
    const made = deployment.wire.callsOf(name);
    expect(made.filter((one) => !granted.some((grant) => matches(grant, one)))).toEqual([]);
    const isOfTables = (one: string) => one.startsWith('dynamodb:');
    expect(made.filter(isOfTables).sort()).toEqual(granted.filter(isOfTables).sort());
  });
});

function confirmation(sub: string) {
  return {
    version: '1',
    region: 'eu-central-1',
    userPoolId,
    userName: sub,
    callerContext: { awsSdkVersion: '3', clientId: 'client' },
    triggerSource: 'PostConfirmation_ConfirmSignUp',
    request: { userAttributes: { sub, email: 'cleo@example.com', email_verified: 'true' } },
    response: {},
  };
}

function disabling(sub: string) {
  const detail = {
    eventID: 'e-1',
    eventName: 'AdminDisableUser',
    eventTime: new Date(Date.now() + 1_000).toISOString(),
    requestParameters: { userPoolId },
    additionalEventData: { sub },
  };
  return { 'detail-type': 'AWS API Call via CloudTrail', source: 'aws.cognito-idp', detail };
}

function matches(grant: string, made: string): boolean {
  return grant.endsWith('*') ? made.startsWith(grant.slice(0, -1)) : made === grant;
}
