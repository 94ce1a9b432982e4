import { expect, test, vi } from 'vitest';
import type { ExportLine } from '../../lib/exports/read.ts';
import { runLines, type StoredJob } from '../../lib/jobs/jobs.ts';
import { createConcurrency } from '../../lib/sync/concurrency.ts';
import { drain } from '../../lib/sync/drain.ts';
import { dying, seeded } from '../support/dying.ts';
import { startWorld } from '../support/world.ts';

vi.setConfig({ testTimeout: 120_000 });

test('a backfill of 20,000 users, killed at random points and begun again, ends with exactly the right users', async () => {
  const world = await startWorld({ pageCap: 100, timeoutMs: 10_000, isInProcess: true });
  const random = seeded(11);
  const lines = Array.from({ length: 20_000 }, (_, i) => toLine(i));
  const budget = () => ({
    deadline: world.now() + 60_000,
    leaseMs: 90_000,
    concurrency: createConcurrency({ max: 8 }),
  });
  const run = (ports = world.ports) =>
    runLines(ports, 'large', lines, { apply: true, isLast: true }, budget());

  const stored = async () => (await world.documents.get<StoredJob>('job', 'large'))?.document;
  let kills = 0;
  while ((await stored())?.state !== 'done') {
    const isKilled = await run(dying(world.ports, 1 + Math.floor(random() * 4_000))).then(
      () => false,
      (error: Error) => error.message === 'killed',
    );
    kills += isKilled ? 1 : 0;
    world.pass(5 * 60_000);
  }
  expect(kills).toBeGreaterThan(10);
  world.pass(2 * 3_600_000);
  await drain(world.ports, budget());

  expect(await stored()).toMatchObject({ job: { line: 20_000 } });
  const inRoq = new Map(world.roqServer.users.map((user) => [user.reference, user]));
  expect(world.roqServer.users).toHaveLength(20_000);
  const wrong = lines.filter((line) => {
    if (line.is === 'invalid') return true;
    const user = inRoq.get(line.reference);
    const { firstName, emailVerified, disabled } = line.told;
    return user?.firstName !== firstName || user?.isOptedIn !== emailVerified || user?.active !== !disabled;
  });
  expect(wrong).toEqual([]);
  await world.close();
});

function toLine(i: number): ExportLine {
  const reference = `user-${i}`;
  const profile = { email: `${reference}@x.example`, firstName: `Name ${i}` };
  return {
    line: i + 1,
    is: 'user',
    reference,
    at: 1 + i,
    told: { ...profile, emailVerified: i % 2 === 0, disabled: i % 5 === 0 },
  };
}
