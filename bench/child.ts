// How a benchmark and its child processes talk: one question, one answer, over Node's own channel.

import { type ChildProcess, fork } from 'node:child_process';

type Question = { readonly id: number; readonly name: string; readonly value: unknown };
type Answer = { readonly id: number; readonly value?: unknown; readonly error?: string };

export type Child = {
  /** @throws whatever the child threw, as its message. */
  readonly ask: <Value>(name: string, value?: unknown) => Promise<Value>;
  /** Bytes that it wrote to stdout so far. */
  readonly written: () => number;
  readonly close: () => void;
};

/** Starts a file of this folder in a process of its own. */
export function startChild(
  file: string,
  environment: Readonly<Record<string, string>> = {},
  nodeOptions: readonly string[] = [],
): Child {
  const child: ChildProcess = fork(new URL(file, import.meta.url), [], {
    env: { PATH: process.env.PATH, ...environment },
    execArgv: [...nodeOptions],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    serialization: 'advanced',
  });
  let next = 0;
  let written = 0;
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  child.stdout?.on('data', (chunk: Buffer) => {
    written += chunk.length;
  });
  child.on('message', ({ id, value, error }: Answer) => {
    if (error === undefined) waiting.get(id)?.resolve(value);
    else waiting.get(id)?.reject(new Error(`${file}: ${error}`));
    waiting.delete(id);
  });
  child.on('exit', (code) => {
    for (const { reject } of waiting.values()) reject(new Error(`${file} ended with ${code}`));
  });
  return {
    ask: async <Value>(name: string, value: unknown = null) => {
      const id = next++;
      const promise = Promise.withResolvers<unknown>();
      waiting.set(id, promise);
      child.send({ id, name, value } satisfies Question);
      return (await promise.promise) as Value;
    },
    written: () => written,
    close: () => child.disconnect(),
  };
}

/** In the child: answers questions by name, and ends with its parent. */
export function answerParent(answers: Readonly<Record<string, (value: never) => unknown>>): void {
  process.on('message', async ({ id, name, value }: Question) => {
    const answer = await answerOne(answers[name], value);
    process.send?.({ id, ...answer });
  });
  process.on('disconnect', () => process.exit());
}

async function answerOne(
  run: ((value: never) => unknown) | undefined,
  value: unknown,
): Promise<Omit<Answer, 'id'>> {
  try {
    if (!run) throw new Error('no such question');
    return { value: await run(value as never) };
  } catch (error) {
    return { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}
