import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { coreSettings, webhookSettings } from '../lib/config.ts';
import { providers } from '../lib/providers/registry.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

test('the README names every setting there is, and no other', () => {
  const settings = new Set([
    ...Object.keys({ ...coreSettings, ...webhookSettings }),
    ...providers.flatMap(({ settings }) => Object.keys(settings)),
  ]);
  const named = new Set(readme.match(/\b[A-Z]+(?:_[A-Z]+)+\b|\bPROVIDERS\b/g));
  expect([...named].sort()).toEqual([...settings].sort());
});

test.each(providers)('the README has $name and every kind of event that it mirrors', ({ name, mirrored }) => {
  const row = readme.split('\n').find((line) => line.startsWith(`| \`${name}\` |`)) ?? '';
  for (const { kind } of mirrored) {
    const short = kind.replace(/^.*event-type\//, '').replace(/^.*event:(prov:\w+)(?::\w+)?$/, '$1');
    expect(row, kind).toContain(`\`${short}\``);
  }
});
