import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { providers } from '../../lib/providers/registry.ts';
import { senders } from '../../local/providers/registry.ts';
import { newWebhookSecret } from '../../local/providers/signing.ts';
import { sendLine } from '../../local/send-line.ts';
import { type Stack, startStack } from '../../local/stack.ts';
import { atMs, listMirrored, user } from '../support/sent.ts';

let stack: Stack;
let port: number;

beforeAll(async () => {
  port = await findPortPair();
  stack = await startStack({ port, log: () => {} });
});
afterAll(() => stack.close());

describe.concurrent('npm run send', () => {
  test('mirrors a user by an event of Clerk, and says what ROQ then holds', async () => {
    const { json, exitCode } = await send(
      'clerk',
      'user.created',
      '--user',
      'ada',
      '--email',
      'ada@new.example',
    );
    expect(json).toMatchObject({
      provider: 'clerk',
      event: 'user.created',
      status: 200,
      references: ['ada'],
      users: [{ reference: 'ada', email: 'ada@new.example', isOptedIn: false, active: true }],
    });
    expect(exitCode).toBe(0);
    expect(rows('ada')).toHaveLength(1);
  });

  test('sends the first of a kind that has several examples', async () => {
    const { json } = await send('clerk', 'user.updated', '--user', 'bea');
    expect(json).toMatchObject({ event: 'user.updated-verified', users: [{ isOptedIn: true }] });
  });

  test.each(senders)('mirrors a user by an event of $name', async (sender) => {
    const [first] = listMirrored(sender);
    const tells = listMirrored(sender).find(([, { wanted }]) =>
      wanted(user, atMs).some(({ told }) => told?.email),
    );
    const [event = ''] = tells ?? first ?? [];
    const [id, email] = [randomUUID(), `${randomUUID()}@example.com`];
    const { json, exitCode } = await send(sender.name, event, '--user', id, '--email', email);
    expect(json).toMatchObject({ provider: sender.name, event, references: [id] });
    expect(exitCode).toBe(0);
    // Without an address it waits, for ROQ makes no user of that.
    const made = tells ? [{ reference: id, email }] : [];
    expect(json).toMatchObject({ users: made });
    expect(rows(id)).toMatchObject(made);
    expect(await stack.app.store.get(id)).not.toBeNull();
  });

  test('is for people unless told otherwise', async () => {
    const { stdout, exitCode } = await run(
      'send',
      'generic',
      'user.signed_up',
      '--user',
      'dora',
      '--port',
      `${port}`,
    );
    expect(stdout).toMatch(/generic user\.signed_up\s+200/);
    expect(stdout).toMatch(/reference\s+dora/);
    expect(stdout).toMatch(/active\s+yes/);
    expect(exitCode).toBe(0);
  });

  test.each([
    [['nobody', 'user.created'], /no provider "nobody".*clerk, /],
    [['clerk', 'nothing'], /sends no "nothing".*user\.deleted/],
    [['clerk'], /user\.created, /],
    [[], /Usage[\s\S]*kinde, /],
    [['clerk', 'user.created', '--port', 'x'], /--port/],
    [['clerk', 'user.created', '--nothing'], /--nothing[\s\S]*Usage/],
  ])('of %j is refused with what there is', async (words, said) => {
    const { stderr, exitCode } = await sendWith({}, ...words);
    expect(stderr).toMatch(said);
    expect(exitCode).toBe(2);
  });

  test('says what to do where npm start is not running', async () => {
    const free = await findPortPair();
    const { stderr, exitCode } = await run('send', 'clerk', 'user.created', '--port', `${free}`);
    expect(stderr).toContain('npm start');
    expect(exitCode).toBe(1);
  });
});

describe.concurrent('npm run send --url', () => {
  const sendTo = (provider: string, event: string, settings: Record<string, string>) =>
    sendWith(settings, provider, event, '--user', 'eve', '--json', '--url', `${stack.webhookUrl}${provider}`);

  test('signs with the settings in the environment', async () => {
    const right = await sendTo('clerk', 'user.created', { CLERK_SECRETS: stack.clerkSecret });
    expect(JSON.parse(right.stdout)).toMatchObject({ status: 200 });
    expect(right.exitCode).toBe(0);
    expect(rows('eve')).toHaveLength(1);
    const wrong = await sendTo('clerk', 'user.created', { CLERK_SECRETS: newWebhookSecret() });
    expect(JSON.parse(wrong.stdout)).toMatchObject({ status: 401 });
    expect(wrong.exitCode).toBe(1);
  });

  test('says which settings are missing or wrong', async () => {
    const { stderr, exitCode } = await sendTo('clerk', 'user.created', { CLERK_SECRETS: '' });
    expect(stderr).toContain('CLERK_SECRETS is missing');
    expect(exitCode).toBe(1);
  });

  test('can not sign for a provider that has its own key', async () => {
    const { stderr, exitCode } = await sendTo('kinde', 'user.created', {});
    expect(stderr).toContain('private key');
    expect(exitCode).toBe(1);
  });
});

describe.concurrent('npm run provider', () => {
  test('lists every provider with its family, events and settings', async () => {
    const { stdout, exitCode } = await run('provider', 'list', '--json');
    const listed = providers.map(({ name, family, mirrored, settings }) => ({
      name,
      family,
      mirrored,
      settings: Object.keys(settings).map((name) => ({ name, description: expect.stringMatching(/./) })),
    }));
    expect(JSON.parse(stdout)).toMatchObject([...listed, { name: 'cognito' }]);
    expect(exitCode).toBe(0);
    const { stdout: text } = await run('provider', 'list');
    for (const { name, settings } of providers) {
      for (const word of [name, ...Object.keys(settings)]) expect(text).toContain(word);
    }
    for (const word of ['cognito', 'COGNITO_USER_POOL_IDS', 'AdminDisableUser']) expect(text).toContain(word);
  });

  test('shows one in detail', async () => {
    const { stdout } = await run('provider', 'show', 'fusionauth');
    for (const word of ['Key Master', 'transaction failed', 'user.deactivate', 'FUSIONAUTH_SECRETS']) {
      expect(stdout).toContain(word);
    }
    expect(stdout).toContain('npm run send -- fusionauth user.create.complete');
  });

  test.each([
    [['show', 'nobody'], /clerk, /],
    [['dance'], /Usage/],
    [['--dance'], /Usage/],
  ])('of %j is refused with what there is', async (words, said) => {
    const { stderr, exitCode } = await run('provider', ...words);
    expect(stderr).toMatch(said);
    expect(exitCode).toBe(2);
  });
});

async function send(...words: string[]) {
  const { stdout, stderr, exitCode } = await sendWith({}, ...words, '--port', `${port}`, '--json');
  if (stderr) throw new Error(stderr);
  return { json: JSON.parse(stdout) as unknown, exitCode };
}

type Ran = { readonly stdout: string; readonly stderr: string; readonly exitCode: number };

/** Within this process, which knows all providers already. */
async function sendWith(settings: Record<string, string>, ...words: string[]): Promise<Ran> {
  const { text, isFault, exitCode } = await sendLine(words, settings);
  return { stdout: isFault ? '' : text, stderr: isFault ? text : '', exitCode };
}

/** As a process of its own. */
function run(command: 'send' | 'provider', ...words: string[]): Promise<Ran> {
  const file = fileURLToPath(new URL(`../../local/${command}.ts`, import.meta.url));
  const { PATH, NODE_COMPILE_CACHE } = process.env;
  const env = { PATH, NODE_COMPILE_CACHE, NO_COLOR: '1' };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [file, ...words], { env }, (_error, stdout, stderr) =>
      resolve({ stdout, stderr, exitCode: child.exitCode ?? -1 }),
    );
  });
}

function rows(reference: string) {
  return stack.roq.users.filter((user) => user.reference === reference);
}

/** A port that is free, as the next one is. */
async function findPortPair(): Promise<number> {
  for (;;) {
    const first = await tryPort(0);
    if (first !== null && first < 65_535 && (await tryPort(first + 1)) !== null) return first;
  }
}

/** The port, once it was taken and let go; null where somebody has it. */
function tryPort(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(null));
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      const taken = address !== null && typeof address === 'object' ? address.port : null;
      server.close(() => resolve(taken));
    });
  });
}
