import { globSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Provider } from '../../lib/providers/provider.ts';
import { startSigningKeys } from '../../local/providers/keys.ts';
import type { Sender } from '../../local/providers/sender.ts';
import { atMs, connect, nowMs, send, user } from '../support/sent.ts';

const text = await readFile(new URL('../../CONTRIBUTING.md', import.meta.url), 'utf8');

let folder: string;
let provider: Provider;
let sender: Sender;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'roq-sync-'));
  // Each code stands under the path of its file.
  const steps = text.matchAll(/^\d\. `((?:lib|local)\/[^`]+)`.*?```ts\n(.*?)```/gms);
  for (const [, path = '', code = ''] of steps) await writeExample(path, code);
  ({ acme: provider } = await import(toUrl('lib/providers/acme/acme.ts')));
  ({ acme: sender } = await import(toUrl('local/providers/acme/acme.ts')));
});
afterAll(() => rm(folder, { recursive: true }));

function toUrl(path: string): string {
  return pathToFileURL(join(folder, path)).href;
}

/** Writes an example's file, whose imports from other folders are the project's own. */
async function writeExample(path: string, code: string): Promise<void> {
  const place = new URL(`../../${path}`, import.meta.url);
  const resolve = (specifier: string) => {
    if (specifier.startsWith('./')) return specifier;
    return /^\.\.|^node:/.test(specifier) ? new URL(specifier, place).href : import.meta.resolve(specifier);
  };
  const file = join(folder, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(
    file,
    code.replace(/ from '(.+?)';/g, (_, specifier) => ` from '${resolve(specifier)}';`),
  );
}

test("the worked example of CONTRIBUTING.md reads what its sender sends, and refuses a stranger's", async () => {
  const keys = await startSigningKeys();
  try {
    const settings = sender.environment(keys);
    const read = connect(provider, settings);
    for (const { payload, wanted } of Object.values(sender.examples)) {
      const events = await read(await send(sender, payload(user, atMs), { keys, settings }), nowMs);
      expect(events).toMatchObject(wanted(user, atMs));
      const strangers = sender.environment(keys);
      const forged = await send(sender, payload(user, atMs), { keys, settings: strangers });
      await expect(read(forged, nowMs)).rejects.toMatchObject({ code: 'signature_mismatch' });
    }
    const kinds = Object.values(sender.examples).flatMap(({ wanted }) => wanted(user, atMs));
    expect(kinds.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(provider.mirrored.map(({ kind }) => kind)),
    );
  } finally {
    await keys.close();
  }
});

test('the tables on adding a provider name nothing that the sources have not', async () => {
  const root = new URL('../../', import.meta.url);
  const files = globSync('{lib,local/providers}/**/*.ts', { cwd: root });
  const sources = await Promise.all(files.map((file) => readFile(new URL(file, root), 'utf8')));
  const [, section = ''] = /\n## Add a provider\n(.*?)\n## /s.exec(text) ?? [];
  const tables = section.split('\n').filter((line) => line.startsWith('|'));
  const names = [...tables.join('\n').matchAll(/`([a-z]+[A-Z]\w*)/g)].map(([, name = '']) => name);
  expect(names).toContain('verifyHmac');
  expect(names.filter((name) => !sources.join('\n').includes(name))).toEqual([]);
});
