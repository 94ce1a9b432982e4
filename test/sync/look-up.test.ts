import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createRoq, type Roq } from '../../lib/roq/client.ts';
import { converge } from '../../lib/sync/converge.ts';
import type { Outcome } from '../../lib/sync/outcome.ts';
import { startWorld, type World } from '../support/world.ts';

// Small, so that every list of users is cut.
const pageCap = 10;

let world: World;
let references: string[];

beforeAll(async () => {
  world = await startWorld({ pageCap, timeoutMs: 5_000 });
});
afterAll(() => world.close());
beforeEach(() => {
  world.roqServer.fail.clear();
  references = Array.from({ length: 25 }, () => randomUUID());
});

describe('users who are in ROQ already are made no second time', () => {
  test('where ROQ cuts lists at less than a batch', async () => {
    for (const one of references) await world.roq.createUser({ reference: one, email: `${one}@x.example` });
    await signUp();
    expect(made()).toEqual(references.map(() => 1));
    await expectInStep();
  });

  test('where ROQ says that there is one, and does not show them', async () => {
    for (const one of references) await world.roq.createUser({ reference: one, email: `${one}@x.example` });
    const outcomes = await signUp(answering((users) => ({ ...users, data: [] })));
    expect(outcomes.map(({ is, code }) => ({ is, code }))).toEqual(
      references.map(() => ({ is: 'retry', code: 'roq_unavailable' })),
    );
    expect(made()).toEqual(references.map(() => 1));
    await world.drain();
    expect(made()).toEqual(references.map(() => 1));
    await expectInStep();
  });

  test('where ROQ shows somebody else, whose reference is much alike', async () => {
    const [reference = ''] = references;
    references = [reference];
    await world.roq.createUser({ reference: reference.toUpperCase(), email: 'other@x.example' });
    const alike = world.usersOf(reference.toUpperCase());
    await signUp(
      answering(() => ({
        data: alike.map(({ id }) => ({ id, reference: reference.toUpperCase() })),
        totalCount: 1,
      })),
    );
    expect(made()).toEqual([1]);
    expect(world.usersOf(reference.toUpperCase())).toHaveLength(1);
  });

  test('where more bear one reference than a page shows, of one instant and so in any order', async () => {
    const [reference = ''] = references;
    references = [reference];
    for (let i = 0; i < 2 * pageCap + 3; i++) {
      await world.roq.createUser({ reference, email: `${i}@x.example` });
    }
    for (let i = 0; i < 5; i++) await world.deliver(reference, { email: `new-${i}@x.example` }, 1 + i);
    await world.drain();
    expect(world.usersOf(reference)).toHaveLength(2 * pageCap + 3);
    await expectInStep();
  });
});

describe('a look-up that ROQ refuses', () => {
  test('for one user keeps none of the others of its batch from ROQ, and gives up on nobody', async () => {
    const [refused = ''] = references;
    const outcomes = await signUp(refusing(refused));
    const withOutcome = (is: Outcome['is']) => outcomes.filter((outcome) => outcome.is === is).length;
    expect({ done: withOutcome('done'), retry: withOutcome('retry') }).toEqual({ done: 24, retry: 1 });
    await world.drain();
    expect(made()).toEqual(references.map(() => 1));
    await expectInStep();
  });

  test.each(['refuse', 'throttle', 'fail', 'bad-gateway'] as const)(
    'once, by "%s", parks nobody for good',
    async (how) => {
      const [reference = ''] = references;
      references = [reference];
      world.roqServer.fail.next({ how, operation: 'users' });
      expect(await signUp()).toMatchObject([{ is: 'retry' }]);
      await world.drain();
      expect(made()).toEqual([1]);
    },
  );
});

async function signUp(roq: Roq = world.roq): Promise<readonly Outcome[]> {
  const folded = await Promise.all(
    references.map((one) => world.fold(one, { email: `${one}@x.example` }, 1)),
  );
  const leased = folded.map(({ leased }) => leased).filter((record) => record !== null);
  return converge({ ...world.ports, roq }, leased, world.now() + 60_000);
}

function made(): readonly number[] {
  return references.map((one) => world.usersOf(one).length);
}

async function expectInStep(): Promise<void> {
  const records = await world.queries.getMany(references);
  expect(records.size).toBe(references.length);
  for (const { queue, syncedVersion, version } of records.values()) {
    expect({ queue, syncedVersion }).toEqual({ queue: null, syncedVersion: version });
  }
}

type Users = { readonly data: readonly object[]; readonly totalCount: number };

/** A ROQ that says something else of users than there are. */
function answering(change: (users: Users) => Users): Roq {
  return roqBehind(async (input, init) => {
    const response = await fetch(input, init);
    if (!String(init?.body).includes('totalCount')) return response;
    const { data } = (await response.json()) as { data: Record<string, Users> };
    return Response.json({
      data: Object.fromEntries(Object.entries(data).map(([as, users]) => [as, change(users)])),
    });
  });
}

/** A ROQ that refuses every question about one user. */
function refusing(reference: string): Roq {
  const response = { statusCode: 400, errorCode: 'GRAPHQL_VALIDATION_FAILED' };
  return roqBehind(async (input, init) => {
    const body = String(init?.body);
    if (!body.includes('totalCount') || !body.includes(reference)) return fetch(input, init);
    return Response.json({ data: null, errors: [{ message: 'no', extensions: { response } }] });
  });
}

function roqBehind(through: typeof fetch): Roq {
  const { url, environmentId, apiKey } = world.roqServer;
  return createRoq({ url, environmentId, apiKey, timeoutMs: 5_000, now: world.now, fetch: through });
}
