// `npm start`: the whole system on this machine, a scenario to watch, and a door to send events to.

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { parseArgs, styleText } from 'node:util';
import { createEventBook, type EventBook } from '../console/event-book.ts';
import { type RunningConsole, startConsole } from '../console/server.ts';
import { ConfigError } from '../lib/errors.ts';
import { noMapping } from '../lib/mapping/mapping.ts';
import type { EventLine, Log } from '../lib/observability/log-line.ts';
import { type OwnSettings, readOwnSettings } from './own-settings.ts';
import type { RoqUser } from './roq-user.ts';
import { type Played, type SyncedUser, showScenario } from './scenario.ts';
import { type Stack, startStack } from './stack.ts';
import { createWorkshop, invoke } from './workshop.ts';

const help = `Usage: npm start -- [options]

Starts DynamoDB, a ROQ stand-in, an identity provider and the webhook on this machine, plays a scenario of
three users, and stays up until Ctrl-C. What it stores is kept under .local/ between runs.

  --once        stop after the scenario, and keep nothing
  --json        print one JSON document instead: { events, users }; implies --once
  --port N      the webhook's port (default: 3000; with --once any free one)
  --help        this text
`;

const folder = new URL('../.local/', import.meta.url);
// The port of who runs here, which a port that answers nothing proves to be gone.
const runningFile = new URL('running', folder);
const roqFile = new URL('roq-users.json', folder);
let lastKept = '';

await main();

async function main(): Promise<void> {
  const options = readOptions();
  if (!options) return;
  const { once, json, port } = options;
  const say = json ? () => {} : (text: string) => process.stdout.write(`${text}\n`);
  let isPlaying = true;
  const book = createEventBook();
  const own = readOwn(once);
  if (!own) return;
  const stack = await open(once, port, own, (line) => {
    if (line.message !== 'event') return;
    book.note(line);
    if (!isPlaying) say(logRow(line));
  });
  if (!stack) return;
  try {
    const { events, users } = await showScenario(stack, say);
    if (json) process.stdout.write(`${JSON.stringify(toDocument(events, users))}\n`);
    isPlaying = false;
    if (!once) {
      const { url, close } = await openConsole(stack, book, port);
      say(invitation(stack, url, own));
      reconcile(stack);
      const schedule = setInterval(() => reconcile(stack), 60_000);
      // However it is ended, ROQ has its users the next time, as the table has its records.
      const keeping = setInterval(() => keep(stack.roq.users), 200);
      await untilInterrupted();
      clearInterval(schedule);
      clearInterval(keeping);
      keep(stack.roq.users);
      await close();
    }
  } finally {
    await stack.close();
  }
}

function readOptions(): { once: boolean; json: boolean; port: number } | null {
  try {
    const { values } = parseArgs({
      options: {
        once: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        port: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    const once = values.once || values.json;
    const port = Number(values.port ?? (once ? 0 : 3000));
    if (!Number.isInteger(port) || port < 0 || port > 65_533) throw new TypeError('--port takes 0 to 65533');
    if (!values.help) return { once, json: values.json, port };
    process.stdout.write(help);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    complain(`${error.message}\n\n${help}`, 2);
  }
  return null;
}

/** The demonstration is the same everywhere. */
function readOwn(once: boolean): OwnSettings | null {
  try {
    return once ? { environment: {}, directory: {}, mapping: noMapping } : readOwnSettings(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    complain(`settings.local.yml or the shell: ${error.message}\n`, 1);
    return null;
  }
}

async function open(once: boolean, port: number, own: OwnSettings, log: Log): Promise<Stack | null> {
  if (!once && (await isTaken(port))) return null;
  const roqUsers = once ? [] : kept();
  const path = once ? undefined : new URL('dynamodb', folder).pathname;
  try {
    return await startStack({ port, roqUsers, ...own, ...(path && { path }), log });
  } catch (error) {
    if (error instanceof ConfigError) {
      complain(`settings.local.yml or the shell: ${error.message}\n`, 1);
      process.exit();
    }
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
    const taken = `Port ${port}, ${port + 1} for npm run send or ${port + 2} for the console is taken.`;
    complain(`${taken} Choose another one: npm start -- --port 3010\n`, 1);
    process.exit();
  }
}

/** The console over this stack, on the port after that of npm run send. */
function openConsole(stack: Stack, events: EventBook, port: number): Promise<RunningConsole> {
  const operate = <Answer>(command: object) => invoke(stack.door.url, 'operate', command) as Promise<Answer>;
  const local = createWorkshop(stack, events);
  return startConsole({ stage: 'local', operate, local }, port === 0 ? 0 : port + 2);
}

/** Whether another `npm start` keeps its data in this folder, of which there can be one. */
async function isTaken(port: number): Promise<boolean> {
  mkdirSync(folder, { recursive: true });
  const other = existsSync(runningFile) ? Number(readFileSync(runningFile, 'utf8')) : 0;
  if (other > 0 && (await answers(other))) {
    complain(
      `npm start runs here already, on port ${other}: stop it first, or use it. One that keeps nothing can run beside it: npm start -- --once\n`,
      1,
    );
    return true;
  }
  writeFileSync(runningFile, String(port));
  return false;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false));
    socket.unref().on('connect', () => socket.destroy());
  });
}

function complain(text: string, exitCode: number): void {
  process.stderr.write(text);
  process.exitCode = exitCode;
}

function logRow({ provider, reference, kind, outcome, code, unread = [] }: EventLine): string {
  const colour = outcome === 'done' ? 'green' : outcome === 'rejected' ? 'red' : 'yellow';
  const time = styleText('dim', new Date().toTimeString().slice(0, 8));
  const notes = [...(code ? [code] : []), ...(unread.length > 0 ? [`not read: ${unread.join(', ')}`] : [])];
  const what = [provider, kind, reference].filter(Boolean).join('  ');
  return `  ${time}  ${what}  ${styleText(colour, outcome)}  ${styleText('dim', notes.join('; '))}`;
}

function toDocument(events: readonly Played[], users: readonly SyncedUser[]) {
  return { events: events.map(({ kind, status }) => ({ kind, status })), users };
}

function invitation(
  { door, roq, dynamoDb, identityProvider }: Stack,
  consoleUrl: string,
  own: OwnSettings,
): string {
  const port = door.url.endsWith(':3000') ? '' : ` --port ${new URL(door.url).port}`;
  return `
${styleText('bold', 'Look at it')}
  ${consoleUrl}

${styleText('bold', 'It stays up')}
  webhooks           ${door.url}/webhooks/NAME  (clerk, auth0, … generic: npm run provider -- list)
${yours(own)}  identity provider  ${identityProvider.url}
  ROQ                ${roq.url}/v01/server/graphql
  DynamoDB           ${dynamoDb.url}

${styleText('bold', 'Send an event yourself')} (the identity provider signs it and sends it on)
  curl ${identityProvider.url}/events -d '{"type":"user.signed_up","user":{"id":"dora","email":"dora@example.com"}}'
  curl ${identityProvider.url}/events -d '{"type":"user.disabled","user":{"id":"dora"}}'

${styleText('bold', 'Or one of any provider')} (npm run send lists them)
  npm run send -- clerk user.created --user ada${port}

${styleText('bold', 'Ask a provider for users of whom no webhook told')} (an administrator made one)
  npm run -s roq-sync -- pull --apply${port}

${styleText('bold', 'Look after the users')} (npm run -s roq-sync -- --help)
  npm run -s roq-sync -- status ada${port}

Ctrl-C stops it.`;
}

/** With what of yours it listens and asks: names, never values. */
function yours({ environment, directory, mapping }: OwnSettings): string {
  const mapped = Object.keys(mapping.settings.providers).map((name) => `the mapping of ${name}`);
  const names = [...Object.keys(environment), ...Object.keys(directory), ...mapped];
  return names.length > 0 ? `  with your          ${names.join(', ')}\n` : '';
}

// What EventBridge does.
function reconcile({ door }: Stack): void {
  invoke(door.url, 'reconcile', {}).catch((error: Error) => complain(`reconcile: ${error.message}\n`, 0));
}

function untilInterrupted(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });
}

function kept(): RoqUser[] {
  if (!existsSync(roqFile)) return [];
  const toDate = (name: string, value: unknown) =>
    name.endsWith('At') && typeof value === 'string' ? new Date(value) : value;
  return JSON.parse(readFileSync(roqFile, 'utf8'), toDate) as RoqUser[];
}

/** Renamed into place, so that whoever is killed while writing leaves what was there. */
function keep(users: readonly RoqUser[]): void {
  const text = JSON.stringify(users, null, 2);
  if (text === lastKept) return;
  const draft = new URL('roq-users.json.new', folder);
  writeFileSync(draft, text);
  renameSync(draft, roqFile);
  lastKept = text;
}
