// A backfill's file, or the lines that somebody sends, in chunks: after each the job says where it stands.

import { type ExportLine, readUsers } from '../exports/read.ts';
import { openSource, SourceError } from '../exports/source.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { findShape } from '../providers/exports.ts';
import type { RunBudget } from '../sync/concurrency.ts';
import { type BackfillPorts, backfillChunk } from './backfill.ts';
import type { BackfillJob, FileSource } from './backfill-job.ts';

type FilePorts = BackfillPorts & { readonly mapping: Mapping };

// Two full rounds of eight batches of 25: what is left over in a last round would leave ROQ idle.
const chunkLines = 400;

/** Takes a file from an address, after the lines that are done. Throws SourceError, UnavailableError. */
export async function* backfillFile(
  ports: FilePorts,
  job: BackfillJob,
  { url, version, shape, exportedAtMs }: FileSource,
  budget: RunBudget,
): AsyncGenerator<BackfillJob> {
  const known = findShape(shape);
  if (!known) throw new SourceError('shape_unknown');
  const file = await openSource(url, version, budget.deadline - ports.now());
  const source: FileSource = { from: 'url', url, shape, exportedAtMs, version: file.version };
  const lines = readUsers(file.body, {
    shape: known,
    exportedAtMs,
    mapping: ports.mapping.get(shape),
    after: job.line,
  });
  yield* backfillLines(ports, { ...job, source }, lines, true, budget);
}

/** Takes lines chunk by chunk, after those that are done; `isLast`: no more will follow. Throws UnavailableError. */
export async function* backfillLines(
  ports: FilePorts,
  job: BackfillJob,
  lines: AsyncIterable<ExportLine> | Iterable<ExportLine>,
  isLast: boolean,
  budget: RunBudget,
): AsyncGenerator<BackfillJob> {
  let current = job;
  for await (const chunk of chunksOf(lines, job.line)) {
    const report = await backfillChunk(ports, chunk, current, budget);
    if (!report) return;
    current = { ...current, line: chunk.at(-1)?.line ?? current.line, report };
    yield current;
  }
  if (isLast) yield { ...current, isRead: true };
}

async function* chunksOf(
  lines: AsyncIterable<ExportLine> | Iterable<ExportLine>,
  after: number,
): AsyncGenerator<readonly ExportLine[]> {
  let chunk: ExportLine[] = [];
  for await (const line of lines) {
    if (line.line <= after) continue;
    chunk.push(line);
    if (chunk.length === chunkLines) {
      yield chunk;
      chunk = [];
    }
  }
  if (chunk.length > 0) yield chunk;
}
