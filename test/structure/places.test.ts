// CONTRIBUTING.md says for every file where it belongs. Of two places that a file is in, the inner one is meant.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { listFiles } from './tree.ts';

const contributing = readFileSync(new URL('../../CONTRIBUTING.md', import.meta.url), 'utf8');
const [, section = ''] = contributing.split('## Where a line of code lives\n');
const [table = ''] = section.split('\n## ');
const places = table
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .flatMap((row) => [...(row.split(' | ')[0] ?? '').matchAll(/`([^`]+)`/g)].map(([, place = '']) => place));
const files = listFiles();

test('every file has its place', () => {
  expect(files.filter((file) => placeOf(file) === undefined)).toEqual([]);
});

test('every place is named once and has a file', () => {
  expect(places).toEqual([...new Set(places)]);
  const taken = new Set(files.map(placeOf));
  expect(places.filter((place) => !taken.has(place))).toEqual([]);
});

function placeOf(file: string): string | undefined {
  return places
    .filter((place) => isIn(file, place))
    .sort((one, other) => other.length - one.length)
    .at(0);
}

function isIn(file: string, place: string): boolean {
  const pattern = RegExp(`^${place.replaceAll('.', '\\.').replaceAll('<name>', '[^/]+')}`);
  return place.endsWith('/') ? pattern.test(file) : file === place;
}
