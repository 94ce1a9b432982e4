// Questions to whoever sits at the terminal.

import { createInterface } from 'node:readline';
import { Refusal } from './refusal.ts';

/** Whether somebody is there to answer. */
function canAsk(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

/** @throws Refusal where nobody can answer and nobody said --yes */
export function mustBeSure(isSure: boolean | undefined): void {
  if (!isSure && !canAsk()) {
    throw new Refusal('wrongUsage', 'Without a terminal to ask on, this needs --yes.');
  }
}

/** The line that is typed; '' where there is none. */
export async function ask(question: string): Promise<string> {
  process.stderr.write(question);
  // Not as a terminal of its own: the system's edits the line, and Ctrl-C stops as it does elsewhere.
  const lines = createInterface({ input: process.stdin, terminal: false });
  try {
    for await (const line of lines) return line.trim();
  } finally {
    // Else the process waits for more to be typed, for ever.
    lines.close();
  }
  process.stderr.write('\n');
  return '';
}
