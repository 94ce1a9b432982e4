import { globSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const files = globSync('lib/providers/*/*.ts', { cwd: root });
const inputs = await readImports(['lib/providers/exports.ts', 'lib/providers/directories.ts', ...files]);

const isOf = (name: string) => (file: string) => basename(file) === `${name}.ts`;
const isUser = isOf('user');
const isExport = isOf('export');
const isDirectory = isOf('directory');
const ofWebhooks = files.filter((file) => ![isUser, isExport, isDirectory].some((isKind) => isKind(file)));

describe('of a provider', () => {
  test.each(files)("%s imports nothing of another provider's folder", (file) => {
    const elsewhere = reach(file).filter((found) => files.includes(found));
    expect(elsewhere.filter((found) => dirname(found) !== dirname(file))).toEqual([]);
  });

  test.each(ofWebhooks)(
    '%s, which is of its webhooks, imports neither its export nor its directory',
    (file) => {
      expect(reach(file).filter((found) => isExport(found) || isDirectory(found))).toEqual([]);
    },
  );

  test.each(files.filter(isExport))('%s imports of its folder only its user', (file) => {
    const own = reach(file).filter((found) => dirname(found) === dirname(file));
    expect(own).toEqual([join(dirname(file), 'user.ts')]);
  });

  test.each(files.filter(isUser))('%s imports nothing of its folder', (file) => {
    expect(reach(file).filter((found) => dirname(found) === dirname(file))).toEqual([]);
  });
});

test('exports.ts lists every export there is', () => {
  const listed = inputs['lib/providers/exports.ts'] ?? [];
  expect(files.filter((file) => isExport(file) && !listed.includes(file))).toEqual([]);
});

test('directories.ts lists every directory there is', () => {
  const listed = inputs['lib/providers/directories.ts'] ?? [];
  expect(files.filter((file) => isDirectory(file) && !listed.includes(file))).toEqual([]);
});

/** Every file that a file imports, or that one of those does. */
function reach(file: string): readonly string[] {
  const found = new Set<string>();
  const visit = (path: string) => {
    for (const imported of inputs[path] ?? []) {
      if (found.has(imported)) continue;
      found.add(imported);
      visit(imported);
    }
  };
  visit(file);
  return [...found];
}

/** What each file imports when it runs; an import of types alone leaves no trace in a bundle. */
async function readImports(entryPoints: string[]): Promise<Readonly<Record<string, readonly string[]>>> {
  const { metafile } = await build({
    entryPoints,
    absWorkingDir: root,
    bundle: true,
    packages: 'external',
    platform: 'node',
    metafile: true,
    write: false,
    outdir: 'unused',
    logLevel: 'silent',
  });
  return Object.fromEntries(
    Object.entries(metafile.inputs).map(([path, { imports }]) => [path, imports.map((found) => found.path)]),
  );
}
