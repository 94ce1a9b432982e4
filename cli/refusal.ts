// What ends a command with a word to the person who gave it.

/** Exit codes, which scripts go by. */
export const exitCodes = { fine: 0, needsPerson: 1, wrongUsage: 2, unreachable: 3 } as const;

export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly exitCode: number;
  readonly code: string;

  constructor(exit: 'needsPerson' | 'wrongUsage' | 'unreachable', message: string, code = '') {
    super(message);
    this.exitCode = exitCodes[exit];
    this.code = code || { needsPerson: 'refused', wrongUsage: 'usage', unreachable: 'unreachable' }[exit];
  }
}
