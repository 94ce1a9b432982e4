// What a benchmark hands back, and how it is printed.

import { styleText } from 'node:util';

export type Table = {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly notes?: readonly string[];
};

/** What a figure was to be, and what it is; a ratio is of ours to the other's. */
export type Goal = {
  readonly goal: string;
  readonly wanted: { readonly atMost: number } | { readonly atLeast: number };
  readonly measured: number;
};

export type Plot = {
  readonly file: string;
  readonly title: string;
  readonly is: 'bars' | 'lines';
  readonly unit: string;
  readonly x: readonly string[];
  readonly series: Readonly<Record<string, readonly number[]>>;
};

export type Report = {
  readonly tables: readonly Table[];
  readonly goals: readonly Goal[];
  readonly plots: readonly Plot[];
};

/** One benchmark: `quick` makes it small, to see that it runs. */
export type Bench = (options: {
  readonly quick: boolean;
  readonly profile: string | null;
}) => Promise<Report>;

export function isMet({ wanted, measured }: Goal): boolean {
  return 'atMost' in wanted ? measured <= wanted.atMost : measured >= wanted.atLeast;
}

/** The table for people, in a terminal. */
export function toText({ title, columns, rows, notes = [] }: Table): string {
  const widths = columns.map((column, i) =>
    Math.max(column.length, ...rows.map((row) => row[i]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ');
  const lines = [
    styleText('dim', line(columns)),
    ...rows.map(line),
    ...notes.map((note) => styleText('dim', note)),
  ];
  return `\n${styleText('bold', title)}\n${lines.join('\n')}\n`;
}

/** The same in Markdown. */
export function toMarkdown({ title, columns, rows, notes = [] }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rule = columns.map((_, i) => (i === 0 ? '---' : '--:'));
  return [
    `### ${title}`,
    '',
    line(columns),
    line(rule),
    ...rows.map(line),
    ...notes.map((note) => `\n${note}`),
    '',
  ].join('\n');
}

export function goalTable(goals: readonly Goal[]): Table {
  return {
    title: 'Goals',
    columns: ['goal', 'wanted', 'measured', ''],
    rows: goals.map((goal) => [
      goal.goal,
      'atMost' in goal.wanted ? `≤ ${goal.wanted.atMost}` : `≥ ${goal.wanted.atLeast}`,
      short(goal.measured),
      isMet(goal) ? 'met' : `missed by ${missedBy(goal)} %`,
    ]),
  };
}

/** A figure with three digits that count. */
export function short(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}

function missedBy({ wanted, measured }: Goal): string {
  const limit = 'atMost' in wanted ? wanted.atMost : wanted.atLeast;
  return ((Math.abs(measured - limit) / limit) * 100).toFixed(0);
}
