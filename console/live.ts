// Every event as it arrives at `npm start`.

import { html } from 'hono/html';
import { reason } from '../cli/words/reasons.ts';
import type { BookedEvent, EventBook, EventFilter } from './event-book.ts';
import { kindOf } from './now.ts';
import { ago, badge, grid, type Html, type Tone, userLink } from './page.ts';

export type LiveOptions = EventFilter & {
  /** The place of the last event that is shown; null: all, as they come. */
  readonly until: number | null;
};

const tones: Readonly<Record<ReturnType<typeof kindOf>, Tone>> = {
  done: 'good',
  ignored: 'plain',
  other: 'unsure',
  rejected: 'bad',
};

/** The filter, and the events. */
export function livePanel(events: EventBook, options: LiveOptions): Html {
  const { provider, outcome, text, until } = options;
  const isPaused = until !== null;
  return html`<h1>Live</h1>
    <form class="filter" action="/live">
      <label>Provider <input name="provider" value="${provider}" size="12" /></label>
      <label>Outcome <input name="outcome" value="${outcome}" size="12" list="outcomes" /></label>
      <label>Kind, user or code <input name="text" value="${text}" size="16" /></label>
      <datalist id="outcomes">${['done', 'repeat', 'pending', 'rejected', 'ignored', 'held', 'parked', 'retry'].map((name) => html`<option value="${name}"></option>`)}</datalist>
      <button class="secondary">Filter</button>
      ${
        isPaused
          ? html`<button name="until" value="">Go on</button>`
          : html`<button name="until" value="${events.last()}" class="secondary">Pause</button>`
      }
    </form>
    ${liveTable(events, options)}`;
}

/** The events, which renew themselves unless they are paused. */
export function liveTable(events: EventBook, options: LiveOptions): Html {
  const { until, ...filter } = options;
  const isPaused = until !== null;
  const found = events.find(filter, until ?? Number.POSITIVE_INFINITY).slice(0, 100);
  const query = new URLSearchParams(filter).toString();
  return html`<div id="live" ${isPaused ? '' : html`hx-get="/live/table?${query}" hx-trigger="every 1s" hx-swap="outerHTML"`}>
    ${isPaused ? html`<p class="verdict unsure">Paused: ${events.last() - until} came since.</p>` : ''}
    ${
      found.length === 0
        ? html`<p>No event yet. <a href="/try">Send one</a>, or point a provider at this machine.</p>`
        : grid(
            'Events, the newest first',
            ['when', 'provider', 'kind', 'user', 'outcome', 'DynamoDB', 'ROQ', 'why'],
            found.map(toRow),
          )
    }
  </div>`;
}

function toRow(event: BookedEvent): readonly (string | Html)[] {
  const { at, provider, kind, reference, outcome, storeMs, roqMs } = event;
  return [
    ago(at),
    provider,
    kind ?? '–',
    reference === null ? '–' : userLink(reference),
    badge(outcome, tones[kindOf(outcome)]),
    `${storeMs} ms`,
    `${roqMs} ms`,
    whyOf(event),
  ];
}

function whyOf({ code, cause, isUnsigned, unread = [] }: BookedEvent): string {
  return [
    ...(code ? [reason(code)] : []),
    ...(cause ? [cause] : []),
    ...(isUnsigned ? ['it bore no well-formed signature'] : []),
    ...(unread.length > 0 ? [`not read: ${unread.join(', ')}`] : []),
  ].join('; ');
}
