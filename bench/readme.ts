// Writes the figures of a run into README.md, between its two marks.

import { readFileSync, writeFileSync } from 'node:fs';
import type { Machine } from './machine.ts';
import { goalTable, type Report, toMarkdown } from './report.ts';

export type FullRun = Machine & {
  readonly command: string;
  readonly reports: Readonly<Record<string, Report>>;
};

const begin = '<!-- figures: written by `npm run bench -- --write` -->';
const end = '<!-- end of figures -->';

/** @throws Error when the marks are gone. */
export function writeReadme(run: FullRun): void {
  const file = new URL('README.md', import.meta.url);
  const text = readFileSync(file, 'utf8');
  const [before, rest] = text.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new Error('bench/README.md has lost its marks');
  writeFileSync(file, `${before}${begin}\n\n${figuresOf(run)}\n${end}${after}`);
}

function figuresOf({ date, node, processor, cores, memoryGb, command, reports }: FullRun): string {
  const all = Object.values(reports);
  const where = `${date}, Node ${node}, ${cores} processors (${processor}), ${memoryGb} GB: \`${command}\`.`;
  const plots = all
    .flatMap((report) => report.plots)
    .map(({ file, title }) => `![${title}](plots/${file})\n`);
  const tables = [goalTable(all.flatMap(({ goals }) => goals)), ...all.flatMap((report) => report.tables)];
  return [where, '', ...tables.map(toMarkdown), ...plots].join('\n');
}
