// The error that ends a command, with a message to the operator.

/** The exit codes, on which scripts depend. */
export const exitCodes = { fine: 0, needsPerson: 1, wrongUsage: 2, unreachable: 3, stopped: 130 } as const;

/** Why a command ends without an answer. */
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

/** There is no such function: some are left out that a stage's settings have no use for. */
export class MissingFunction extends Refusal {}
