// Text laid out on a terminal: columns, and lines that are no wider than it.

import { styleText } from 'node:util';
import measure from 'fast-string-truncated-width';

type Style = Parameters<typeof styleText>[0];

/** Text, or text with a style, which is kept apart from it because a cell may be broken into lines. */
export type Cell = string | { readonly text: string; readonly style: Style };

const gap = '  ';

/** Without a terminal there is nothing that text has to fit into. */
const terminalWidth = () => process.stdout.columns || Number.POSITIVE_INFINITY;

type Layout = { readonly header?: readonly string[]; readonly indent?: string; readonly width?: number };

/** Columns as wide as their widest cell; where that is wider than the terminal, cells are broken into lines. */
export function table(rows: readonly (readonly Cell[])[], layout: Layout = {}): string {
  const { header = [], indent = '  ', width = terminalWidth() } = layout;
  const head = header.map((text) => ({ text, style: 'dim' as const }));
  const all = header.length > 0 ? [head, ...rows] : rows;
  const count = Math.max(0, ...all.map((row) => row.length));
  const columns = Array.from({ length: count }, (_, i) => all.map((row) => textOf(row[i] ?? '')));
  const widths = fit(columns, width - indent.length - gap.length * (count - 1));
  return all
    .flatMap((row) => toLines(row, widths))
    .map((line) => `${indent}${line}`.trimEnd())
    .join('\n');
}

function textOf(cell: Cell): string {
  return typeof cell === 'string' ? cell : cell.text;
}

/** The widths of the columns: of what is too wide, first texts are broken between words, then words. */
function fit(columns: readonly (readonly string[])[], available: number): readonly number[] {
  const widest = (texts: readonly string[]) => Math.max(0, ...texts.map(widthOf));
  const widths = columns.map(widest);
  const longestWords = columns.map((texts) => widest(texts.flatMap((text) => text.split(' '))));
  narrow(widths, longestWords, available);
  // A wide character takes two places.
  narrow(widths, Array(columns.length).fill(2), available);
  return widths;
}

/** Narrows the widest column, the last of several, until all fit or none may be narrower. */
function narrow(widths: number[], floors: readonly number[], available: number): void {
  for (let excess = widths.reduce((sum, width) => sum + width, 0) - available; excess > 0; excess--) {
    const slack = widths.map((width, i) => (width > (floors[i] ?? 0) ? width : 0));
    const widest = slack.lastIndexOf(Math.max(...slack));
    if (!slack[widest]) return;
    widths[widest] = slack[widest] - 1;
  }
}

function toLines(row: readonly Cell[], widths: readonly number[]): readonly string[] {
  const cells = widths.map((width, i) => toBlock(row[i] ?? '', width));
  const height = Math.max(...cells.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) =>
    cells.map((lines, i) => lines[line] ?? ' '.repeat(widths[i] ?? 0)).join(gap),
  );
}

/** The lines of a cell, each as wide as its column. A no-break space keeps words together, and is shown as a space. */
function toBlock(cell: Cell, width: number): readonly string[] {
  return wrap(textOf(cell), width).map((line) => {
    const text = line.replaceAll('\u00a0', ' ');
    const padding = ' '.repeat(width - widthOf(text));
    return (typeof cell === 'string' ? text : styleText(cell.style, text)) + padding;
  });
}

/** Lines that are no wider than the terminal; one that is wider is broken between words. */
export function paragraph(text: string, width: number): string {
  return text
    .split('\n')
    .flatMap((line) => wrap(line, width))
    .join('\n');
}

function wrap(text: string, width: number): readonly string[] {
  if (widthOf(text) <= width) return [text];
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').flatMap((word) => cut(word, width))) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (widthOf(longer) <= width) {
      line = longer;
      continue;
    }
    lines.push(line);
    line = word;
  }
  return [...lines, line];
}

const graphemes = new Intl.Segmenter();

/** A word in pieces that are no wider than that, cut behind punctuation where that leaves no short piece. */
function cut(word: string, width: number): readonly string[] {
  if (widthOf(word) <= width) return [word];
  const pieces: string[] = [];
  let piece = '';
  for (const { segment } of graphemes.segment(word)) {
    if (widthOf(piece + segment) > width) {
      const lastWord = piece.search(/[\p{L}\p{N}]*$/u);
      const end = lastWord > piece.length / 2 ? lastWord : piece.length;
      pieces.push(piece.slice(0, end));
      piece = piece.slice(end);
    }
    piece += segment;
  }
  return [...pieces, piece];
}

function widthOf(text: string): number {
  return measure(text).width;
}

/** A document as JSON on one line, in which whatever a terminal would act upon is escaped. */
export function toJson(document: unknown): string {
  return JSON.stringify(document).replace(unprintable, (characters) =>
    Array.from({ length: characters.length }, (_, i) => escapeUnit(characters.charCodeAt(i))).join(''),
  );
}

// Of these JSON itself escapes U+0000 to U+001F alone: the others move the cursor, or turn the direction of what follows.
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

function escapeUnit(code: number): string {
  return `\\u${code.toString(16).padStart(4, '0')}`;
}

/** A title, in bold. */
export function heading(text: string): string {
  return styleText('bold', text);
}
