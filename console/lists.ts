// The lists of an operator, each entry with its reason in words, and what can be done for those that are ticked.

import { html } from 'hono/html';
import { stateOf, toSummary } from '../cli/words/jobs.ts';
import { type Entry, inOrder, lists } from '../cli/words/lists.ts';
import { reason } from '../cli/words/reasons.ts';
import { age, until } from '../cli/words/time.ts';
import type { JobView } from '../lib/jobs/job-view.ts';
import { listNames } from '../lib/operate/command.ts';
import type { Listing, ListName } from '../lib/operate/listing.ts';
import type { ActionName } from './actions.ts';
import { ago, badge, grid, type Html, userLink } from './page.ts';
import type { System } from './system.ts';

const shown = 100;

const actionsOf: Partial<Record<ListName, readonly ActionName[]>> = {
  pending: ['resync'],
  parked: ['resync'],
  held: ['release', 'drop'],
  suspects: ['gone', 'keep'],
};

export function isListName(name: string): name is ListName {
  return listNames.some((one) => one === name);
}

/** A list, beneath a way to the others. */
export async function listPanel({ operate }: System, of: ListName): Promise<Html> {
  const { entries, more } = await operate<Listing>({ command: 'list', of, limit: shown });
  const { summary, details } = lists[of];
  const ordered = inOrder(entries);
  return html`<nav class="tabs" aria-label="Lists">${listNames.map(
    (name) => html`<a href="/lists/${name}" ${name === of ? html`aria-current="page"` : ''}>${name}</a>`,
  )}</nav>
    <h1>${of}</h1>
    ${details ? html`<p class="quiet">${details}</p>` : ''}
    ${ordered.length === 0 ? html`<p class="verdict good">None: ${summary.toLowerCase()}.</p>` : entriesForm(of, ordered)}
    ${more ? html`<p>There are more than these ${shown}: <code>roq-sync ${of} --limit 1000</code></p>` : ''}`;
}

function entriesForm(of: ListName, entries: readonly Entry[]): Html {
  const names = actionsOf[of] ?? [];
  const heads = [...(names.length > 0 ? ['tick'] : []), ...headers[of]];
  const rows = entries.map((entry) => [
    ...(names.length > 0 && 'reference' in entry ? [tick(entry.reference)] : []),
    ...cellsOf(entry),
  ]);
  return html`<form method="post" action="/sure">
    ${grid(lists[of].summary, heads, rows)}
    ${names.map((name) => html`<button name="action" value="${name}" class="secondary">${name} those that are ticked</button> `)}
  </form>`;
}

function tick(reference: string): Html {
  return html`<input type="checkbox" name="reference" value="${reference}" aria-label="${reference}" />`;
}

const headers: Readonly<Record<ListName, readonly string[]>> = {
  pending: ['user', 'since', 'tries', 'why', 'next try'],
  waiting: ['user', 'since', 'why'],
  parked: ['user', 'since', 'tries', 'why', 'refused'],
  held: ['user', 'since', 'why', 'told by'],
  duplicates: ['user', 'found', 'further ROQ user'],
  strangers: ['reference', 'found', 'ROQ user'],
  foreign: ['user', 'last', 'why'],
  suspects: ['user', 'missing since', 'list of', 'why'],
  jobs: ['job', 'state', 'does', 'begun', 'last moved', 'counts'],
};

const heldWhy = {
  disabled: 'disabled, which is a ban',
  deleted: 'deleted at the provider',
  gone: 'the provider has them no more',
} as const;

function cellsOf(entry: Entry): readonly (string | Html)[] {
  if ('state' in entry) return jobCells(entry);
  const user = userLink(entry.reference);
  if ('since' in entry) return [user, ago(entry.since), entry.provider, suspectWhy(entry)];
  if ('provider' in entry)
    return [user, ago(entry.at), `${entry.provider} spoke of them, whom another provider reported first`];
  if ('foundAt' in entry) return [user, ago(entry.foundAt), entry.roqId];
  const since = ago(entry.pendingSince);
  if ('reason' in entry) {
    const { told, sources } = entry;
    const by = told ? html`${told.by}: ${told.what}, ${ago(told.at)}` : sources.join(', ') || '–';
    return [
      user,
      since,
      entry.reason === 'disabled' ? badge(heldWhy.disabled, 'bad') : heldWhy[entry.reason],
      by,
    ];
  }
  const why = reason(entry.lastError);
  if ('refused' in entry)
    return [user, since, String(entry.attempts), why, entry.refused.join(', ') || 'not said'];
  if (entry.dueAt === null || entry.attempts === 0) return [user, since, why || 'no address is known yet'];
  return [user, since, String(entry.attempts), why, until(entry.dueAt)];
}

function suspectWhy({ isKept, goneFrom, goneAt }: Extract<Entry, { readonly since: number }>): string | Html {
  if (isKept) return 'kept by an operator';
  if (goneAt === null) return 'not in the list; the provider says nothing more yet';
  const times = goneFrom === goneAt ? 'once' : 'twice';
  return html`the provider says ${badge(times, 'unsure')} that it has no such user, ${ago(goneAt)}`;
}

function jobCells(job: JobView): readonly (string | Html)[] {
  const state = stateOf(job);
  const tone = state === 'failed' ? 'bad' : state === 'done' ? 'good' : 'unsure';
  const link = html`<a href="/job?id=${encodeURIComponent(job.id)}">${job.id}</a>`;
  return [
    link,
    badge(state, tone),
    job.apply ? 'applies' : 'plans',
    ago(job.startedAt),
    `${age(job.updatedAt)} ago`,
    toSummary(job),
  ];
}
