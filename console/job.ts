// A job: how far it is, and what it found.

import { html } from 'hono/html';
import { countsOf, stateOf, toWords } from '../cli/words/jobs.ts';
import { explainCounts, explainLine, explainStop, reason } from '../cli/words/reasons.ts';
import type { JobView } from '../lib/jobs/job-view.ts';
import { ago, badge, grid, type Html, userLink } from './page.ts';
import type { System } from './system.ts';

/** The report, which renews itself while the job runs. */
export async function jobPanel({ operate }: System, id: string): Promise<Html> {
  const job = await operate<JobView>({ command: 'job', id });
  const state = stateOf(job);
  const tone = state === 'failed' ? 'bad' : state === 'done' ? 'good' : 'unsure';
  const isRunning = state === 'running';
  return html`<div id="job" ${isRunning ? html`hx-get="/job/panel?id=${encodeURIComponent(id)}" hx-trigger="every 2s" hx-swap="outerHTML"` : ''}>
    <h1>${job.is} ${badge(state, tone)}</h1>
    <p class="quiet">${job.id}: begun ${ago(job.startedAt)}, last moved ${ago(job.updatedAt)}. ${job.apply ? 'What was done:' : 'What would be done, if applied:'}</p>
    ${job.lastError ? html`<p class="verdict bad">${reason(job.lastError)}</p>` : ''}
    ${job.is === 'pull' && job.report.stopped ? html`<p class="verdict bad">Stopped: ${explainStop(job.report.stopped)}</p>` : ''}
    ${counts(job)}
    ${fields(job)}
    ${examples(job)}
    ${isRunning ? stopForm(id) : ''}
  </div>`;
}

function counts(job: JobView): Html {
  const rows = countsOf(job).map(([name, value]) => {
    const words = toWords(name);
    const [[, meaning] = ['', '']] = explainCounts([words]);
    return [words, String(value), meaning];
  });
  return rows.length > 0 ? grid('Counts', ['what', 'how many', 'meaning'], rows) : html`<p>Nothing yet.</p>`;
}

function fields({ report }: JobView): Html {
  const rows = Object.entries(report.fields).map(([name, times]) => [name, String(times)]);
  return rows.length > 0 ? grid('Fields that differed', ['field', 'users'], rows) : html``;
}

function examples(job: JobView): Html {
  if (job.is === 'backfill') {
    const rows = job.report.examples.map((fault) => [
      `line ${fault.line}`,
      explainLine(fault) || fault.reason,
      String(fault.where ?? ''),
    ]);
    return rows.length > 0 ? grid('Lines that are skipped', ['line', 'why', 'where'], rows) : html``;
  }
  const rows = Object.entries(job.report.examples).map(([kind, references]) => [
    toWords(kind),
    html`${references.map((reference) => html`${userLink(reference)} `)}`,
  ]);
  return rows.length > 0 ? grid('Examples', ['what', 'users'], rows) : html``;
}

function stopForm(id: string): Html {
  return html`<details class="action"><summary>Cancel</summary>
    <p>It stops within a minute where it is; what it has done stays.</p>
    <form method="post" action="/job/cancel"><input type="hidden" name="id" value="${id}" /><button class="danger">Cancel this job</button></form>
  </details>`;
}
