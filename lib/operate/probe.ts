// Tries out what ROQ's documentation leaves open, with users that it creates for this and deactivates again.

import { randomUUID } from 'node:crypto';
import type { Roq } from '../roq/client.ts';
import { RoqError } from '../roq/faults.ts';
import type { RoqUser, UserCreate } from '../roq/types.ts';
import { probePrefix } from '../roq/types.ts';
import { type Check, check } from './check.ts';

type Ports = Pick<Roq, 'createUser' | 'updateUser' | 'change' | 'users' | 'allUsers' | 'user'>;

const again = 'Run it again: what is left of this run is deactivated then.';
const withDeactivated = { equalTo: true };

/** Probes ROQ; whatever fails, its users are deactivated as long as ROQ allows that. */
export async function probe(roq: Ports, deadline: number): Promise<readonly Check[]> {
  const run = `${probePrefix}${randomUUID()}`;
  const checks: Check[] = [];
  try {
    checks.push(await check('references', again, () => probeReferences(roq, run, deadline)));
    checks.push(await check('deactivated users', again, () => probeVisibility(roq, run, deadline)));
    checks.push(await check('several changes at once', again, () => probeBatch(roq, run, deadline)));
    checks.push(await check('page', again, () => probePage(roq, deadline)));
  } finally {
    checks.push(await check('probe users', again, () => cleanUp(roq, deadline)));
  }
  return checks;
}

async function probeReferences(roq: Ports, run: string, deadline: number): Promise<string> {
  const user = toUser(`${run}-twin`);
  await roq.createUser(user, { deadline });
  try {
    await roq.createUser({ ...user, email: `second-${user.email}` }, { deadline });
  } catch (error) {
    if (!(error instanceof RoqError) || error.code !== 'roq_refused') throw error;
    return 'are unique: a second user with one is refused';
  }
  return 'are not unique: two users may bear one';
}

type Found = { readonly ok: boolean; readonly detail: string };

async function probeVisibility(roq: Ports, run: string, deadline: number): Promise<Found> {
  const user = toUser(`${run}-gone`);
  const { id } = await roq.createUser(user, { deadline });
  await roq.updateUser(id, { active: false }, { deadline });
  const reference = { equalTo: user.reference };
  const shown = await roq.users({ filter: { reference } }, { deadline });
  const asked = await roq.users({ filter: { reference, withDeactivated } }, { deadline });
  const word = shown.totalCount > 0 ? 'shown' : 'hidden';
  if (asked.totalCount > 0) return { ok: true, detail: `are ${word} unless asked for` };
  return { ok: false, detail: 'are not even found when asked for: users would be made twice' };
}

async function probeBatch(roq: Ports, run: string, deadline: number): Promise<Found> {
  const users = [toUser(`${run}-first`), toUser(`${run}-last`)];
  const ids = await roq.change(
    users.map((create) => ({ create })),
    { deadline },
  );
  const made = await Promise.all(ids.map((id) => roq.user(id, { deadline })));
  const isInOrder = made.every(({ reference }, i) => reference === users[i]?.reference);
  if (!isInOrder) return { ok: false, detail: 'are answered in another order' };
  const half = await probeHalf(roq, ids, deadline);
  return { ok: true, detail: `work; when one fails, ${half}` };
}

async function probeHalf(roq: Ports, ids: readonly string[], deadline: number): Promise<string> {
  const [first = '', last = ''] = ids;
  const targets = [first, randomUUID(), last];
  const user = { firstName: 'half' };
  try {
    await roq.change(
      targets.map((id) => ({ update: { id, user } })),
      { deadline },
    );
    return 'the request succeeds nevertheless';
  } catch (error) {
    if (!(error instanceof RoqError) || error.effect === 'late') throw error;
  }
  const isMade = async (id: string) => (await roq.user(id, { deadline })).firstName === user.firstName;
  const say = (made: boolean) => (made ? 'made' : 'not made');
  return `that before it is ${say(await isMade(first))}, that after it ${say(await isMade(last))}`;
}

async function probePage(roq: Ports, deadline: number): Promise<string> {
  const { data, totalCount } = await roq.users({ limit: 1_000, filter: { withDeactivated } }, { deadline });
  if (data.length < totalCount) return `holds ${data.length} users at most, when 1000 are asked for`;
  return `holds at least ${data.length} users; there are no more to tell by`;
}

// An earlier run that was broken off may have left users too.
async function cleanUp(roq: Ports, deadline: number): Promise<Found> {
  let active: readonly RoqUser[] = [];
  // A failure of ROQ's may be over in a moment: three rounds, then a person is told.
  for (let round = 0; round < 3; round++) {
    try {
      active = await activeProbes(roq, deadline);
      for (const { id } of active) await roq.updateUser(id, { active: false }, { deadline });
      const left = await activeProbes(roq, deadline);
      if (left.length === 0) return { ok: true, detail: `none is active (references ${probePrefix}…)` };
    } catch (error) {
      if (!(error instanceof RoqError)) throw error;
    }
  }
  return { ok: false, detail: `some may still be active: look for references ${probePrefix}…` };
}

async function activeProbes(roq: Ports, deadline: number): Promise<readonly RoqUser[]> {
  const filter = { reference: { like: `${probePrefix}%` }, withDeactivated };
  const users = await Array.fromAsync(roq.allUsers({ filter }, { deadline }));
  return users.filter(({ reference, active }) => reference.startsWith(probePrefix) && active !== false);
}

function toUser(reference: string): UserCreate {
  return { reference, email: `${reference}@probe.invalid`, isOptedIn: false };
}
