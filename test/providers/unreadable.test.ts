// What one member of another type than it should be costs an event: that member, and nothing beside it.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RejectedError } from '../../lib/errors.ts';
import type { UserEvent } from '../../lib/event.ts';
import type { Told } from '../../lib/user.ts';
import { type SigningKeys, startSigningKeys } from '../../local/providers/keys.ts';
import { change, listPaths, type Path } from '../hostile/json.ts';
import { atMs, connect, listMirrored, listWays, nowMs, send, user, type Way } from '../support/sent.ts';

let keys: SigningKeys;

beforeAll(async () => {
  keys = await startSigningKeys();
});
afterAll(() => keys.close());

const ways = listWays().filter(({ sender, title }) => title === sender.name);

describe.each(ways)('$title', (way) => {
  test.each(
    listMirrored(way.sender).filter(([, { payload }]) => !(payload(user, atMs) instanceof Uint8Array)),
  )('%s tells all the rest, whichever member is of another type', async (_name, example) => {
    const read = toReader(way);
    const payload = example.payload(user, atMs);
    const whole = await read(payload);
    for (const path of listPaths(payload).slice(1)) {
      // Without the reference, the kind or a time there is no such event.
      const without = await read(change(payload, path, () => undefined) as object);
      if (!whole || !without || without.reference !== whole.reference) continue;
      const otherwise = await read(change(payload, path, toOpposite) as object);
      for (const value of othersThan(payload, path)) {
        const where = `${path.join('.')} = ${JSON.stringify(value)}`;
        const harmed = await read(change(payload, path, () => value) as object);
        expectHarmless(harmed, whole, without, where);
        // Which of several counts shows without it, where another one says that it does.
        if (otherwise && !where.includes('primary')) expectUndecided(harmed, whole, otherwise, where);
      }
    }
  });
});

/** What the events of one request say together of a user. */
type Said = {
  readonly reference: string | null;
  readonly told: Told;
  readonly unread: readonly string[];
};

/** What it tells is what it tells otherwise, and nobody is let in, or verified, by what can't be read. */
function expectHarmless(harmed: Said | null, whole: Said, without: Said, where: string): void {
  expect(harmed?.reference, where).toBe(whole.reference);
  const { told = {}, unread = [] } = harmed ?? {};
  const names = Object.keys({ ...whole.told, ...told }) as (keyof Told)[];
  for (const name of names.filter((name) => name in told)) {
    expect([whole.told[name], without.told[name]], `${where}: ${name}`).toContain(told[name]);
  }
  if (whole.told.disabled) expect(told.disabled, where).not.toBe(false);
  if (!without.told.emailVerified && !whole.told.emailVerified)
    expect(told.emailVerified, where).not.toBe(true);
  if (names.some((name) => told[name] !== whole.told[name])) expect(unread, where).not.toEqual([]);
}

/** What a yes or no decides is not told where it is neither. */
function expectUndecided(harmed: Said | null, whole: Said, otherwise: Said, where: string): void {
  for (const name of ['disabled', 'emailVerified', 'deleted'] as const) {
    const isDecided = whole.told[name] !== otherwise.told[name];
    if (isDecided) expect(harmed?.told[name], `${where}: ${name}`).toBeUndefined();
  }
}

function toOpposite(value: unknown): unknown {
  return typeof value === 'boolean' ? !value : value;
}

/** Values of other types than the one that stands there; none of them is a yes or no, or a time. */
function othersThan(payload: object, path: Path): readonly unknown[] {
  // Any JSON may stand in custom data, and the sender adds the claims of its token where there are none.
  if (path.includes('custom_data') || path[0] === 'iat') return [];
  // Zitadel's may be either.
  if (path[0] === 'event_payload') return [7, ['hush']];
  const value = path.reduce<unknown>(
    (inner, name) => (inner as Record<string | number, unknown>)[name],
    payload,
  );
  // Null is of every type.
  if (value === null || value === undefined) return [];
  return ['hush', 7, ['hush'], { hush: 'hush' }].filter((other) => typeOf(other) !== typeOf(value));
}

function typeOf(value: unknown): string {
  return Array.isArray(value) ? 'list' : typeof value;
}

/** Null for what is refused. */
function toReader({ sender, provider, environment }: Way) {
  const settings = environment(keys);
  const reader = connect(provider, settings);
  return async (payload: object): Promise<Said | null> => {
    const request = await send(sender, JSON.parse(JSON.stringify(payload)), { keys, settings });
    try {
      return summarize(await reader(request, nowMs));
    } catch (error) {
      if (!(error instanceof RejectedError)) throw error;
      return null;
    }
  };
}

function summarize(events: readonly UserEvent[]): Said {
  return {
    reference: events.find(({ reference }) => reference !== null)?.reference ?? null,
    told: Object.assign({}, ...events.map(({ told }) => told)),
    unread: events.flatMap(({ unread = [], rejected }) => (rejected ? [rejected] : unread)),
  };
}
