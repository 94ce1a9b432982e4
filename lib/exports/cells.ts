// Reads one CSV row (RFC 4180), which ends where its quotes allow it.

import { isNullWord } from './shape.ts';

/**
 * The cells of a row without the blanks around them, or null for one whose quotes don't fit. A word for NULL that is not
 * in quotes is how the file writes an empty cell.
 */
export function toCells(row: string): string[] | null {
  const cells: string[] = [];
  let at = 0;
  for (;;) {
    at = skipBlanks(row, at);
    const isQuoted = row[at] === '"';
    const end = isQuoted ? closingQuote(row, at + 1) : endOfBare(row, at);
    if (end === -1) return null;
    const text = isQuoted ? row.slice(at + 1, end).replaceAll('""', '"') : row.slice(at, end);
    const cell = text.trim();
    cells.push(!isQuoted && isNullWord(cell) ? '' : cell);
    at = isQuoted ? skipBlanks(row, end + 1) : end;
    if (at === row.length) return cells;
    if (row[at] !== ',') return null;
    at++;
  }
}

function skipBlanks(row: string, from: number): number {
  let at = from;
  while (row[at] === ' ' || row[at] === '\t') at++;
  return at;
}

function closingQuote(row: string, from: number): number {
  let at = row.indexOf('"', from);
  while (at !== -1 && row[at + 1] === '"') at = row.indexOf('"', at + 2);
  return at;
}

function endOfBare(row: string, from: number): number {
  const comma = row.indexOf(',', from);
  return comma === -1 ? row.length : comma;
}
