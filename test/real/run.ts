// `npm run test:real -- <partner>`: a real provider on this machine, whose users change while no webhook is heard; a pull must
// bring ROQ in step with every one of them. Not part of `npm test`: it brings the partner from its registry.

import { spawnSync } from 'node:child_process';
import { styleText } from 'node:util';
import { readSettings } from '../../lib/config/settings.ts';
import { hourMs } from '../../lib/directory.ts';
import { beginPull, runPull } from '../../lib/jobs/pull.ts';
import type { Suspect } from '../../lib/jobs/pull-absent.ts';
import type { ConnectedDirectory, PullJob, PullReport } from '../../lib/jobs/pull-job.ts';
import { createConcurrency } from '../../lib/sync/concurrency.ts';
import { startWorld, type World } from '../support/world.ts';
import { cognito } from './cognito.ts';
import { firebase } from './firebase.ts';
import { keycloak } from './keycloak.ts';
import { kratos } from './kratos.ts';
import { type Partner, partnerFolder, type RealUser, type RunningPartner } from './partner.ts';
import { workos } from './workos.ts';

const partners: readonly Partner[] = [keycloak, kratos, firebase, workos, cognito];

const count = 300;

process.exitCode = await main();

async function main(): Promise<number> {
  const partner = partners.find(({ name }) => name === process.argv[2]);
  if (!partner) {
    say(`Usage: npm run test:real -- ${partners.map(({ name }) => name).join(' | ')}`);
    return 2;
  }
  const missing = partner.needs.filter(
    ({ command: [program, ...args] }) => spawnSync(program, args).status !== 0,
  );
  for (const { command, why } of missing) say(`${command[0]} is missing: ${why}.`);
  if (missing.length > 0) return 2;
  say(`Starting ${partner.name} …`);
  const running = await partner.start(partnerFolder(partner.name));
  const world = await startWorld({ pageCap: 25, timeoutMs: 5_000 });
  // Its clock stands still until it is moved, and the partner's goes on.
  const catchUp = () => world.pass(Math.max(0, Date.now() - world.now()));
  try {
    return (await check(partner, running, world, catchUp)) ? 0 : 1;
  } finally {
    await running.stop();
    await world.close();
  }
}

async function check(
  partner: Partner,
  running: RunningPartner,
  world: World,
  catchUp: () => void,
): Promise<boolean> {
  const users = new Map<string, RealUser>();
  for (let n = 0; n < count; n++) {
    const user = makeUser(n);
    users.set(await running.create(user), user);
  }
  const directory = connect(partner, running);
  const pull = async () => {
    catchUp();
    const beganAt = performance.now();
    const report = await pullOnce(world, directory);
    return { report, seconds: (performance.now() - beganAt) / 1000 };
  };
  show('300 made, none told', await pull());
  const isFirst = compare(partner, users, world);

  const removed = await changeBehind(running, users);
  // A list may lag behind: who is new is no suspect yet.
  world.pass(2 * hourMs);
  show('60 changed and 5 deleted, none told', await pull());
  await looksOfBefore(world);
  show('two hours later', await pull());
  const isSecond = compare(partner, users, world);
  const isGone = removed.every((id) => world.usersOf(id)[0]?.active === false);
  say(`  ${mark(isGone)} ${removed.length} deleted there are inactive in ROQ`);
  show('once more', await pull());
  return isFirst && isSecond && isGone;
}

function makeUser(n: number): RealUser {
  return {
    email: `user-${n}@example.com`,
    firstName: 'Ada',
    lastName: `Lovelace ${n}`,
    verified: n % 2 === 0,
    disabled: n % 10 === 0,
  };
}

/** Behind every webhook's back: 20 renamed, 20 verified, 20 disabled, 5 deleted. Answers who was deleted. */
async function changeBehind(
  running: RunningPartner,
  users: Map<string, RealUser>,
): Promise<readonly string[]> {
  const ids = [...users.keys()];
  const change = async (id: string, changes: Partial<RealUser>) => {
    const user = { ...(users.get(id) ?? makeUser(0)), ...changes };
    await running.change(id, user);
    users.set(id, user);
  };
  for (const id of ids.slice(0, 20)) await change(id, { firstName: 'Augusta' });
  for (const id of ids.slice(20, 60).filter((_, n) => n % 2 === 1)) await change(id, { verified: true });
  for (const id of ids.slice(60, 80)) await change(id, { disabled: true });
  // Of those who are active: who is not, is no suspect.
  const removed = ids.slice(101, 106);
  for (const id of removed) {
    await running.remove(id);
    users.delete(id);
  }
  return removed;
}

function connect({ directory }: Partner, { environment }: RunningPartner): ConnectedDirectory {
  const connected = directory.connect(readSettings(directory.settings, environment));
  return { ...connected, traits: directory, deletions: 'apply', isExclusive: false };
}

async function pullOnce(world: World, directory: ConnectedDirectory): Promise<PullReport> {
  const ports = { ...world.ports, wait: async (ms: number) => world.pass(ms) };
  const id = await beginPull(ports, directory.traits.name, true);
  const budget = {
    deadline: world.now() + hourMs,
    leaseMs: 40_000,
    concurrency: createConcurrency({ max: 8 }),
  };
  const stored = await runPull(ports, id, () => directory, budget);
  if (stored?.state !== 'done') throw new Error(`the pull is ${stored?.state}: ${stored?.lastError}`);
  return (stored.job as PullJob).report;
}

/** The partner's clock can't be moved, so what it said first is moved back by two hours. */
async function looksOfBefore({ documents }: World): Promise<void> {
  for await (const { id, document } of documents.list<Suspect>('suspect')) {
    if (document.goneFrom === null) continue;
    await documents.put('suspect', id, { ...document, goneFrom: document.goneFrom - 2 * hourMs }, null);
  }
}

/** Every user of the partner against ROQ. */
function compare({ cannotTell }: Partner, users: ReadonlyMap<string, RealUser>, world: World): boolean {
  const wrong: string[] = [];
  for (const [id, user] of users) {
    const [inRoq, ...others] = world.usersOf(id);
    const differs = (Object.keys(user) as (keyof RealUser)[])
      .filter((name) => !cannotTell.includes(name))
      .filter((name) => !inRoq || others.length > 0 || valueIn(name, inRoq) !== user[name]);
    if (differs.length > 0) wrong.push(`${id}: ${differs.join(', ')}`);
  }
  say(`  ${mark(wrong.length === 0)} ${users.size - wrong.length} of ${users.size} users equal`);
  for (const line of wrong.slice(0, 10)) say(`      ${line}`);
  return wrong.length === 0;
}

function valueIn(name: keyof RealUser, user: ReturnType<World['usersOf']>[number]): unknown {
  if (name === 'verified') return user.isOptedIn;
  return name === 'disabled' ? !user.active : user[name];
}

function show(
  what: string,
  { report, seconds }: { readonly report: PullReport; readonly seconds: number },
): void {
  const counts = Object.entries(report).filter(([, value]) => typeof value === 'number' && value > 0);
  say(styleText('bold', `${what}: pulled in ${seconds.toFixed(1)} s`));
  say(
    `  ${counts.map(([name, value]) => `${name} ${value}`).join(', ')}${report.stopped ? `, ${report.stopped}` : ''}`,
  );
}

function mark(isRight: boolean): string {
  return isRight ? styleText('green', '✓') : styleText('red', '✗');
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
