// The console of `npm start` in a real browser: `npm run test:console`. With PICTURES set, the README's are taken too.

import { accessSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createEventBook } from '../../console/event-book.ts';
import { startConsole } from '../../console/server.ts';
import { type Stack, startStack } from '../../local/stack.ts';
import { createWorkshop, invoke } from '../../local/workshop.ts';

let browser: Browser;
let stack: Stack;
let url: string;
let close: () => Promise<void>;
let page: Page;
/** Every host that was asked for anything, and whatever the pages complained about. */
let hosts: Set<string>;
let complaints: string[];

beforeAll(async () => {
  browser = await chromium.launch({
    executablePath: findChromium(),
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
  return () => browser.close();
});
beforeEach(async () => {
  const events = createEventBook();
  stack = await startStack({ log: (line) => line.message === 'event' && events.note(line) });
  const operate = <Answer>(command: object) => invoke(stack.door.url, 'operate', command) as Promise<Answer>;
  const local = createWorkshop(stack, events);
  ({ url, close } = await startConsole({ stage: 'local', operate, local }, 0));
  await openPage({});
});
afterEach(async () => {
  await page.close();
  await close();
  await stack.close();
  expect([...hosts]).toEqual([new URL(url).host]);
  expect(complaints).toEqual([]);
});

function findChromium(): string {
  const names = ['chromium', 'chromium-browser', 'google-chrome'];
  const folders = (process.env.PATH ?? '').split(delimiter);
  for (const path of folders.flatMap((folder) => names.map((name) => join(folder, name)))) {
    try {
      accessSync(path);
      return path;
    } catch {
      // The next one, then.
    }
  }
  throw new Error('There is no chromium on PATH: install it (on Debian: apt-get install chromium).');
}

async function openPage({ width = 1100, scheme = 'light' as 'light' | 'dark' }): Promise<void> {
  await page?.close();
  page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme: scheme });
  page.setDefaultTimeout(10_000);
  hosts = new Set();
  complaints = [];
  page.on('request', (request) => hosts.add(new URL(request.url()).host));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  await page.goto(url);
}

const pages = () => page.getByRole('navigation', { name: 'Pages' });
const go = (name: string) => pages().getByRole('link', { name, exact: true }).click();
const button = (name: string | RegExp) => page.getByRole('button', { name });

async function send(
  event: string,
  user: { readonly id?: string; readonly email?: string } = {},
): Promise<void> {
  await go('Try');
  await page.getByLabel('Event').selectOption(event);
  await page.getByLabel('User’s id').fill(user.id ?? 'ada');
  await page.getByLabel('E-mail address', { exact: true }).fill(user.email ?? 'ada@example.com');
  await button('Sign and send it').click();
  await page.getByRole('status').getByText(`${event}: 200`).waitFor();
}

async function find(text: string): Promise<void> {
  await page.getByRole('searchbox').fill(text);
  await button('Find').click();
}

async function picture(name: string): Promise<void> {
  if (!process.env.PICTURES) return;
  const path = join(import.meta.dirname, '../../docs/pictures', `${name}.png`);
  await page.screenshot({ path, clip: { x: 0, y: 0, width: 1100, height: 620 } });
}

describe('every page', () => {
  const paths = [
    '/',
    '/live',
    '/user?reference=ada',
    '/lists/held',
    '/lists/jobs',
    '/find?text=nobody',
    '/try',
  ];

  test.each([
    { width: 1100, scheme: 'light' as const },
    { width: 1100, scheme: 'dark' as const },
    { width: 400, scheme: 'light' as const },
  ])(
    'is no wider than the window, has one heading of its own, and asks no other host: %j',
    async (window) => {
      await send('clerk user.created');
      await openPage(window);
      for (const path of paths) {
        await page.goto(new URL(path, url).href);
        const [scroll, client] = await page.evaluate<[number, number]>(
          '[document.documentElement.scrollWidth, document.documentElement.clientWidth]',
        );
        expect(scroll, path).toBeLessThanOrEqual(client);
        expect(await page.getByRole('heading').count(), path).toBeGreaterThan(0);
        expect(
          await page.locator('main button:not([type]), main input:not([type=hidden])').count(),
        ).toBeGreaterThanOrEqual(0);
      }
    },
  );

  test('can be gone through by keyboard alone', async () => {
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('content');
    await find('nobody');
    expect(await page.getByText('Nobody is found by').textContent()).toContain('nobody');
  });
});

test('an outage is seen, and its end: what came meanwhile is at ROQ by itself', async () => {
  await send('clerk user.created');
  await button('down').click();
  await page.getByText('no call is answered').waitFor();
  await send('clerk user.created', { id: 'zoe', email: 'zoe@example.com' });
  await go('Now');
  const roq = page.getByRole('region', { name: 'ROQ' });
  await roq.getByText('1 user waits for it').waitFor();
  await picture('console-now');
  await find('zoe');
  await page.getByText('unknown: ROQ does not answer').waitFor();
  await go('Try');
  await button('works again').click();
  await expect
    .poll(
      async () => {
        await go('Try');
        await button('Run the schedule now').click();
        return roq.textContent();
      },
      { timeout: 40_000, interval: 500 },
    )
    .toContain('Nobody waits for ROQ');
  await find('zoe');
  await page.getByText('in step', { exact: true }).waitFor();
  expect(stack.roq.users.map(({ reference }) => reference)).toEqual(['ada', 'zoe']);
});

test('a banned user is found by the address, in any case, with who said so and when', async () => {
  const user = { id: 'user_b_1', email: 'ada_l@example.com' };
  await send('clerk user.created', user);
  await send('clerk user.created', { id: 'user_other', email: 'adaxl@example.com' });
  await send('clerk user.updated-verified', user);
  await send('clerk user.updated-banned', user);
  await find('ADA_L@example.com');
  await page.getByRole('heading', { name: 'user_b_1' }).waitFor();
  const disabled = page.getByRole('row', { name: /^disabled yes clerk/ });
  expect(await disabled.textContent()).toContain('active: no');
  const story = await page.getByRole('listitem').allTextContents();
  expect(story.some((step) => /clerk.*user\.updated: disabled yes/s.test(step))).toBe(true);
  expect(story.some((step) => /at ROQ.*changed: active no/s.test(step))).toBe(true);
  await picture('console-user');
});

test('a user whom ROQ refuses is parked with the field, and put right from the list', async () => {
  await go('Try');
  await button('refusing a field').click();
  await send('clerk user.created');
  await send('okta user.lifecycle.create', { id: 'kim', email: 'kim@example.com' });
  await go('Lists');
  await page.getByRole('navigation', { name: 'Lists' }).getByRole('link', { name: 'parked' }).click();
  expect(await page.getByRole('row', { name: /ada/ }).textContent()).toContain('firstName');
  await go('Try');
  await button('works again').click();
  await go('Lists');
  await page.getByRole('navigation', { name: 'Lists' }).getByRole('link', { name: 'parked' }).click();
  await page.getByRole('checkbox', { name: 'ada' }).check();
  await button('resync those that are ticked').click();
  await page.getByRole('heading', { name: 'Resync: one user' }).waitFor();
  await button('Resync').click();
  await page.getByText('ROQ matches the record').waitFor();
  expect(stack.roq.users.map(({ reference }) => reference)).toContain('ada');
});

test('nobody is erased unless the reference is typed', async () => {
  await send('clerk user.created');
  await find('ada');
  const erase = page.locator('details', { hasText: 'Erase' });
  await erase.locator('summary').click();
  await erase.getByLabel('Type the reference').fill('adam');
  await erase.getByRole('button').click();
  await page.getByText('nothing was erased').waitFor();
  expect(stack.roq.users).toMatchObject([{ email: 'ada@example.com' }]);
});

test('events are shown as they come, and not while it is paused', async () => {
  await send('clerk user.created');
  await send('clerk user.updated-banned');
  await send('kinde user.created', { id: 'kp_1', email: 'kp@example.com' });
  await go('Live');
  await page.getByRole('row', { name: /kinde/ }).waitFor();
  await picture('console-live');
  await button('Pause').click();
  const late = { id: 'late', email: 'late@example.com' };
  const [answer] = await stack.identityProvider.send(`${stack.webhookUrl}generic`, [
    { type: 'user.signed_up', time: Date.now(), user: late },
  ]);
  expect(answer?.status).toBe(200);
  await page.reload();
  await page.getByText('1 came since').waitFor();
  expect(await page.getByRole('link', { name: 'late' }).count()).toBe(0);
  await button('Go on').click();
  await page.getByRole('link', { name: 'late' }).waitFor();
});

test('a change that no webhook tells is found by a pull', async () => {
  await go('Try');
  await button('Add a user').click();
  await button(/^Pull/).click();
  await page.getByText('done', { exact: true }).first().waitFor({ timeout: 30_000 });
  expect(stack.roq.users.map(({ email }) => email).sort()).toEqual([
    'emma@example.com',
    'user-2@example.com',
  ]);
});
