// Who may look at the console, and what it does with what came from elsewhere; its pages in a browser: console.browser.ts.

import { describe, expect, test } from 'vitest';
import { createEventBook } from '../../console/event-book.ts';
import { createConsole } from '../../console/server.ts';
import type { EventLine } from '../../lib/observability/log-line.ts';

const token = 'the-token';
const host = '127.0.0.1:3002';
const cookie = `console-3002=${token}`;

const asked: object[] = [];
const app = createConsole(
  {
    stage: 'prod',
    operate: <Answer>(command: object) => {
      asked.push(command);
      if ('text' in command) return Promise.resolve({ text: command.text, users: [], code: null } as Answer);
      return Promise.reject(new Error('no answer <b>here</b>'));
    },
  },
  token,
);

const get = (path: string, headers: Record<string, string> = {}) =>
  app.request(`http://${host}${path}`, { headers: { host, cookie, ...headers } });
const post = (path: string, body: Record<string, string>, headers: Record<string, string> = {}) =>
  app.request(`http://${host}${path}`, {
    method: 'POST',
    headers: { host, cookie, 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams(body).toString(),
  });

describe('nobody is let in', () => {
  test.each([
    ['without the token', { cookie: '' }, 401],
    ['with another token', { cookie: 'console-3002=other' }, 401],
    ['under another name, as by DNS rebinding', { host: 'evil.example:3002' }, 403],
    ['from another site', { origin: 'https://evil.example' }, 403],
    ['from another port of this machine', { origin: 'http://127.0.0.1:3000' }, 403],
  ])('%s', async (_, headers, status) => {
    asked.length = 0;
    const answers = [
      await get('/', headers),
      await post('/do/erase', { reference: 'a', typed: 'a' }, headers),
    ];
    expect(answers.map((answer) => answer.status)).toEqual([status, status]);
    expect(asked).toEqual([]);
  });

  test('to change anything by a form of another site, which bears no origin', async () => {
    asked.length = 0;
    const answer = await post('/do/resync', { reference: 'a' }, { 'sec-fetch-site': 'cross-site' });
    expect(answer.status).toBe(403);
    expect(asked).toEqual([]);
  });
});

test('the token in the address becomes a cookie, which no script can read and no other site sends', async () => {
  const answer = await get(`/?token=${token}`, { cookie: '' });
  expect(answer.status).toBe(302);
  expect(answer.headers.get('location')).toBe('/');
  expect(answer.headers.get('set-cookie')).toMatch(/^console-3002=the-token;.*HttpOnly.*SameSite=Strict/);
});

test('nothing is loaded from any other host, run from the page itself, or kept by the browser', async () => {
  const { headers } = await get('/find?text=x');
  expect(headers.get('content-security-policy')).toMatch(
    /^default-src 'none'; script-src 'self'; style-src 'self';/,
  );
  expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
  expect(headers.get('cache-control')).toBe('no-store');
});

test('what came from elsewhere is text, and never a part of the page', async () => {
  const found = await (await get('/find?text=%3Cimg%20src%3Dx%3E')).text();
  expect(found).toContain('&lt;img src=x&gt;');
  expect(found).not.toContain('<img');
  const failed = await get('/user?reference=a');
  expect(failed.status).toBe(502);
  expect(await failed.text()).toContain('no answer &lt;b&gt;here&lt;/b&gt;');
});

test('of a deployment there is nothing to play with, and what is unknown is not found', async () => {
  for (const path of ['/live', '/try', '/lists/users', '/nothing'])
    expect((await get(path)).status).toBe(404);
  expect((await post('/do/destroy', { reference: 'a' })).status).toBe(404);
  expect((await post('/try/break', { how: 'down' })).status).toBe(404);
});

describe('the book of events', () => {
  const line: EventLine = {
    message: 'event',
    provider: 'clerk',
    eventId: null,
    kind: 'user.created',
    reference: 'ada',
    outcome: 'done',
    code: null,
    cause: null,
    roqMs: 1,
    storeMs: 2,
  };
  const all = { provider: '', outcome: '', text: '' };

  test('keeps the newest 500, filtered as asked for, and none that came after a pause', () => {
    const book = createEventBook(() => 0);
    for (let i = 0; i < 600; i++) book.note({ ...line, reference: `user-${i}` });
    expect(book.find(all, Number.POSITIVE_INFINITY)).toHaveLength(500);
    expect(book.find({ ...all, text: 'user-599' }, 600)).toMatchObject([{ reference: 'user-599' }]);
    expect(book.find({ ...all, text: 'user-599' }, 599)).toEqual([]);
    expect(book.find({ ...all, provider: 'okta' }, 600)).toEqual([]);
    expect(book.find({ ...all, outcome: 'rejected' }, 600)).toEqual([]);
  });

  test('counts by the minute, of the last hour alone', () => {
    let now = 0;
    const book = createEventBook(() => now);
    book.note(line);
    now = 59 * 60_000;
    book.note({ ...line, outcome: 'rejected' });
    book.note(line);
    const minutes = book.minutes();
    expect(minutes).toHaveLength(60);
    expect(minutes.at(0)).toEqual({ atMs: 0, outcomes: { done: 1 } });
    expect(minutes.at(-1)).toEqual({ atMs: now, outcomes: { rejected: 1, done: 1 } });
    now = 60 * 60_000;
    expect(book.minutes().at(0)?.outcomes).toEqual({});
  });
});
