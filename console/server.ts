// The console: pages over the operate function, on this machine alone.

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createAdaptorServer } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { html } from 'hono/html';
import type { Found } from '../lib/operate/find.ts';
import { act, confirmation, isAction } from './actions.ts';
import { guard } from './guard.ts';
import { jobPanel } from './job.ts';
import { isListName, listPanel } from './lists.ts';
import { livePanel, liveTable } from './live.ts';
import { diagnosis, nowPanel } from './now.ts';
import { type Html, type PageName, page, userHref } from './page.ts';
import { breakages, type System } from './system.ts';
import { foundPanel, userPanel } from './user.ts';
import { sentText, workbench } from './workbench.ts';

export type RunningConsole = { readonly url: string; readonly close: () => Promise<void> };

/** Serves the console on 127.0.0.1; `port` 0 takes a free one. The address holds the token that lets one in. */
export async function startConsole(system: System, port: number): Promise<RunningConsole> {
  const token = randomBytes(24).toString('base64url');
  const server = createAdaptorServer({ fetch: createConsole(system, token).fetch });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The console has no port');
  return {
    url: `http://127.0.0.1:${address.port}/?token=${token}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        if ('closeAllConnections' in server) server.closeAllConnections();
      }),
  };
}

// Nothing from any other host, nothing inline, and nobody may show it in a frame.
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

const maxBodyBytes = 100_000;

/** The pages, for whoever bears the token. */
export function createConsole(system: System, token: string): Hono {
  const app = new Hono();
  app.use(async (context, next) => {
    await next();
    context.header('content-security-policy', policy);
    context.header('referrer-policy', 'same-origin');
    context.header('x-content-type-options', 'nosniff');
    context.header('cache-control', 'no-store');
  });
  app.use(guard(token));
  app.use(async (context, next) => {
    const bytes = Number(context.req.header('content-length') ?? 0);
    return context.req.method === 'POST' && !(bytes <= maxBodyBytes) ? context.text('Too much', 413) : next();
  });
  const show = async (context: Context, current: PageName, title: string, content: Html) =>
    context.html(page({ title, current, system }, await content));
  addAssets(app);

  app.get('/', async (context) => show(context, 'Now', 'Now', await nowPanel(system)));
  app.get('/now', async (context) => context.html(await nowPanel(system)));
  app.get('/doctor', async (context) => context.html(await diagnosis(system)));
  app.get('/find', async (context) => {
    const text = (context.req.query('text') ?? '').trim();
    const found = await system.operate<Found>({ command: 'find', text });
    const [first, second] = found.users;
    if (first && !second) return context.redirect(userHref(first.reference));
    return show(context, 'User', 'Find', foundPanel(found));
  });
  app.get('/user', async (context) => {
    const reference = context.req.query('reference') ?? '';
    return show(context, 'User', reference, await userPanel(system, reference));
  });
  app.get('/lists/:of', async (context) => {
    const of = context.req.param('of');
    return isListName(of) ? show(context, 'Lists', of, await listPanel(system, of)) : context.notFound();
  });
  app.get('/job', async (context) =>
    show(context, 'Lists', 'Job', await jobPanel(system, context.req.query('id') ?? '')),
  );
  app.get('/job/panel', async (context) =>
    context.html(await jobPanel(system, context.req.query('id') ?? '')),
  );
  app.post('/job/cancel', async (context) => {
    const id = one((await context.req.parseBody()).id);
    await system.operate({ command: 'cancel', id });
    return context.redirect(`/job?id=${encodeURIComponent(id)}`);
  });
  app.post('/sure', async (context) => {
    const form = await context.req.parseBody({ all: true });
    const [name, references] = [one(form.action), many(form.reference)];
    if (!isAction(name)) return context.notFound();
    if (references.length === 0)
      return show(
        context,
        'Lists',
        name,
        html`<h1>${name}</h1><p>Nobody was ticked. Go back, and tick some.</p>`,
      );
    return show(context, 'Lists', name, confirmation(name, references));
  });
  app.post('/do/:action', async (context) => {
    const name = context.req.param('action');
    if (!isAction(name)) return context.notFound();
    const form = await context.req.parseBody({ all: true });
    const asked = { references: many(form.reference), roqId: one(form.roqId), typed: one(form.typed) };
    return show(context, 'User', name, await act(system, name, asked));
  });
  addWorkshop(app, system, show);

  app.notFound(async (context) =>
    context.html(
      await page({ title: 'Not found', current: 'Now', system }, html`<h1>There is no such page</h1>`),
      404,
    ),
  );
  app.onError(async (error, context) =>
    context.html(
      await page(
        { title: 'Trouble', current: 'Now', system },
        html`<h1>That did not work</h1><p class="verdict bad">${error.message}</p>`,
      ),
      502,
    ),
  );
  return app;
}

type Show = (context: Context, current: PageName, title: string, content: Html) => Promise<Response>;

/** The pages that only `npm start` has. */
function addWorkshop(app: Hono, { local: workshop }: System, show: Show): void {
  if (!workshop) return;
  const { events, untold } = workshop;
  app.get('/live', (context) => show(context, 'Live', 'Live', livePanel(events, liveOptions(context))));
  app.get('/live/table', (context) => context.html(liveTable(events, liveOptions(context))));
  app.get('/try', (context) => show(context, 'Try', 'Try', workbench(workshop)));
  app.post('/try/send', async (context) => {
    const form = await context.req.parseBody();
    const [provider = '', event = ''] = one(form.event).split(' ');
    const [id, email] = [one(form.id).trim(), one(form.email).trim()];
    const sent = await workshop.send({ provider, event, ...(id && { id }), ...(email && { email }) });
    return show(context, 'Try', 'Try', workbench(workshop, sentText(`${provider} ${event}`, sent)));
  });
  app.post('/try/break', async (context) => {
    const how = one((await context.req.parseBody()).how);
    workshop.breakRoq(breakages.find((one) => one === how) ?? null);
    return context.redirect('/try');
  });
  app.post('/try/reconcile', async (context) => {
    await workshop.reconcile();
    return context.redirect('/');
  });
  app.post('/try/change', async (context) => {
    const { id, change } = await context.req.parseBody();
    untold.change(one(id), one(change));
    return context.redirect('/try');
  });
  app.post('/try/pull', async (context) =>
    context.redirect(`/job?id=${encodeURIComponent(await untold.pull())}`),
  );
}

function liveOptions({ req }: Context) {
  const until = req.query('until');
  return {
    provider: req.query('provider') ?? '',
    outcome: req.query('outcome') ?? '',
    text: req.query('text') ?? '',
    until: until ? Number(until) : null,
  };
}

/** A member of a form that was given once. */
function one(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function many(value: unknown): readonly string[] {
  return [value].flat().filter((each) => typeof each === 'string');
}

const require = createRequire(import.meta.url);

const assets = {
  'pico.css': [require.resolve('@picocss/pico/css/pico.min.css'), 'text/css'],
  'console.css': [new URL('console.css', import.meta.url), 'text/css'],
  'htmx.js': [require.resolve('htmx.org/dist/htmx.min.js'), 'text/javascript'],
} as const;

function addAssets(app: Hono): void {
  for (const [name, [path, type]] of Object.entries(assets)) {
    const body = readFileSync(path, 'utf8');
    app.get(`/assets/${name}`, (context) =>
      context.body(body, 200, { 'content-type': `${type}; charset=utf-8` }),
    );
  }
}
