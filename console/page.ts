// What every page of the console has around it, and the small parts that pages are made of.

import { html } from 'hono/html';
import { age, when } from '../cli/words/time.ts';
import type { System } from './system.ts';

export type Html = ReturnType<typeof html>;

export type PageName = 'Now' | 'Live' | 'Lists' | 'Try' | 'User';

type PageOptions = { readonly title: string; readonly current: PageName; readonly system: System };

/** A whole page. Its only scripts and styles are the console's own, which the policy in server.ts insists on. */
export function page({ title, current, system }: PageOptions, content: Html): Html {
  const { stage, local } = system;
  const links: readonly (readonly [PageName, string])[] = [
    ['Now', '/'],
    ...(local ? [['Live', '/live'] as const] : []),
    ['Lists', '/lists/held'],
    ...(local ? [['Try', '/try'] as const] : []),
  ];
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="htmx-config" content='{"includeIndicatorStyles":false,"allowEval":false,"selfRequestsOnly":true}' />
        <title>${title} · roq-sync ${stage}</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="/assets/pico.css" />
        <link rel="stylesheet" href="/assets/console.css" />
        <script src="/assets/htmx.js" defer></script>
      </head>
      <body>
        <a class="skip" href="#content">To the content</a>
        <header>
          <nav aria-label="Pages">
            <strong>roq-sync</strong> <span class="stage ${local ? '' : 'deployed'}">${stage}</span>
            ${links.map(
              ([name, href]) =>
                html`<a href="${href}" ${name === current ? html`aria-current="page"` : ''}>${name}</a>`,
            )}
          </nav>
          <form action="/find" role="search">
            <input type="search" name="text" required placeholder="reference, ROQ id or e-mail address"
              aria-label="Find a user by reference, ROQ id or e-mail address" />
            <button>Find</button>
          </form>
        </header>
        <main id="content" tabindex="-1">${content}</main>
      </body>
    </html>`;
}

/** How long ago, with the moment itself for who points at it. */
export function ago(ms: number | null): Html {
  if (ms === null) return html`never`;
  const text = ms > Date.now() || ms === Number.MAX_SAFE_INTEGER ? when(ms) : `${age(ms)} ago`;
  const iso = ms <= 8.64e15 ? new Date(ms).toISOString() : '';
  return html`<time datetime="${iso}" title="${when(ms)}">${text}</time>`;
}

export type Tone = 'good' | 'unsure' | 'bad' | 'plain';

/** A word or two that are to be seen at a glance; what the colour says, the text says too. */
export function badge(text: string, tone: Tone): Html {
  return html`<span class="badge ${tone}">${text}</span>`;
}

/** Where a user is shown. */
export function userHref(reference: string): string {
  return `/user?reference=${encodeURIComponent(reference)}`;
}

/** A link to a user's page. */
export function userLink(reference: string): Html {
  return html`<a href="${userHref(reference)}">${reference}</a>`;
}

type Cell = string | Html;

/** A table; in a narrow window each row stands for itself, with the heads beside its cells. */
export function grid(caption: string, heads: readonly string[], rows: readonly (readonly Cell[])[]): Html {
  return html`<table>
    <caption>${caption}</caption>
    <thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
    <tbody>${rows.map(
      (row) =>
        html`<tr>${row.map((cell, i) => html`<td data-head="${heads[i] ?? ''}"><div>${cell}</div></td>`)}</tr>`,
    )}</tbody>
  </table>`;
}
