import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { providers } from '../../lib/providers/registry.ts';
import { clerk } from '../../local/providers/clerk/clerk.ts';
import { findGaps } from '../../local/providers/gaps.ts';
import { senders } from '../../local/providers/registry.ts';
import type { Example } from '../../local/providers/sender.ts';

const root = join(import.meta.dirname, '../..');
const readme = await readFile(join(root, 'README.md'), 'utf8');
const docs = await readFile(join(root, 'docs/providers.md'), 'utf8');
const registered = { providers, senders, readme, docs };

test.each(providers)('$name has its sender, an example of each kind, and its documents', ({ name }) => {
  expect(findGaps(registered).filter(({ provider }) => provider === name)).toEqual([]);
});

test('every sender has its provider', () => {
  expect(findGaps(registered)).toEqual([]);
});

test('a provider that has nothing else lacks a sender and its documents, by its name', () => {
  const newcomer = { name: 'newcomer', mirrored: [{ kind: 'user.created', means: 'signed up' }] };
  expect(findGaps({ ...registered, providers: [...providers, newcomer] })).toEqual([
    {
      provider: 'newcomer',
      lacks: 'a sender',
      toDo: expect.stringContaining('local/providers/FOLDER/newcomer.ts'),
    },
    {
      provider: 'newcomer',
      lacks: 'a section in docs/providers.md',
      toDo: 'run npm run provider -- readme',
    },
    { provider: 'newcomer', lacks: 'a row in README.md', toDo: 'run npm run provider -- readme' },
  ]);
});

test('a provider lacks an example of each kind that its sender shows only as left alone, or not at all', () => {
  const leftAlone: Example = {
    payload: () => ({}),
    wanted: (_, at) => [{ kind: 'user.created', reference: null, at, told: null }],
  };
  const { 'user.deleted': _deleted, ...examples } = clerk.examples;
  const sender = { ...clerk, examples: { ...examples, 'user.created': leftAlone } };
  const others = senders.filter(({ name }) => name !== 'clerk');
  const toDo = expect.stringContaining('local/providers/');
  expect(findGaps({ ...registered, senders: [...others, sender] })).toEqual([
    { provider: 'clerk', lacks: 'an example of user.created', toDo },
    { provider: 'clerk', lacks: 'an example of user.deleted', toDo },
  ]);
});

test('a sender lacks a provider, by its name', () => {
  expect(findGaps({ ...registered, senders: [...senders, { ...clerk, name: 'newcomer' }] })).toEqual([
    {
      provider: 'newcomer',
      lacks: expect.stringContaining('lib/providers/registry.ts'),
      toDo: expect.stringContaining('newcomer.ts'),
    },
  ]);
});

test('npm run provider says what a provider lacks, and fails', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'provider-'));
  try {
    for (const name of ['package.json', 'README.md', 'docs', 'lib', 'local'])
      await cp(join(root, name), join(folder, name), { recursive: true });
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
    const registry = join(folder, 'local/providers/registry.ts');
    const text = await readFile(registry, 'utf8');
    await writeFile(registry, text.replaceAll(/^.*\bclerk\b.*\n/gm, ''));
    const failed = await promisify(execFile)(process.execPath, ['local/provider.ts', 'list'], {
      cwd: folder,
    }).catch((failure) => failure);
    expect(failed).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('clerk'),
      stderr: expect.stringMatching(/^clerk lacks a sender: write local\/providers\/FOLDER\/clerk\.ts/m),
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});
