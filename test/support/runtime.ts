// Lambda's Runtime API for one function, whose bundle runs in a process of its own within its memory and its time.

import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { readBody, serve } from '../../local/server.ts';

export type Deployed = {
  /** As in the template: `functions/webhook.handler`. */
  readonly handler: string;
  /** The folder that its zip was unpacked to. */
  readonly folder: string;
  readonly memoryMb: number;
  readonly timeoutMs: number;
  readonly environment: Readonly<Record<string, string>>;
};

export type Outcome =
  | { readonly is: 'returned'; readonly value: unknown }
  | { readonly is: 'threw'; readonly error: { readonly errorType: string; readonly errorMessage: string } }
  | { readonly is: 'timed out' };

export type Runtime = Awaited<ReturnType<typeof startRuntime>>;

type Pending = {
  readonly id: string;
  readonly event: unknown;
  readonly recordOutcome: (outcome: Outcome) => void;
};

// What Lambda leaves of a function's memory to Node's heap.
const heapShare = 0.9;

export async function startRuntime(deployed: Deployed) {
  const { timeoutMs } = deployed;
  const log: string[] = [];
  let peakKb = 0;
  let pending: Pending | null = null;
  let ask = Promise.withResolvers<void>();
  const server = await serve(0, answer);
  let child = run(deployed, server.url, log);

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    if (path.endsWith('/invocation/next')) return next(response);
    const body = JSON.parse((await readBody(request, 10_000_000)).toString());
    peakKb = Math.max(peakKb, Number(request.headers['x-peak-kilobytes'] ?? 0));
    response.writeHead(202).end();
    const isMine = pending !== null && path.includes(pending.id);
    if (isMine && path.endsWith('/response')) pending?.recordOutcome({ is: 'returned', value: body });
    else if (isMine || path.endsWith('/init/error')) pending?.recordOutcome({ is: 'threw', error: body });
  }

  async function next(response: ServerResponse): Promise<void> {
    while (!pending) await ask.promise;
    ask = Promise.withResolvers();
    response.writeHead(200, {
      'lambda-runtime-aws-request-id': pending.id,
      'lambda-runtime-deadline-ms': String(Date.now() + timeoutMs),
    });
    response.end(JSON.stringify(pending.event));
  }

  /** Calls the function once; past its time its process is ended, and the next call starts another. */
  async function invoke(event: unknown): Promise<Outcome> {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    if (child.exitCode !== null || child.signalCode !== null) child = run(deployed, server.url, log);
    pending = { id: randomUUID(), event, recordOutcome: resolve };
    const timer = setTimeout(() => resolve({ is: 'timed out' }), timeoutMs);
    ask.resolve();
    const outcome = await promise;
    clearTimeout(timer);
    pending = null;
    if (outcome.is === 'timed out') await end(child);
    return outcome;
  }

  return {
    invoke,
    /** The most memory that its process has taken so far, in MB. */
    peakMb: () => Math.round(peakKb / 1024),
    /** The lines it has written, each an object. */
    lines: () =>
      log
        .flatMap((text) => text.split('\n'))
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
    close: async () => {
      await end(child);
      await server.close();
    },
  };
}

function run(
  { handler, folder, memoryMb, environment }: Deployed,
  apiUrl: string,
  log: string[],
): ChildProcess {
  const heapMb = Math.floor(memoryMb * heapShare);
  const bootstrap = join(import.meta.dirname, 'bootstrap.ts');
  const child = spawn(process.execPath, [`--max-old-space-size=${heapMb}`, bootstrap], {
    env: {
      ...environment,
      _HANDLER: handler,
      LAMBDA_TASK_ROOT: folder,
      AWS_LAMBDA_RUNTIME_API: new URL(apiUrl).host,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.stdout.setEncoding('utf8').on('data', (text: string) => log.push(text));
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}
