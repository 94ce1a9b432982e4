// What an operator can have done to users: what each changes, asked before it is done, and what came of it.

import { html } from 'hono/html';
import { explainOutcome } from '../cli/words/outcomes.ts';
import { reason } from '../cli/words/reasons.ts';
import type { Receipt } from '../lib/operate/erase.ts';
import type { Linked } from '../lib/operate/link.ts';
import type { UserStatus } from '../lib/operate/status.ts';
import type { QueueResult } from '../lib/operate/user-command.ts';
import { desired } from '../lib/user.ts';
import { badge, grid, type Html, userLink } from './page.ts';
import type { System } from './system.ts';

const actions = {
  resync: {
    title: 'Resync',
    changes: 'ROQ is asked what it has and made to match the record. Nothing that was told is changed.',
    isDangerous: false,
  },
  release: {
    title: 'Release',
    changes: 'The deactivation that the ceiling held goes through: the user can’t log in any more.',
    isDangerous: true,
  },
  drop: {
    title: 'Drop',
    changes:
      'Takes back that the user was disabled, deleted or gone: they stay active in ROQ, or become so again. The same event sent again changes nothing, a newer one counts.',
    isDangerous: true,
  },
  relink: {
    title: 'Relink',
    changes:
      'The record is linked to a ROQ user that bears this reference, and that user is made to match the record.',
    isDangerous: true,
  },
  recreate: {
    title: 'Recreate',
    changes:
      'The record lets go of the ROQ user that is there no more, and ROQ gets a new one from what is recorded. What ROQ alone knew, such as roles, does not come back; the new user can’t be deleted.',
    isDangerous: true,
  },
  gone: {
    title: 'Gone',
    changes: 'The provider has said that it has no such user: the user becomes inactive in ROQ.',
    isDangerous: true,
  },
  keep: {
    title: 'Keep',
    changes: 'Pulls leave the user alone for as long as their provider’s list does not have them.',
    isDangerous: false,
  },
  erase: {
    title: 'Erase',
    changes:
      'All data of this person are overwritten here and at ROQ, for good, and no later event brings them back. What stays: the reference, the ROQ id and the tenant.',
    isDangerous: true,
  },
} as const;

export type ActionName = keyof typeof actions;

export function isAction(name: string): name is ActionName {
  return Object.hasOwn(actions, name);
}

/** What can be done for a user as they are now. */
export function actionsFor({ record, todo, roq }: UserStatus): readonly ActionName[] {
  const isLost = todo === 'ask';
  const isShutOut = record !== null && desired(record.facts).active === false;
  const hasUsers = roq.answered && roq.users.length > 0;
  return [
    ...(record ? ['resync' as const] : []),
    ...(record?.queue === 'held' ? ['release' as const] : []),
    ...(isShutOut ? ['drop' as const] : []),
    ...(record && hasUsers ? ['relink' as const] : []),
    ...(isLost ? ['recreate' as const] : []),
    'erase',
  ];
}

/** What it will change, to be opened, read and then done. */
export function actionForm(name: ActionName, references: readonly string[]): Html {
  const { title, changes, isDangerous } = actions[name];
  return html`<details class="action"><summary>${title}</summary>
    <p>${changes}</p>
    <form method="post" action="/do/${name}">
      ${references.map((reference) => html`<input type="hidden" name="reference" value="${reference}" />`)}
      ${name === 'relink' ? html`<label>ROQ id <input name="roqId" required pattern="[0-9a-fA-F-]{36}" /></label>` : ''}
      ${name === 'erase' ? html`<label>Type the reference, to be sure <input name="typed" required autocomplete="off" /></label>` : ''}
      <button class="${isDangerous ? 'danger' : ''}">${title} ${references.length === 1 ? 'this user' : `these ${references.length} users`}</button>
    </form>
  </details>`;
}

/** Asks before something is done to several users. */
export function confirmation(name: ActionName, references: readonly string[]): Html {
  const { title, changes, isDangerous } = actions[name];
  return html`<h1>${title}: ${references.length === 1 ? 'one user' : `${references.length} users`}</h1>
    <p>${changes}</p>
    <ul>${references.map((reference) => html`<li>${userLink(reference)}</li>`)}</ul>
    <form method="post" action="/do/${name}">
      ${references.map((reference) => html`<input type="hidden" name="reference" value="${reference}" />`)}
      <button class="${isDangerous ? 'danger' : ''}">${title}</button>
    </form>`;
}

export type Asked = {
  readonly references: readonly string[];
  readonly roqId: string;
  readonly typed: string;
};

/** Does it to each, one after the other, and says what came of each. */
export async function act(
  { operate }: System,
  name: ActionName,
  { references, roqId, typed }: Asked,
): Promise<Html> {
  const rows: (readonly (string | Html)[])[] = [];
  for (const reference of references) {
    rows.push([userLink(reference), ...(await actOn(reference).catch(explainError))]);
  }
  return html`<h1>${actions[name].title}</h1>
    ${grid('What came of it', ['reference', 'outcome', 'meaning'], rows)}`;

  // What keeps one user from it need not keep the others.
  function explainError(error: unknown): readonly (string | Html)[] {
    if (!(error instanceof Error)) throw error;
    return [badge('not done', 'bad'), error.message];
  }

  async function actOn(reference: string): Promise<readonly (string | Html)[]> {
    if (name === 'erase') {
      if (typed !== reference)
        return [badge('not done', 'unsure'), 'Another reference was typed: nothing was erased.'];
      const { state, code } = await operate<Receipt>({ command: 'erase', reference });
      const isErased = state === 'erased';
      return [
        badge(state, isErased ? 'good' : 'bad'),
        isErased ? 'Both sides were read again: neither has any data.' : reason(code),
      ];
    }
    if (name === 'relink' || name === 'recreate') {
      const command = name === 'relink' ? { command: name, reference, roqId } : { command: name, reference };
      const { user } = await operate<Linked>(command);
      return [badge(user.is, user.is === 'done' ? 'good' : 'unsure'), explainOutcome(user)];
    }
    const { users } = await operate<QueueResult>({ command: name, reference });
    const [user] = users;
    return user
      ? [badge(user.is, user.is === 'done' ? 'good' : 'unsure'), explainOutcome(user)]
      : ['–', 'nothing'];
  }
}
