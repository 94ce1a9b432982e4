// The project's files and what they import, as paths from its root. Read as text: TypeScript 7 has no compiler API, and
// what imports types alone must be seen as well.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

export type Import = { readonly from: string; readonly to: string };

/** Every file below the folders of the root, but for what is hidden, installed or generated. */
export function listFiles(): readonly string[] {
  const generated = ['node_modules', 'coverage', 'reports'];
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && !generated.includes(entry.name))
    .flatMap(({ name }) => listFolder(join(root, name)));
}

function listFolder(path: string): readonly string[] {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll(sep, '/'));
}

/** What a file imports of ours, types included. */
export function listImports(from: string): readonly Import[] {
  return listSpecifiers(from)
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => posix.join(posix.dirname(from), specifier))
    .map((to) => {
      if (!existsSync(join(root, to))) throw new Error(`${from} imports ${to}, which does not exist`);
      return { from, to };
    });
}

/** The packages that a file imports, and Node's own modules. */
export function listPackages(from: string): readonly string[] {
  return listSpecifiers(from).filter((specifier) => !specifier.startsWith('.'));
}

function listSpecifiers(from: string): readonly string[] {
  const text = readFileSync(join(root, from), 'utf8');
  const imports = /(?:\bfrom |\bimport\(|^import )'([\w@./:-]+)'/gm;
  return [...text.matchAll(imports)].map(([, specifier = '']) => specifier);
}
