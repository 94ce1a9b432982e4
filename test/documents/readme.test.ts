import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { coreSettings } from '../../lib/config/config.ts';
import { cognitoSettings } from '../../lib/providers/cognito/cognito.ts';
import { webhookSettings } from '../../lib/providers/connect.ts';
import { directories } from '../../lib/providers/directories.ts';
import { providers } from '../../lib/providers/registry.ts';
import { writeProviderDocs, writeReadme } from '../../local/provider-docs.ts';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const docs = readFileSync(new URL('../../docs/providers.md', import.meta.url), 'utf8');

test('the documents are what npm run provider -- readme writes', () => {
  expect(readme).toBe(writeReadme(readme));
  expect(docs).toBe(writeProviderDocs());
});

test('the documents name every setting there is, and no other', () => {
  const settings = new Set([
    ...Object.keys({ ...coreSettings, ...webhookSettings, ...cognitoSettings }),
    ...providers.flatMap(({ settings }) => Object.keys(settings)),
    ...directories.flatMap(({ settings }) => Object.keys(settings)),
  ]);
  const named = new Set(`${readme}${docs}`.match(/\b[A-Z][A-Z\d]*(?:_[A-Z\d]+)+\b|\bPROVIDERS\b/g));
  expect([...settings].filter((name) => !named.has(name))).toEqual([]);
  // Some kinds of events are written like settings.
  const kinds = providers.flatMap(({ mirrored, ignored, pings = [], notices = [] }) => [
    ...mirrored.map(({ kind }) => kind),
    ...ignored,
    ...pings,
    ...notices,
  ]);
  const unknown = [...named].filter(
    (name) => !settings.has(name) && !kinds.some((kind) => kind.includes(name)),
  );
  expect(unknown).toEqual([]);
});

test.each(providers)(
  'the documents have a section on $name, to which its row in the README leads',
  (provider) => {
    const row = readme.split('\n').find((line) => line.includes(`](docs/providers.md#${provider.name})`));
    expect(row).toContain(provider.family);
    if (row?.includes('| – |')) expect(row).not.toMatch(/\|\s+\|$/);
    const [, section = ''] = docs.split(`\n## ${provider.name}\n`);
    const [own = ''] = section.split('\n## ');
    for (const { kind } of provider.mirrored) expect(own).toContain(`| \`${kind}\` |`);
    for (const name of Object.keys(provider.settings)) expect(own).toContain(`| \`${name}\` |`);
    expect(own).toMatch(/\*\*At the provider\.\*\* \S/);
    expect(own).toMatch(/\*\*Sent again\.\*\* \S/);
  },
);

test('the documents name the oldest Node that package.json asks for', () => {
  const { engines } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  const oldest = `Node ${engines.node.replace('>=', '')} or newer`;
  const deploy = readFileSync(new URL('../../docs/deploy.md', import.meta.url), 'utf8');
  expect(readme).toContain(oldest);
  expect(deploy).toContain(oldest);
});
