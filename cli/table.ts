// Columns of text on a terminal.

import { stripVTControlCharacters, styleText } from 'node:util';

/** Pads each column to its widest cell; a header is dimmed. */
export function table(rows: readonly (readonly string[])[], header?: readonly string[]): string {
  const all = header ? [header, ...rows] : rows;
  const columns = Math.max(0, ...all.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, i) =>
    Math.max(...all.map((row) => widthOf(row[i] ?? ''))),
  );
  const line = (row: readonly string[]) =>
    `  ${row.map((cell, i) => cell + ' '.repeat((widths[i] ?? 0) - widthOf(cell))).join('  ')}`.trimEnd();
  return [...(header ? [styleText('dim', line(header))] : []), ...rows.map(line)].join('\n');
}

function widthOf(cell: string): number {
  return stripVTControlCharacters(cell).length;
}

/** Text that came from elsewhere, as it can be shown: without what a terminal would act upon, on one line, not long. */
export function plain(value: unknown, maxLength = 60): string {
  const text = String(value ?? '').replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ');
  return text.length > maxLength ? `${text.slice(0, maxLength - 1)}…` : text;
}

export function heading(text: string): string {
  return styleText('bold', text);
}

export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
