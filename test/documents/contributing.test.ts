import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Provider } from '../../lib/providers/provider.ts';
import { startSigningKeys } from '../../local/providers/keys.ts';
import type { Sender } from '../../local/providers/sender.ts';
import { atMs, connect, nowMs, send, user } from '../support/sent.ts';

let folder: string;
let provider: Provider;
let sender: Sender;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'roq-sync-'));
  const text = await readFile(new URL('../../CONTRIBUTING.md', import.meta.url), 'utf8');
  const [providerCode = '', senderCode = ''] = text.matchAll(/```ts\n(.*?)```/gs).map(([, code]) => code);
  ({ acme: provider } = await load('provider', providerCode, 'lib/providers/acme/'));
  ({ acme: sender } = await load('sender', senderCode, 'local/providers/acme/'));
});
afterAll(() => rm(folder, { recursive: true }));

/** What the code exports, as if it stood in that folder. */
async function load(name: string, code: string, place: string) {
  const base = new URL(`../../${place}`, import.meta.url);
  const resolve = (specifier: string) =>
    /^\.|^node:/.test(specifier) ? new URL(specifier, base).href : import.meta.resolve(specifier);
  const path = join(folder, `${name}.ts`);
  await writeFile(
    path,
    code.replace(/ from '(.+?)';/g, (_, specifier) => ` from '${resolve(specifier)}';`),
  );
  return import(pathToFileURL(path).href);
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
    expect(Object.keys(sender.examples)).toEqual(
      expect.arrayContaining(provider.mirrored.map(({ kind }) => kind)),
    );
  } finally {
    await keys.close();
  }
});
