// One user: what was told, what ROQ has, what happened, and what can be done.

import { html } from 'hono/html';
import { reason } from '../cli/words/reasons.ts';
import { stepBy, stepText } from '../cli/words/steps.ts';
import {
  fieldOf,
  heldReason,
  keptUser,
  nextOf,
  remediesOf,
  shutOutText,
  toValue,
  verdictOf,
} from '../cli/words/user.ts';
import type { Step } from '../lib/history.ts';
import type { Found } from '../lib/operate/find.ts';
import type { UserStatus } from '../lib/operate/status.ts';
import { type FactName, factNames } from '../lib/user.ts';
import { actionForm, actionsFor } from './actions.ts';
import { ago, badge, grid, type Html, userLink } from './page.ts';
import type { System } from './system.ts';

/** The user's page. */
export async function userPanel({ operate }: System, reference: string): Promise<Html> {
  const status = await operate<UserStatus>({ command: 'status', reference });
  const { text, is } = verdictOf(status);
  return html`<h1 class="reference">${reference}</h1>
    <p class="verdict ${is}" role="status">${text}</p>
    ${situation(status)}
    <div class="columns wide">
      <section><h2>Told, and held by ROQ</h2>${comparison(status)}${roqUser(status)}</section>
      <section><h2>What happened</h2>${story(status.record?.history ?? [])}</section>
    </div>
    <section><h2>What can be done</h2>
      ${actionsFor(status).map((action) => actionForm(action, [reference]))}
    </section>`;
}

/** Who was found, where it is not exactly one. */
export function foundPanel({ text, users, code }: Found): Html {
  const rows = users.map(({ reference, by, roqId }) => [userLink(reference), by, roqId ?? 'none']);
  return html`<h1>Find a user</h1>
    ${code ? html`<p class="verdict bad">ROQ was not searched: ${reason(code)}. Only references were.</p>` : ''}
    ${
      users.length > 0
        ? grid('Found', ['reference', 'found by', 'ROQ id'], rows)
        : html`<p>Nobody is found by <strong>${text}</strong>. Addresses and ROQ ids are looked up in ROQ, references in
            our records: who is not in ROQ yet is found by the provider’s own id of the user alone.</p>`
    }`;
}

function situation(status: UserStatus): Html {
  const { record, duplicates, todo } = status;
  const rows: (readonly [string, string | Html])[] = [];
  const shutOut = shutOutText(status);
  if (shutOut !== null) rows.push(['can’t log in', shutOut]);
  if (record?.queue) rows.push([record.queue, html`since ${ago(record.pendingSince)}, ${nextOf(record)}`]);
  if (record?.reason) rows.push(['held because', heldReason(record)]);
  if (record?.queue && record.lastError)
    rows.push(['last error', html`${reason(record.lastError)}, ${record.attempts} attempts`]);
  if (record?.lease)
    rows.push(['leased', html`to another process, until ${ago(record.lease.untilMs)} at the latest`]);
  if (todo === 'ask') for (const [name = '', text = ''] of remediesOf(status)) rows.push([name, text]);
  if (duplicates.length > 0)
    rows.push([
      'duplicates',
      `further ROQ users of this reference, which a person must merge: ${duplicates.join(', ')}`,
    ]);
  return rows.length > 0
    ? html`<dl class="situation">${rows.map(([name, text]) => html`<dt>${name}</dt><dd>${text}</dd>`)}</dl>`
    : html``;
}

function comparison(status: UserStatus): Html {
  const { record, differs } = status;
  const rows = factNames.flatMap((name) => {
    const fact = record?.facts[name];
    if (!fact) return [];
    const field = fieldOf(name);
    const observed = toValue(keptUser(status)?.state[field]);
    const told = toValue(fact.value);
    const shown = field === name ? observed : `${field}: ${observed}`;
    const held = differs.includes(field)
      ? html`${badge('differs', 'bad')} ${shown}`
      : shown === told
        ? 'the same'
        : shown;
    return [[name, told, html`${tellerOf(record?.history ?? [], name)}${ago(fact.at)}`, held]];
  });
  return rows.length > 0
    ? grid('Each fact with who told it, beside what ROQ holds', ['fact', 'told', 'by, when', 'ROQ has'], rows)
    : html`<p>No event told anything.</p>`;
}

function tellerOf(history: readonly Step[], name: FactName): Html {
  const step = history.findLast(({ by, fields }) => by !== 'roq' && fields.includes(name));
  return step ? html`${stepBy(step)}, ` : html``;
}

function roqUser(status: UserStatus): Html {
  const { roq } = status;
  if (!roq.answered) return html`<p>ROQ: ${reason(roq.code)}</p>`;
  const kept = keptUser(status);
  return kept
    ? html`<p class="quiet">ROQ user ${kept.id}, made ${ago(Date.parse(kept.createdAt))}, changed ${ago(Date.parse(kept.updatedAt))}.</p>`
    : html`<p>ROQ has no user of this reference.</p>`;
}

// An event that comes later than this after it happened is worth a word.
const lateMs = 60_000;

function story(history: readonly Step[]): Html {
  if (history.length === 0) return html`<p>No steps are kept.</p>`;
  return html`<ol class="story" reversed>${history.toReversed().map((step) => {
    const { text, isBad } = stepText(step);
    const who = step.by === 'roq' || step.by === 'operator' ? step.by : 'provider';
    const isLate = step.toldAt !== null && step.at - step.toldAt > lateMs;
    return html`<li class="${who}"><span class="who">${step.by === 'roq' ? 'at ROQ' : stepBy(step)}</span>
      <span>${isBad ? badge('trouble', 'bad') : ''} ${text}</span>
      <span class="quiet">${ago(step.at)}${isLate ? html`; happened ${ago(step.toldAt)}` : ''}</span></li>`;
  })}</ol>`;
}
