// Three users whose events take the ways that events take: in order, backwards and twice, and past a lost answer.

import { styleText } from 'node:util';
import type { GenericEvent } from './identity-provider.ts';
import type { Stack } from './stack.ts';

export type Played = {
  readonly kind: string;
  readonly reference: string;
  readonly note: string;
  readonly status: number;
};

export type SyncedUser = {
  readonly reference: string;
  readonly roqId: string;
  readonly isOptedIn: boolean;
  readonly active: boolean;
};

type Step = { readonly event: GenericEvent; readonly note: string; readonly before?: () => void };

/** Plays the scenario, line by line as it goes on, and ends with what ROQ holds. */
export async function showScenario(stack: Stack, say: (line: string) => void) {
  say(styleText('bold', '\nEvents, as the identity provider sends them'));
  const events = await playScenario(stack, (played) => say(eventRow(played)));
  const users = await listUsers(stack, new Set(events.map(({ reference }) => reference)));
  say(styleText('bold', '\nUsers in ROQ'));
  say(userTable(users));
  const others = stack.roq.users.length - users.length;
  if (others > 0) say(styleText('dim', `  and ${others} more of before`));
  return { events, users };
}

/** Sends the events one by one, and tells of each as it is answered. */
async function playScenario(stack: Stack, onPlayed: (played: Played) => void): Promise<readonly Played[]> {
  const all: Played[] = [];
  for (const { event, note, before } of steps(stack, Date.now() - 60_000)) {
    before?.();
    const [answer] = await stack.identityProvider.send(`${stack.webhookUrl}generic`, [event]);
    const played = { kind: event.type, reference: event.user.id, note, status: answer?.status ?? 0 };
    onPlayed(played);
    all.push(played);
  }
  stack.roq.fail.clear();
  return all;
}

function steps({ roq }: Stack, startMs: number): readonly Step[] {
  const anna = { id: 'anna', email: 'anna@example.com', first_name: 'Anna' };
  const ben = { id: 'ben', email: 'ben@example.com', first_name: 'Ben' };
  const cleo = { id: 'cleo', email: 'cleo@example.com', first_name: 'Cleo' };
  const benSignsUp = happened('user.signed_up', ben, startMs + 10_000);
  const benVerifies = happened('user.email_verified', { id: 'ben', email: ben.email }, startMs + 11_000);
  return [
    { event: happened('user.signed_up', anna, startMs), note: 'ROQ: createUser' },
    {
      event: happened('user.email_verified', { id: 'anna', email: anna.email }, startMs + 1_000),
      note: 'ROQ: isOptedIn true',
    },
    { event: happened('user.disabled', { id: 'anna' }, startMs + 2_000), note: 'ROQ: active false' },
    { event: benVerifies, note: 'before the signup: waits' },
    { event: benVerifies, note: 'the same again' },
    { event: benSignsUp, note: 'late: created, opted in' },
    { event: benSignsUp, note: 'the same again' },
    {
      event: happened('user.signed_up', cleo, startMs + 20_000),
      note: 'the answer to createUser is lost',
      before: () => roq.fail.next({ operation: 'createUser', how: 'answer-lost' }),
    },
  ];
}

function happened(type: GenericEvent['type'], user: GenericEvent['user'], timeMs: number): GenericEvent {
  return { id: `${user.id}-${type}-${timeMs}`, type, time: timeMs, user };
}

/** The users of these references in ROQ, beside what the table maps each to; of others there may be any number. */
async function listUsers(
  { roq, app }: Stack,
  references: ReadonlySet<string>,
): Promise<readonly SyncedUser[]> {
  return Promise.all(
    roq.users
      .filter(({ reference }) => references.has(reference))
      .map(async ({ id, reference, isOptedIn, active }) => {
        const record = await app.store.get(reference);
        const roqId = record?.roqId === id ? id : `${id} (not in the table)`;
        return { reference, roqId, isOptedIn: isOptedIn === true, active: active === true };
      }),
  );
}

function eventRow({ reference, kind, note, status }: Played): string {
  const colour = status < 300 ? 'green' : 'red';
  return `  ${reference.padEnd(5)} ${kind.padEnd(21)} ${styleText(colour, String(status))}  ${styleText('dim', note)}`;
}

function userTable(users: readonly SyncedUser[]): string {
  const rows = users.map(({ reference, roqId, isOptedIn, active }) => [
    reference,
    roqId,
    isOptedIn ? 'yes' : 'no',
    active ? 'yes' : 'no',
  ]);
  const header = ['reference', 'ROQ id', 'opted in', 'active'];
  const widths = header.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `  ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')}`;
  return [styleText('dim', line(header)), ...rows.map(line)].join('\n');
}
