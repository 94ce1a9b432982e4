// Sends a file of this machine to the backfill function in chunks, from the line where an earlier run stopped.

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { type ExportLine, readUsers } from '../lib/exports/read.ts';
import type { ExportShape } from '../lib/exports/shape.ts';
import type { JobView } from '../lib/jobs/job-view.ts';
import { compileMapping } from '../lib/mapping/compile.ts';
import type { MappingSettings } from '../lib/mapping/mapping.ts';
import { findShape, shapes } from '../lib/providers/exports.ts';
import { toInstant } from '../lib/providers/payload.ts';
import type { Call } from './command.ts';
import { findJob } from './job.ts';
import { bar } from './progress.ts';
import { Refusal } from './refusal.ts';
import { plain } from './words/plain.ts';
import { explainLine } from './words/reasons.ts';

export type UserFile = {
  readonly path: string;
  readonly bytes: number;
  readonly shape: ExportShape;
  readonly exportedAtMs: number | null;
  /** A hash of the content and of how it is read, by which the same file goes on with the same job. */
  readonly fingerprint: string;
};

// The most that the function takes at once.
const chunkLines = 400;

// Half of what an invocation takes, since the chunk may end with one large line more.
const chunkBytes = 3 * 1024 * 1024;

const maxStalls = 6;

/** Finds the file, and how it is to be read. @throws Refusal */
export async function openFile(
  path: string,
  provider: string,
  exportedAt: string | undefined,
): Promise<UserFile> {
  const shape = findShape(provider);
  if (!shape) {
    const names = shapes.map(({ name }) => name).join(', ');
    throw new Refusal('wrongUsage', `--provider takes one of ${names}.`);
  }
  const exportedAtMs = exportedAt === undefined ? null : toInstant(exportedAt);
  if (exportedAtMs === undefined) {
    throw new Refusal('wrongUsage', '--exported-at takes a time such as 2026-05-04T12:00:00Z.');
  }
  const found = await stat(path).catch(() => null);
  if (found?.isDirectory()) {
    const hint = "Give a file of users; of Keycloak's export to a folder, each …-users-….json.";
    throw new Refusal('wrongUsage', `${path} is a folder. ${hint}`);
  }
  if (!found?.isFile()) throw new Refusal('wrongUsage', `There is no file ${path}.`);
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  const fingerprint = hash.update(`\n${provider}\n${exportedAtMs}`).digest('hex').slice(0, 12);
  return { path, bytes: found.size, shape, exportedAtMs, fingerprint };
}

/** Plans or applies the file to its end. @throws Refusal when it makes no progress; the next run goes on */
export async function sendFile(call: Call, file: UserFile, apply: boolean): Promise<JobView> {
  const { id, after } = apply ? await findUnfinished(call, file) : newPlan(file);
  const counter = { bytes: 0 };
  const settings = await call.invoke<MappingSettings>('operate', { command: 'mapping' });
  const mapping = compileMapping(settings).get(file.shape.name);
  const lines = readUsers(countBytes(file.path, counter), { ...file, mapping, after });
  const doneShare = () => (file.bytes === 0 ? 1 : counter.bytes / file.bytes);
  let start: { readonly atMs: number; readonly share: number } | null = null;
  let view: JobView | null = null;
  for await (const chunk of chunksOf(lines, after)) {
    // The rate counts from here: what an earlier run did took none of this run's time.
    start ??= { atMs: Date.now(), share: after > 0 ? doneShare() : 0 };
    view = await sendChunk(call, id, chunk, { apply, provider: file.shape.name });
    const elapsedMs = Math.max(Date.now() - start.atMs, 1);
    const rate = Math.round(((lineOf(view) - after) * 1_000) / elapsedMs);
    const shown = bar(doneShare(), elapsedMs, start.share);
    call.progress.show(`${apply ? 'applying' : 'planning'} ${shown}  line ${lineOf(view)}, ${rate}/s`);
    if (view.state !== 'running') break;
  }
  call.progress.clear();
  if (!view) throw new Error('a file has a last chunk at least');
  return view;
}

/** A job of this file, and the last line of it that is done. */
type FileJob = { readonly id: string; readonly after: number };

function newPlan({ fingerprint }: UserFile): FileJob {
  return { id: `file-${fingerprint}-plan-${Date.now()}`, after: 0 };
}

// A file that was applied to its end is applied again, since records may have changed meanwhile.
async function findUnfinished(call: Call, { fingerprint }: UserFile): Promise<FileJob> {
  for (let run = 1; ; run++) {
    const id = `file-${fingerprint}-apply-${run}`;
    const known = await findJob(call, id);
    if (!known) return { id, after: 0 };
    if (known.state === 'running') return { id, after: lineOf(known) };
  }
}

async function* countBytes(path: string, counter: { bytes: number }): AsyncGenerator<Uint8Array> {
  for await (const chunk of createReadStream(path)) {
    counter.bytes += (chunk as Buffer).length;
    yield chunk as Buffer;
  }
}

/** @throws Refusal */
function refuseFile(fault: Extract<ExportLine, { is: 'invalid' }>): never {
  const { line, reason, where } = fault;
  const what = where === null ? reason : `${reason} ${plain(where)}`;
  throw new Refusal(
    'wrongUsage',
    `Nothing is read from line ${line} on. ${what}: ${explainLine(fault)}.`,
    reason,
  );
}

type Chunk = { readonly lines: readonly ExportLine[]; readonly isLast: boolean };

async function* chunksOf(lines: AsyncIterable<ExportLine>, after: number): AsyncGenerator<Chunk> {
  let chunk: ExportLine[] = [];
  let bytes = 0;
  for await (const line of lines) {
    if (line.is === 'invalid' && line.isWholeFile) refuseFile(line);
    if (line.line <= after) continue;
    if (chunk.length === chunkLines || bytes > chunkBytes) {
      yield { lines: chunk, isLast: false };
      chunk = [];
      bytes = 0;
    }
    chunk.push(line);
    bytes += Buffer.byteLength(JSON.stringify(line));
  }
  yield { lines: chunk, isLast: true };
}

/** Sends a chunk until every line of it is done; the function skips those that are. */
async function sendChunk(
  { invoke, progress }: Call,
  id: string,
  { lines, isLast }: Chunk,
  options: { readonly apply: boolean; readonly provider: string },
): Promise<JobView> {
  let left = lines;
  for (let stalls = 0; stalls < maxStalls; ) {
    const input = { job: id, ...options, lines: left, isLast };
    const view = await invoke<JobView>('backfill', input);
    const before = left.length;
    left = left.filter(({ line }) => line > lineOf(view));
    if (view.state !== 'running' || (left.length === 0 && !isLast)) return view;
    stalls = left.length < before ? 0 : stalls + 1;
    progress.show('ROQ does not answer; trying again');
    if (stalls > 0) await delay(500 * 2 ** stalls);
  }
  throw new Refusal(
    'needsPerson',
    'ROQ does not answer. What is done is done: the same command goes on from there.',
    'stalled',
  );
}

function lineOf(view: JobView): number {
  return view.is === 'backfill' ? view.line : 0;
}
