// What one user, one value or one bug may not do to a job.

import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { newAudit } from '../../lib/jobs/audit-job.ts';
import { type JobPorts, runJob, type StoredJob, startJob } from '../../lib/jobs/jobs.ts';
import { createConcurrency } from '../../lib/sync/concurrency.ts';
import { startWorld, type World } from '../support/world.ts';

const dayMs = 86_400_000;

let world: World;

beforeEach(async () => {
  world = await startWorld({ pageCap: 100, timeoutMs: 5_000 });
});
afterEach(() => world.close());

test('a user whose custom data the app made large does not stop the audit', async () => {
  const users = Array.from({ length: 30 }, () => randomUUID());
  for (const user of users) await world.deliver(user, { email: `${user}@x.example` }, 1);
  const [large] = world.usersOf(users[7] ?? '');
  if (large) large.customData = { blob: 'x'.repeat(420_000) };
  expect(await audit()).toMatchObject({
    state: 'done',
    failures: 0,
    job: { report: { inStep: 30, drifted: 0 } },
  });
});

test('a value of which ROQ keeps a form of its own is put right once, and then shown as contested', async () => {
  await world.deliver('ada', { email: 'Ada@X.example', phone: '+49 30 1' }, 1);
  const found: object[] = [];
  for (let day = 0; day < 4; day++) {
    const [user] = world.usersOf('ada');
    if (user) Object.assign(user, { email: user.email.toLowerCase(), phone: '+49301' });
    world.pass(dayMs);
    const { job } = (await audit()) ?? {};
    if (job?.is !== 'audit') throw new Error('it is no audit');
    const { drifted, repaired, contested } = job.report;
    found.push({ drifted, repaired, contested });
  }
  expect(found).toEqual([
    { drifted: 1, repaired: 1, contested: 0 },
    ...Array(3).fill({ drifted: 0, repaired: 0, contested: 1 }),
  ]);
  // Whoever really changes it is another matter, and so is what the provider says next.
  Object.assign(world.usersOf('ada')[0] ?? {}, { email: 'eve@x.example' });
  world.pass(dayMs);
  expect(await audit()).toMatchObject({ job: { report: { drifted: 1, repaired: 1 } } });
  expect(world.usersOf('ada')).toMatchObject([{ email: 'Ada@X.example' }]);
  await world.deliver('ada', { email: 'New@X.example' }, 2);
  expect(world.usersOf('ada')).toMatchObject([{ email: 'New@X.example' }]);
});

test('a job that meets what nobody foresaw counts a failure, is given up some day, and rings each time', async () => {
  const bug = new TypeError('bug');
  const queries: JobPorts['queries'] = {
    ...world.queries,
    page: async () => {
      throw bug;
    },
  };
  await startJob(world.ports, 'audit-x', newAudit({ apply: false, adopt: false }));
  for (let failures = 1; failures <= 3; failures++) {
    await expect(runJob({ ...world.ports, queries }, 'audit-x', budget())).rejects.toBe(bug);
    expect(await stored('audit-x')).toMatchObject({ failures, lastError: 'unforeseen' });
  }
  // A day of minutes later.
  const last = await stored('audit-x');
  const cursor = { in: 'records', after: 'the last user' };
  const job = { ...last?.job, cursor };
  await world.documents.put('job', 'audit-x', { ...last, job, failures: 24 * 60 - 1 }, null);
  await expect(runJob({ ...world.ports, queries }, 'audit-x', budget())).rejects.toBe(bug);
  // And then it names nobody by whom it would have gone on.
  expect(await stored('audit-x')).toMatchObject({ state: 'failed', job: { cursor: null } });
});

async function audit(): Promise<StoredJob | null> {
  const id = `audit-${randomUUID()}`;
  await startJob(world.ports, id, newAudit({ apply: true, adopt: false }));
  return runJob(world.ports, id, budget());
}

function budget() {
  return {
    deadline: world.now() + 60_000,
    leaseMs: 90_000,
    concurrency: createConcurrency({ max: 8 }),
  };
}

async function stored(id: string): Promise<StoredJob | undefined> {
  return (await world.documents.get<StoredJob>('job', id))?.document;
}
