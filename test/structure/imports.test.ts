// Which way imports run between folders. What stands higher knows nothing of what stands lower, types included.

import { expect, test } from 'vitest';
import { listFiles, listImports, listPackages } from './tree.ts';

/** What a folder may import: other folders, or single files of them. Each names only what stands above it. */
const directions: Readonly<Record<string, readonly string[]>> = {
  'lib/*.ts': [],
  'lib/observability': ['lib/*.ts'],
  'lib/mapping': ['lib/*.ts'],
  'lib/http': ['lib/*.ts'],
  'lib/config': ['lib/*.ts', 'lib/observability', 'lib/http'],
  'lib/dynamodb': ['lib/*.ts', 'lib/observability', 'lib/http'],
  'lib/roq': ['lib/*.ts', 'lib/observability', 'lib/http'],
  'lib/signatures': ['lib/*.ts', 'lib/observability', 'lib/config', 'lib/http'],
  'lib/exports': ['lib/*.ts', 'lib/mapping', 'lib/config'],
  'lib/providers': ['lib/*.ts', 'lib/config', 'lib/http', 'lib/signatures', 'lib/exports'],
  'lib/sync': ['lib/*.ts', 'lib/observability', 'lib/dynamodb', 'lib/roq'],
  'lib/jobs': [
    'lib/*.ts',
    'lib/mapping',
    'lib/observability',
    'lib/dynamodb',
    'lib/roq',
    'lib/exports',
    'lib/providers/exports.ts',
    'lib/sync',
  ],
  'lib/app.ts': [
    'lib/*.ts',
    'lib/mapping',
    'lib/observability',
    'lib/config',
    'lib/dynamodb',
    'lib/roq',
    'lib/sync',
  ],
  'lib/operate': [
    'lib/*.ts',
    'lib/mapping',
    'lib/observability',
    'lib/config',
    'lib/dynamodb',
    'lib/roq',
    'lib/sync',
    'lib/jobs',
    'lib/app.ts',
  ],
  'lib/handlers': [
    'lib/*.ts',
    'lib/mapping',
    'lib/observability',
    'lib/config',
    'lib/exports',
    'lib/providers',
    'lib/sync',
    'lib/jobs',
    'lib/app.ts',
    'lib/operate',
  ],
  functions: [
    'lib/config',
    'lib/providers/connect.ts',
    'lib/providers/connect-directories.ts',
    'lib/providers/cognito/cognito.ts',
    'lib/app.ts',
    'lib/operate/gauges.ts',
    'lib/handlers',
  ],
  'cli/words': ['lib/*.ts', 'lib/exports', 'lib/jobs', 'lib/operate'],
  console: ['lib/*.ts', 'lib/observability', 'lib/jobs', 'lib/operate', 'cli/words'],
  local: [
    'lib/*.ts',
    'lib/mapping',
    'lib/observability',
    'lib/config',
    'lib/dynamodb',
    'lib/providers',
    'lib/sync',
    'lib/app.ts',
    'lib/handlers',
    'console',
  ],
  cli: [
    'lib/*.ts',
    'lib/mapping',
    'lib/http',
    'lib/dynamodb',
    'lib/exports',
    'lib/providers',
    'lib/jobs',
    'lib/operate',
    'cli/words',
    'console',
    'local/originals.ts',
    'local/delivery.ts',
    'local/providers/keys.ts',
  ],
  infra: ['lib/*.ts', 'lib/mapping', 'lib/config', 'lib/providers', 'local/originals.ts'],
};

// The tests may import all that stands above them, and the measurements the tests too.
const folders = [...Object.keys(directions), 'test', 'bench'];
const sources = listFiles().filter((path) => /\.(ts|js)$/.test(path));
// The package's own description has no folder, and may be read by any.
const imports = sources.flatMap(listImports).filter(({ to }) => to !== 'package.json');

test('every folder with sources has its directions, and no other has', () => {
  expect(new Set(sources.map(folderOf))).toEqual(new Set(folders));
});

test('imports between folders run only in the directions that are allowed', () => {
  const wrong = imports.filter(({ from, to }) => !isAllowed(folderOf(from), to));
  expect(wrong.map(({ from, to }) => `${from} imports ${to}`)).toEqual([]);
});

test('the directions leave no room for a circle of folders', () => {
  for (const [i, folder] of folders.entries()) {
    const above = folders.slice(0, i);
    for (const target of directions[folder] ?? []) {
      expect(above, `${folder} → ${target}`).toContain(folders.includes(target) ? target : folderOf(target));
    }
  }
});

test('no provider imports another one', () => {
  const providerOf = (path: string) => /^(?:lib|local)\/providers\/([^/]+)\//.exec(path)?.[1];
  const wrong = imports.filter(({ from, to }) => {
    const [provider, other] = [providerOf(from), providerOf(to)];
    return provider && other && provider !== other;
  });
  expect(wrong.map(({ from, to }) => `${from} imports ${to}`)).toEqual([]);
});

test.each([
  ['jose', 'lib/signatures'],
  ['graphql-request', 'lib/roq'],
  ['@aws-sdk/client-dynamodb', 'lib/dynamodb'],
])('of what is deployed, %s is imported by %s alone', (name, folder) => {
  const deployed = sources.filter((path) => /^(lib|functions)\//.test(path));
  const users = deployed.filter((path) => listPackages(path).includes(name));
  expect(new Set(users.map(folderOf))).toEqual(new Set([folder]));
});

function folderOf(path: string): string {
  const [top = '', second = '', ...rest] = path.split('/');
  if (rest.length > 0 && folders.includes(`${top}/${second}`)) return `${top}/${second}`;
  if (top !== 'lib') return top;
  if (rest.length > 0) return `lib/${second}`;
  return folders.includes(path) ? path : 'lib/*.ts';
}

function isAllowed(folder: string, to: string): boolean {
  const target = folderOf(to);
  if (folder === target) return true;
  const allowed = directions[folder] ?? folders.slice(0, folders.indexOf(folder));
  return allowed.includes(target) || allowed.includes(to);
}
