// What the words and codes in a text mean, beneath it.

import { table } from './table.ts';
import type { Term } from './words/glossary.ts';

/** The text, and beneath it, less prominent, what its terms mean. */
export function withLegend(text: string, terms: readonly Term[]): string {
  if (terms.length === 0) return text;
  return `${text}\n\n${table(terms.map((term) => term.map((cell) => ({ text: cell, style: 'dim' as const }))))}`;
}
