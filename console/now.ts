// How it stands with all users, and with what they depend on.

import { html } from 'hono/html';
import { glossary } from '../cli/words/glossary.ts';
import { toSummary } from '../cli/words/jobs.ts';
import { count } from '../cli/words/plain.ts';
import { explainStop, reason } from '../cli/words/reasons.ts';
import type { JobView } from '../lib/jobs/job-view.ts';
import type { Diagnosis } from '../lib/operate/doctor.ts';
import type { Overview } from '../lib/operate/status.ts';
import type { Minute } from './event-book.ts';
import { ago, badge, grid, type Html, type Tone } from './page.ts';
import type { System } from './system.ts';

// What passes within this time is no outage.
const hiccupMs = 5 * 60_000;
const silentScheduleMs = 5 * 60_000;

/** The panel, which renews itself: on this machine at once, else as often as the schedule measures. */
export async function nowPanel({ operate, local }: System): Promise<Html> {
  const overview = await operate<Overview>({ command: 'status', stored: local === undefined });
  return html`<div id="now" hx-get="/now" hx-trigger="every ${local ? '2s' : '60s'}" hx-swap="outerHTML">
    ${verdict(overview)}
    ${queues(overview)}
    ${local ? chart(local.events.minutes()) : ''}
    <div class="columns">
      <section aria-label="ROQ"><h2>ROQ</h2>${roqHealth(overview)}</section>
      <section><h2>Work</h2>${work(overview)}</section>
      <section><h2>Last heard</h2>${heard(overview)}</section>
    </div>
    <p class="quiet">Queues as they were ${ago(overview.measuredAt)}. Version ${overview.version}.</p>
  </div>`;
}

/** What doctor finds when it asks everything. */
export async function diagnosis({ operate }: System): Promise<Html> {
  const { checks } = await operate<Diagnosis>({ command: 'doctor' });
  return html`<ul class="checks">${checks.map(
    ({ check, ok, detail, remedy }) =>
      html`<li>${badge(ok ? 'fine' : 'wrong', ok ? 'good' : 'bad')} <strong>${check}</strong>: ${detail}
        ${remedy ? html`<br /><span class="quiet">${remedy}</span>` : ''}</li>`,
  )}</ul>`;
}

function verdict({ queues, failing, misconfigured, ranAt }: Overview): Html {
  const { pending, parked, held } = queues;
  const trouble = failing.find(({ since }) => since !== null && Date.now() - since > hiccupMs);
  const needs = held.count + parked.count;
  const lines: (readonly [Tone, string | Html])[] = [
    ...(ranAt !== null && Date.now() - ranAt > silentScheduleMs
      ? [['bad', html`The schedule has not run since ${ago(ranAt)}: nothing is tried again.`] as const]
      : []),
    ...(trouble
      ? [
          [
            'bad',
            html`${reason(trouble.code)} since ${ago(trouble.since)}. Nothing is lost: users are tried again by themselves.`,
          ] as const,
        ]
      : []),
    ...(misconfigured.length > 0
      ? [
          [
            'bad',
            html`Settings can’t work: ${misconfigured.map(({ provider }) => provider).join(', ')}.`,
          ] as const,
        ]
      : []),
    ...(needs > 0
      ? [
          [
            'unsure',
            html`${count(needs, 'user needs', 'users need')} a person: see <a href="/lists/${held.count > 0 ? 'held' : 'parked'}">${held.count > 0 ? 'held' : 'parked'}</a>.`,
          ] as const,
        ]
      : []),
  ];
  const [first] = failing;
  if (!trouble && first) {
    const users = count(first.count, 'user waits', 'users wait');
    lines.push(['unsure', html`${reason(first.code)}: ${users} for it since ${ago(first.since)}.`]);
  }
  if (lines.length === 0) {
    const text =
      pending.count > 0
        ? `${count(pending.count, 'user is', 'users are')} on the way to ROQ.`
        : 'Everybody is in step.';
    lines.push(['good', text]);
  }
  return html`<div role="status">${lines.map(([tone, text]) => html`<p class="verdict ${tone}">${text}</p>`)}</div>`;
}

const meanings = {
  pending: 'tried again by themselves',
  waiting: glossary.waiting,
  parked: glossary.parked,
  held: glossary.held,
} as const;

function queues({ queues }: Overview): Html {
  const rows = (Object.keys(meanings) as (keyof typeof meanings)[]).map((name) => {
    const { count, oldestSince } = queues[name];
    const needsPerson = count > 0 && (name === 'parked' || name === 'held');
    return [
      html`<a href="/lists/${name}">${name}</a>`,
      needsPerson ? badge(String(count), 'bad') : String(count),
      count > 0 ? ago(oldestSince) : '–',
      meanings[name],
    ];
  });
  return grid('Out of step', ['queue', 'users', 'oldest', 'meaning'], rows);
}

function roqHealth({ failing }: Overview): Html {
  const [first] = failing;
  return html`${
    first
      ? html`<p>${badge('trouble', 'bad')} ${reason(first.code)}: ${count(first.count, 'user waits', 'users wait')} for it since ${ago(first.since)}.</p>`
      : html`<p>${badge('no trouble', 'good')} Nobody waits for ROQ.</p>`
  }
    <button class="secondary" hx-get="/doctor" hx-target="#doctor" hx-disabled-elt="this">Ask ROQ and the tables now</button>
    <div id="doctor" hx-preserve aria-live="polite"></div>`;
}

function work(overview: Overview): Html {
  const { deactivations, ranAt, lastAudit, lastBackfill, lastPulls, running, suspects, foreign } = overview;
  const { counted, limit } = deactivations;
  return html`<dl>
    <dt>Deactivations this hour</dt>
    <dd><meter min="0" max="${limit}" value="${counted}" high="${limit * 0.8}">${counted}</meter> ${counted} of a ceiling of ${limit}</dd>
    <dt>Schedule</dt><dd>last ran ${ago(ranAt)}</dd>
    <dt>Last audit</dt><dd>${lastJob(lastAudit)}</dd>
    <dt>Last backfill</dt><dd>${lastJob(lastBackfill)}</dd>
    ${lastPulls.map(
      (pull) => html`<dt>Last pull of ${pull.provider}</dt>
        <dd><a href="/job?id=${encodeURIComponent(pull.id)}">${ago(pull.startedAt)}</a>: ${toSummary(pull)}
        ${pull.report.stopped ? html`<br />${badge('stopped', 'bad')} ${explainStop(pull.report.stopped)}` : ''}</dd>`,
    )}
    ${running.length > 0 ? html`<dt>Running</dt><dd>${running.map((job) => html`<a href="/job?id=${encodeURIComponent(job.id)}">${toSummary(job)}</a><br />`)}</dd>` : ''}
    ${suspects > 0 ? html`<dt>Not in their provider’s list</dt><dd><a href="/lists/suspects">${suspects}</a></dd>` : ''}
    ${foreign > 0 ? html`<dt>Other providers’ users</dt><dd><a href="/lists/foreign">${foreign}</a></dd>` : ''}
  </dl>`;
}

function lastJob(job: JobView | null): Html {
  if (!job) return html`none yet`;
  return html`<a href="/job?id=${encodeURIComponent(job.id)}">${ago(job.startedAt)}</a>: ${toSummary(job)}`;
}

function heard({ heard, misconfigured }: Overview): Html {
  if (heard.length === 0 && misconfigured.length === 0) return html`<p>No event yet.</p>`;
  const oldestFirst = heard.toSorted((one, other) => one.at - other.at);
  return html`<dl>
    ${misconfigured.map(({ provider, faults }) => html`<dt>${provider}</dt><dd>${badge('can’t work', 'bad')} ${faults.join('; ')}</dd>`)}
    ${oldestFirst.map(({ provider, at }) => html`<dt>${provider}</dt><dd>${ago(at)}</dd>`)}
  </dl>`;
}

const kinds = [
  ['done', 'followed'],
  ['ignored', 'nothing to follow'],
  ['other', 'recorded, not yet at ROQ'],
  ['rejected', 'refused'],
] as const;

type Kind = (typeof kinds)[number][0];

function chart(minutes: readonly Minute[]): Html {
  const [width, height, gap] = [600, 90, 1];
  const step = width / minutes.length;
  const stacks = minutes.map(({ outcomes }) => toStack(outcomes));
  const most = Math.max(1, ...stacks.map((stack) => stack.reduce((sum, [, value]) => sum + value, 0)));
  const total = stacks.flat().reduce((sum, [, value]) => sum + value, 0);
  const bars = stacks.map((stack, i) => {
    let top = height;
    return stack.map(([kind, value]) => {
      const size = (value / most) * height;
      top -= size;
      return html`<rect class="${kind}" x="${i * step}" y="${top}" width="${step - gap}" height="${size}" />`;
    });
  });
  return html`<figure class="chart">
    <figcaption>Events a minute, the last hour: ${total} in all, at most ${most}
      <span class="legend">${kinds.map(([kind, text]) => html`<span class="key ${kind}"></span>${text} `)}</span></figcaption>
    <svg viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" role="img" aria-label="${total} events in the last hour">${bars}</svg>
  </figure>`;
}

function toStack(outcomes: Readonly<Record<string, number>>): readonly (readonly [Kind, number])[] {
  const counts: Record<Kind, number> = { done: 0, ignored: 0, other: 0, rejected: 0 };
  for (const [outcome, value] of Object.entries(outcomes)) counts[kindOf(outcome)] += value;
  return kinds.map(([kind]) => [kind, counts[kind]] as const).filter(([, value]) => value > 0);
}

const kindOfOutcome: Readonly<Record<string, Kind>> = {
  done: 'done',
  repeat: 'done',
  ignored: 'ignored',
  asked: 'ignored',
  rejected: 'rejected',
  unavailable: 'rejected',
  foreign: 'rejected',
};

/** What an outcome amounts to. */
export function kindOf(outcome: string): Kind {
  return kindOfOutcome[outcome] ?? 'other';
}
