// What only `npm start` has: send any provider's event, break ROQ, change users behind the webhooks' back.

import { html } from 'hono/html';
import { badge, grid, type Html, userLink } from './page.ts';
import { type Breakage, breakages, type Sent, type Workshop } from './system.ts';

/** `done`: what came of what was asked last. */
export function workbench(workshop: Workshop, done: Html | null = null): Html {
  return html`<h1>Try</h1>
    <div role="status">${done ?? ''}</div>
    <div class="columns">
      <section><h2>Send an event</h2>${sendForm(workshop)}</section>
      <section><h2>Break ROQ</h2>${breakForm(workshop)}</section>
    </div>
    <section><h2>Behind the webhooks’ back</h2>${untold(workshop)}</section>`;
}

function sendForm({ examples }: Workshop): Html {
  return html`<form method="post" action="/try/send">
    <label>Event <select name="event" required>${examples.map(
      ({ provider, title, names }) =>
        html`<optgroup label="${title}">${names.map((name) => html`<option ${provider === 'clerk' && name === 'user.created' ? 'selected' : ''} value="${provider} ${name}">${provider} ${name}</option>`)}</optgroup>`,
    )}</select></label>
    <label>User’s id at the provider <input name="id" placeholder="Ada’s, where it is left out" /></label>
    <label>E-mail address <input name="email" type="email" placeholder="ada@example.com" /></label>
    <button>Sign and send it</button>
  </form>`;
}

/** What the webhook answered. */
export function sentText(event: string, { status, answer, references }: Sent): Html {
  const isTaken = status < 300;
  return html`<p class="verdict ${isTaken ? 'good' : 'bad'}">${event}: ${status} ${answer}
    ${references.length > 0 ? html` → ${references.map(userLink)}` : isTaken ? ' (of a kind that is not mirrored)' : ''}</p>`;
}

const effects: Readonly<Record<Breakage, string>> = {
  down: 'no call is answered: changes are recorded and tried again',
  slow: 'each call takes 5 seconds: most are given up, and nobody knows whether they were done',
  throttling: 'every call is turned away for 10 seconds (429)',
  'losing answers': 'changes are made, and the connection is cut before ROQ says so',
  'refusing a field': 'ROQ refuses first names: those users are parked',
};

function breakForm({ broken }: Workshop): Html {
  const now = broken();
  return html`<p>${now ? html`${badge(now, 'bad')} ${effects[now]}` : badge('works', 'good')}</p>
    <form method="post" action="/try/break">
      ${breakages.map(
        (how) =>
          html`<button name="how" value="${how}" class="secondary" title="${effects[how]}" ${how === now ? html`aria-pressed="true"` : ''}>${how}</button> `,
      )}
      <button name="how" value="">works again</button>
    </form>
    <p class="quiet">Then send an event, and watch <a href="/">Now</a> and the user’s page. What is due is tried again every minute, here as on AWS.</p>
    <form method="post" action="/try/reconcile"><button class="secondary">Run the schedule now</button></form>`;
}

function untold({ untold: { provider, users } }: Workshop): Html {
  const rows = users().map(({ id, email, firstName, emailVerified, disabled }) => [
    userLink(id),
    email,
    firstName,
    emailVerified ? 'verified' : 'not verified',
    disabled ? badge('disabled', 'bad') : 'enabled',
    html`<form method="post" action="/try/change" class="inline"><input type="hidden" name="id" value="${id}" />
      ${['verify', disabled ? 'enable' : 'disable', 'rename', 'delete'].map((change) => html`<button name="change" value="${change}" class="secondary small">${change}</button> `)}</form>`,
  ]);
  return html`<p>Users as the stand-in of ${provider} has them. An administrator changes them there, and no webhook tells; a pull finds out.
      Who is deleted is a suspect at first, and made inactive once the provider has said so twice, an hour apart.</p>
    ${grid(`Users of ${provider}`, ['user', 'address', 'first name', 'address is', 'login is', 'change it'], rows)}
    <form method="post" action="/try/change" class="inline"><button name="change" value="add" class="secondary">Add a user</button></form>
    <form method="post" action="/try/pull" class="inline"><button>Pull: ask ${provider} for all of them</button></form>`;
}
