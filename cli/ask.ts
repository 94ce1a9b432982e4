// Questions to the person at the terminal.

import { createInterface } from 'node:readline';
import { Refusal } from './refusal.ts';

/** Whether a person can answer. */
function canAsk(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

/** @throws Refusal without --yes where no person can answer */
export function mustBeSure(isSure: boolean | undefined): void {
  if (!isSure && !canAsk()) {
    throw new Refusal('wrongUsage', 'Without a terminal to ask on, this needs --yes.');
  }
}

/** The line that is typed; '' at the end of the input. */
export async function ask(question: string): Promise<string> {
  process.stderr.write(question);
  // Without readline's terminal mode, the system edits the line, and Ctrl-C ends the command as it always does.
  const lines = createInterface({ input: process.stdin, terminal: false });
  try {
    for await (const line of lines) return line.trim();
  } finally {
    // An open reader would keep the process alive.
    lines.close();
  }
  process.stderr.write('\n');
  return '';
}
