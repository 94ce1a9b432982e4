// What relink and recreate share: the question that says what they will do, and the text of what they did.

import type { Linked } from '../lib/operate/link.ts';
import type { UserStatus } from '../lib/operate/status.ts';
import { ask, mustBeSure } from './ask.ts';
import type { Call, Result } from './command.ts';
import { Refusal } from './refusal.ts';
import { table } from './table.ts';
import { userRow } from './user-command.ts';

type LinkInput =
  | { readonly command: 'relink'; readonly reference: string; readonly roqId: string }
  | { readonly command: 'recreate'; readonly reference: string };

/** Says what it will do, asks, and does it. */
export async function runLinkCommand(
  { options, invoke }: Call,
  input: LinkInput,
  announce: (status: UserStatus) => string,
): Promise<Result> {
  mustBeSure(options.yes);
  if (!options.yes) {
    const { reference } = input;
    const status = await invoke<UserStatus>('operate', { command: 'status', reference });
    const answer = await ask(`${announce(status)} [y/N] `);
    if (answer.toLowerCase() !== 'y') throw new Refusal('wrongUsage', 'Nothing was done.');
  }
  const linked = await invoke<Linked>('operate', input);
  return { document: linked, text: toText(linked), needsPerson: linked.user.is !== 'done' };
}

function toText({ user, roqIdBefore, roqId }: Linked): string {
  const place = roqIdBefore === null || roqIdBefore === roqId ? '' : `, in place of ${roqIdBefore}`;
  const link = roqId === null ? `no ROQ user${place}` : `the ROQ user ${roqId}${place}`;
  return `${table([userRow(user)])}\n${table([['The record names', link]])}`;
}
