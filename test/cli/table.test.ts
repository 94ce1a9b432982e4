import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { paragraph, table } from '../../cli/table.ts';

describe('a table', () => {
  const rows = [
    ['f47ac10b-58cc-4372-a567-0e02b2c3d479', '3 h', 'ROQ refuses this data (roq_refused)'],
    ['ada', '12 min', 'ROQ did not answer (roq_unavailable)'],
  ];
  const header = ['reference', 'age', 'last error'];

  test('has columns as wide as their widest cell where the terminal is wide enough', () => {
    expect(lines(table(rows, { header, width: 120 }))).toEqual([
      '  reference                             age     last error',
      '  f47ac10b-58cc-4372-a567-0e02b2c3d479  3 h     ROQ refuses this data (roq_refused)',
      '  ada                                   12 min  ROQ did not answer (roq_unavailable)',
    ]);
  });

  test('that is wider than the terminal breaks the widest cells between words, in their columns', () => {
    expect(lines(table(rows, { header, width: 70 }))).toEqual([
      '  reference                             age     last error',
      '  f47ac10b-58cc-4372-a567-0e02b2c3d479  3 h     ROQ refuses this data',
      '                                                (roq_refused)',
      '  ada                                   12 min  ROQ did not answer',
      '                                                (roq_unavailable)',
    ]);
  });

  test('breaks words, behind their punctuation, only where nothing else helps', () => {
    expect(lines(table([['ada.lovelace@engines.example', 'yes']], { width: 24 }))).toEqual([
      '  ada.lovelace@      yes',
      '  engines.example',
    ]);
  });

  test('counts the places that a character takes, not its bytes', () => {
    const wide = [
      ['山田太郎', 'a'],
      ['👩‍💻', 'b'],
      ['e\u0301', 'c'],
    ];
    expect(lines(table(wide, { width: 80 }))).toEqual([
      '  山田太郎  a',
      '  👩‍💻        b',
      '  e\u0301         c',
    ]);
  });

  test('cuts no character in two', () => {
    expect(lines(table([['👩‍💻👩‍💻']], { width: 4 }))).toEqual(['  👩‍💻', '  👩‍💻']);
  });

  test('styles each line of a cell by itself', () => {
    const cell = { text: 'one two', style: 'red' } as const;
    const shown = table([[cell, 'x']], { width: 8 });
    expect(stripVTControlCharacters(shown)).toBe('  one  x\n  two');
    for (const line of shown.split('\n'))
      expect(line.includes('\u001b[31m')).toBe(line.includes('\u001b[39m'));
  });

  test('never passes the edge of the terminal, and loses nothing', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'é', '山', '-', '_', ' ', '👍'), maxLength: 60 });
    const anything = fc.array(fc.array(text, { minLength: 4, maxLength: 4 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(anything, fc.integer({ min: 20, max: 100 }), (cells, width) => {
        const shown = table(cells, { width });
        for (const line of shown.split('\n')) expect(placesOf(line)).toBeLessThanOrEqual(width);
        const count = (of: string) => [...of.replace(/\s/g, '')].toSorted().join('');
        expect(count(shown)).toBe(count(cells.flat().join('')));
      }),
    );
  });
});

test('prose is broken between words where it is wider than the terminal, and kept as it is elsewhere', () => {
  expect(paragraph('one two three\n  four', 8)).toBe('one two\nthree\n  four');
});

function lines(text: string): readonly string[] {
  return stripVTControlCharacters(text).split('\n');
}

/** By a reckoning of its own: these two take two places. */
function placesOf(line: string): number {
  return [...stripVTControlCharacters(line)].reduce((sum, char) => sum + (/山|👍/u.test(char) ? 2 : 1), 0);
}
