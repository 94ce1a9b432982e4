// What a real provider is, started on this machine from its registry.

import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { DirectoryProvider } from '../../lib/providers/directory.ts';

/** A user as the partner's own API makes them. */
export type RealUser = {
  readonly email: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly verified: boolean;
  readonly disabled: boolean;
};

export type Partner = {
  readonly name: string;
  readonly directory: DirectoryProvider;
  /** A command that must be there, and what for. */
  readonly needs: readonly { readonly command: readonly [string, ...string[]]; readonly why: string }[];
  /** Which members the provider, or its stand-in from the registry, can't tell. */
  readonly cannotTell: readonly (keyof RealUser)[];
  /** Brings it from its registry into the folder, unless it is there, and starts it on a free port. */
  readonly start: (folder: string) => Promise<RunningPartner>;
};

export type RunningPartner = {
  /** The settings of the directory. */
  readonly environment: Readonly<Record<string, string>>;
  /** @returns the id by which the provider knows the user */
  readonly create: (user: RealUser) => Promise<string>;
  readonly change: (id: string, user: RealUser) => Promise<void>;
  readonly remove: (id: string) => Promise<void>;
  readonly stop: () => Promise<void>;
};

/** Where partners are kept between runs; REAL_PARTNERS names another folder. */
export function partnerFolder(name: string): string {
  const folder = join(process.env.REAL_PARTNERS ?? join(tmpdir(), 'roq-sync-partners'), name);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Runs a command to its end, and says what it printed where it fails. */
export function run(
  command: readonly [string, ...string[]],
  folder: string,
  environment: Environment = {},
): string {
  const [program, ...args] = command;
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd: folder,
    env: { ...process.env, ...environment },
    encoding: 'utf8',
    maxBuffer: 100_000_000,
  });
  if (status !== 0)
    throw new Error(`${command.join(' ')}: ${error?.message ?? `${stdout}${stderr}`.slice(-2_000)}`);
  return stdout;
}

type Environment = Readonly<Record<string, string>>;

/** Starts a server, and waits until it answers. */
export async function serveUntil(
  command: readonly [string, ...string[]],
  {
    folder,
    environment = {},
    url,
  }: { readonly folder: string; readonly environment?: Environment; readonly url: string },
): Promise<() => Promise<void>> {
  const [program, ...args] = command;
  const child = spawn(program, args, {
    cwd: folder,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      printed = `${printed}${chunk}`.slice(-4_000);
    });
  }
  let isStopped = false;
  const stop = async () => {
    if (isStopped || child.pid === undefined || child.exitCode !== null) return;
    isStopped = true;
    process.kill(-child.pid, 'SIGKILL');
  };
  // Also where this very program fails.
  process.once('exit', () => void stop());
  for (let tries = 0; tries < 240; tries++) {
    if (child.exitCode !== null) throw new Error(`${program} ended:\n${printed}`);
    const answer = await fetch(url).catch(() => null);
    if (answer) return stop;
    await delay(500);
  }
  await stop();
  throw new Error(`${program} does not answer at ${url}:\n${printed}`);
}

/** A call that must succeed: JSON in, JSON out. */
export async function call(
  url: string,
  { method = 'GET', headers = {}, body }: { method?: string; headers?: Environment; body?: unknown } = {},
): Promise<{ readonly json: Readonly<Record<string, unknown>>; readonly headers: Headers }> {
  const response = await fetch(url, {
    method,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${text.slice(0, 500)}`);
  return { json: /^[[{]/.test(text) ? JSON.parse(text) : {}, headers: response.headers };
}
