// Writes log lines: one line of JSON for each thing that happened.

import type { LogLine } from './log-line.ts';
import { withMetrics } from './metrics.ts';

/** Writes a line to stdout, which Lambda takes to CloudWatch, without what is null; where it is deployed, with the line's figures. */
export function log(line: LogLine): void {
  const { STAGE: stage, AWS_LAMBDA_FUNCTION_NAME: functionName = 'local' } = process.env;
  const written = stage ? withMetrics(line, { stage, functionName }) : line;
  process.stdout.write(`${JSON.stringify(written, withoutNull)}\n`);
}

// It is paid by the byte, and what is not there reads the same as what is null.
function withoutNull(_name: string, value: unknown): unknown {
  return value ?? undefined;
}

/** The class name of what caused an error, the only part of it that is safe to log. */
export function causeName({ cause }: Error): string | null {
  return cause instanceof Error ? cause.name : null;
}
