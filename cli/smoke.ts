// `roq-sync smoke`: a user of its own goes the whole way through a deployment, from a signed event to ROQ, and is deactivated
// at the end. What it prints is what to report of a first deployment.

import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Found } from '../lib/operate/find.ts';
import type { UserStatus } from '../lib/operate/status.ts';
import type { RoqFields } from '../lib/user.ts';
import type { Call, CliCommand } from './command.ts';
import { Refusal } from './refusal.ts';
import { type Cell, table } from './table.ts';
import { plain } from './words/plain.ts';
import { keptUser, verdictOf } from './words/user.ts';

export const smoke: CliCommand = {
  name: 'smoke',
  args: '<webhookUrl>',
  takes: [],
  summary: 'Sends a user of its own through a deployment',
  details: [
    'The address is WebhookUrl of the stack. Signed as of the provider generic by GENERIC_SECRETS of the shell, which must be',
    'the same throw-away secret that stands in Parameter Store. One user stays at ROQ, deactivated: users can’t be deleted.',
  ].join(' '),
  words: ['reference'],
  run: async (call) => {
    const secret = call.terminal.environment.GENERIC_SECRETS;
    if (!secret)
      throw new Refusal('wrongUsage', 'Set GENERIC_SECRETS to the secret of the provider generic.');
    const steps = await walk(call, secret);
    const isWhole = steps.every(({ ok }) => ok);
    return { document: { steps }, text: toText(steps), needsPerson: !isWhole };
  },
};

type Step = { readonly step: string; readonly ok: boolean; readonly found: string };

/** Each step in order, up to the first that does not come out as it should. */
async function walk(call: Call, secret: string): Promise<readonly Step[]> {
  const reference = `roq-sync-smoke-${randomUUID()}`;
  const email = `${reference}@example.com`;
  const send = await createSend(call.args[0] ?? '', secret, { id: reference, email });
  const plan: readonly (readonly [string, () => Promise<Omit<Step, 'step'>>])[] = [
    ['an unsigned event is refused', async () => toStep(await send.unsigned(), 401)],
    ['a sign-up is accepted', async () => toStep(await send.signed('user.signed_up'), 200)],
    ['ROQ has the user', () => untilHeld(call, reference, { email })],
    ['a verified address is accepted', async () => toStep(await send.signed('user.email_verified'), 200)],
    ['ROQ has them opted in', () => untilHeld(call, reference, { isOptedIn: true })],
    ['they are found by the address', () => findBy(call, email, reference)],
    ['a ban is accepted', async () => toStep(await send.signed('user.disabled'), 200)],
    ['ROQ has them inactive', () => untilHeld(call, reference, { active: false })],
  ];
  const steps: Step[] = [];
  for (const [step, run] of plan) {
    call.progress.show(step);
    const outcome = await run();
    steps.push({ step, ...outcome });
    if (!outcome.ok) break;
  }
  call.progress.clear();
  return steps;
}

async function createSend(
  url: string,
  secret: string,
  user: { readonly id: string; readonly email: string },
) {
  if (!URL.canParse(url))
    throw new Refusal('wrongUsage', 'smoke takes the address of the webhook, WebhookUrl of the stack.');
  const address = new URL('generic', url.endsWith('/') ? url : `${url}/`).href;
  // All senders, which no other command needs.
  const { deliver, findExample, toUser } = await import('../local/delivery.ts');
  const { startSigningKeys } = await import('../local/providers/keys.ts');
  return {
    unsigned: async () => (await fetch(address, { method: 'POST', body: '{}' })).status,
    signed: async (event: string) => {
      const keys = await startSigningKeys();
      try {
        const environment = { GENERIC_SECRETS: secret };
        const choice = findExample('generic', event);
        return (await deliver({ ...choice, url: address, user: toUser(user), environment, keys })).status;
      } finally {
        await keys.close();
      }
    },
  };
}

function toStep(status: number, expected: number): Omit<Step, 'step'> {
  return { ok: status === expected, found: `HTTP ${status}` };
}

// The schedule tries every minute what did not work out at once.
const patienceMs = 90_000;
const pollMs = 1_000;

async function untilHeld(
  { invoke }: Call,
  reference: string,
  expected: RoqFields,
): Promise<Omit<Step, 'step'>> {
  for (const endMs = Date.now() + patienceMs; ; await delay(pollMs)) {
    const status = await invoke<UserStatus>('operate', { command: 'status', reference });
    const held = keptUser(status)?.state;
    const isHeld = Object.entries(expected).every(
      ([name, value]) => held?.[name as keyof RoqFields] === value,
    );
    if (isHeld) return { ok: true, found: `ROQ user ${keptUser(status)?.id}` };
    if (Date.now() > endMs) return { ok: false, found: verdictOf(status).text };
  }
}

async function findBy({ invoke }: Call, text: string, reference: string): Promise<Omit<Step, 'step'>> {
  const { users, code } = await invoke<Found>('operate', { command: 'find', text });
  const isFound = users.some((user) => user.reference === reference);
  return { ok: isFound, found: isFound ? 'one user' : (code ?? 'nobody') };
}

function toText(steps: readonly Step[]): string {
  const rows = steps.map(({ step, ok, found }): readonly Cell[] => [
    ok ? { text: '✓', style: 'green' } : { text: '✗', style: 'red' },
    step,
    plain(found, 80),
  ]);
  const isWhole = steps.every(({ ok }) => ok);
  const end = isWhole
    ? 'The whole way works.'
    : 'It stopped there: docs/deploy.md#the-first-one says where to look.';
  return `${table(rows)}\n${end}`;
}
