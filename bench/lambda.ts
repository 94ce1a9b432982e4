// Starts a host as Lambda starts Node: with a heap that fits the function's memory.

import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { type Child, startChild } from './child.ts';

/** The memory of a function, in MB, as it would be deployed. */
export const memoryMb = readMemoryMb();

// A tenth for new objects, in halves, and the rest for old ones, as the start script of Lambda's images for Node has it.
const newSpaceMb = Math.floor(memoryMb / 10);
const heap = [
  `--max-semi-space-size=${Math.floor(newSpaceMb / 2)}`,
  `--max-old-space-size=${memoryMb - newSpaceMb}`,
];

/** `profile`: the folder into which its CPU profile is written. */
export function startHost(
  environment: Readonly<Record<string, string>>,
  profile: string | null = null,
): Child {
  const profiling = profile ? ['--cpu-prof', `--cpu-prof-dir=${profile}`] : [];
  return startChild('host.ts', environment, [...heap, ...profiling]);
}

/** The host that pulls. */
export function startPullHost(environment: Readonly<Record<string, string>>): Child {
  return startChild('pull-host.ts', environment, heap);
}

function readMemoryMb(): number {
  const file = readFileSync(new URL('../serverless.yml', import.meta.url), 'utf8');
  return (parse(file, { logLevel: 'error' }) as { provider: { memorySize: number } }).provider.memorySize;
}
