// Invoked by hand, or by `roq-sync backfill`: an exported file's users, as facts like any other.

import { randomUUID } from 'node:crypto';
import type { Context } from 'aws-lambda';
import * as v from 'valibot';
import { type App, budgetOf } from '../app.ts';
import { isSecureUrl } from '../config/settings.ts';
import { readUsers } from '../exports/read.ts';
import type { ExportShape } from '../exports/shape.ts';
import { type AuditJob, newAudit } from '../jobs/audit-job.ts';
import { newBackfill } from '../jobs/backfill-job.ts';
import { type JobView, viewJob } from '../jobs/job-view.ts';
import { runJob, runLines, type StoredJob, startJob } from '../jobs/jobs.ts';
import { isObject } from '../json.ts';
import { findShape, shapes } from '../providers/exports.ts';
import { toInstant } from '../providers/payload.ts';
import type { RunBudget } from '../sync/concurrency.ts';
import { checkLine, sentLine } from './sent-lines.ts';

export type BackfillAnswer =
  | JobView
  | { readonly error: { readonly code: 'input_invalid' | 'job_unknown'; readonly message: string } };

/**
 * What it takes, beside `apply` (off: it only says what it would do) and `job` (an id, to be carried on by):
 * - `{ users, provider, exportedAt? }`: users as the provider exports them;
 * - `{ url, provider, exportedAt? }`: a file of them, NDJSON, JSON or CSV, gzip or not;
 * - `{ lines, isLast, provider? }`: lines that were read already, as the command line does;
 * - `{ from: "roq" }`: adopts every ROQ user that has no record;
 * - `{}` with `job`: carries that job on.
 */
export function createHandler(app: App) {
  return async (
    input: unknown,
    context: Pick<Context, 'getRemainingTimeInMillis'>,
  ): Promise<BackfillAnswer> => {
    const asked = read(input);
    if ('error' in asked) return asked;
    const id = asked.job ?? `backfill-${new Date(app.now()).toISOString()}-${randomUUID().slice(0, 8)}`;
    const stored = await run(app, id, asked, budgetOf(app, context));
    return stored ? viewJob(id, stored) : refuse('job_unknown', `there is no job ${id}`);
  };
}

const common = {
  job: v.optional(v.pipe(v.string(), v.regex(/^[\w.:-]{1,128}$/, 'is 1 to 128 letters, digits and -_.:'))),
  apply: v.optional(v.boolean(), false),
};

const file = {
  ...common,
  provider: v.pipe(
    v.string(),
    v.transform(findShape),
    v.custom<ExportShape>(
      (shape) => shape !== undefined,
      `is one of ${shapes.map(({ name }) => name).join(', ')}`,
    ),
  ),
  exportedAt: v.nullish(
    v.pipe(v.unknown(), v.transform(toInstant), v.number('is a time such as 2026-05-04T12:00:00Z')),
    null,
  ),
};

const inputs = {
  lines: v.strictObject({
    ...common,
    lines: v.array(sentLine),
    isLast: v.boolean(),
    provider: v.optional(v.string()),
  }),
  users: v.strictObject({ ...file, users: v.array(v.unknown()) }),
  url: v.strictObject({ ...file, url: v.pipe(v.string(), v.check(isSecureUrl, 'is an https address')) }),
  from: v.strictObject({ ...common, from: v.literal('roq', 'is "roq"') }),
  job: v.strictObject({ ...common, job: v.pipe(v.string(), v.minLength(1)) }),
};

type Input = v.InferOutput<(typeof inputs)[keyof typeof inputs]>;
type Refusal = Extract<BackfillAnswer, { error: unknown }>;

function read(input: unknown): Input | Refusal {
  const names = Object.keys(inputs) as (keyof typeof inputs)[];
  const name = names.find((candidate) => isObject(input) && candidate in input);
  if (!name) return refuse('input_invalid', `one of ${names.join(', ')} must be there`);
  const parsed = v.safeParse<(typeof inputs)[typeof name]>(inputs[name], input);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  return refuse('input_invalid', `${v.getDotPath(issue) ?? 'the input'}: ${issue.message}`);
}

async function run(app: App, id: string, input: Input, budget: RunBudget): Promise<StoredJob | null> {
  const { apply } = input;
  if ('lines' in input) {
    const lines = input.lines.map(checkLine);
    return runLines(
      app,
      id,
      lines,
      { apply, isLast: input.isLast, provider: input.provider ?? null },
      budget,
    );
  }
  if ('users' in input) {
    const { users, provider, exportedAt } = input;
    const mapping = app.mapping.get(provider.name);
    const options = { shape: provider, exportedAtMs: exportedAt, mapping };
    const lines = await Array.fromAsync(readUsers(new Blob([JSON.stringify(users)]).stream(), options));
    return runLines(app, id, lines, { apply, isLast: true, provider: provider.name }, budget);
  }
  if ('url' in input) {
    const { url, provider, exportedAt } = input;
    const source = {
      from: 'url',
      url,
      shape: provider.name,
      exportedAtMs: exportedAt,
      version: null,
    } as const;
    await startJob(app, id, newBackfill(apply, source, provider.name));
  } else if ('from' in input) {
    await startJob(app, id, adoption(apply));
  }
  return runJob(app, id, budget);
}

// Every ROQ user that has no record is a stranger to an audit, which can adopt it.
function adoption(apply: boolean): AuditJob {
  return { ...newAudit({ apply, adopt: true }), cursor: { in: 'users', offset: 0 } };
}

function refuse(code: Refusal['error']['code'], message: string): Refusal {
  return { error: { code, message } };
}
