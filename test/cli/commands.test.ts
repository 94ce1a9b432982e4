import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { commands } from '../../cli/commands.ts';
import { commonOptions, toOption } from '../../cli/options.ts';
import { glossary } from '../../cli/words/glossary.ts';

const root = new URL('../..', import.meta.url);
const docs = readdirSync(new URL('docs/', root)).filter((name) => name.endsWith('.md'));
const files = ['README.md', 'SECURITY.md', ...docs.map((name) => `docs/${name}`)];

/** Every `npx …` and `npm run …` that a document tells to type. */
const told = files.flatMap((file) => {
  const text = readFileSync(new URL(file, root), 'utf8');
  return [...text.matchAll(/\bnp[xm] [^`\n#|\]]+/g)].map(([line]) => ({ file, line: line.trim() }));
});

test.each(told.filter(({ line }) => line.startsWith('npm run -s roq-sync -- ')))(
  '$file tells a command that there is: $line',
  ({ line }) => {
    // What another command gives is a word of this one.
    const words = line.replace('npm run -s roq-sync -- ', '').replace(/\$\([^)]*\)/g, 'word');
    const [name, ...rest] = words.trim().split(/\s+/);
    if (name === '--help') return;
    const command = commands.find((candidate) => candidate.name === name);
    expect(command).toBeDefined();
    const options = rest.filter((word) => word.startsWith('--'));
    const known = [...(command?.takes ?? []), ...commonOptions].map((name) => toOption(name).long);
    expect(options.filter((option) => !known.includes(option))).toEqual([]);
  },
);

test('the documents tell no script that there is not', () => {
  const { scripts } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));
  const named = told.flatMap(({ line }) => /^npm run (?:-s )?([\w:-]+)/.exec(line)?.[1] ?? []);
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((name) => !(name in scripts))).toEqual([]);
});

test('the runbook explains the ten words of the system, and those of the command line as that does', () => {
  const runbook = readFileSync(new URL('docs/runbook.md', root), 'utf8');
  const [, section = ''] = runbook.split('\n## Words\n');
  const entries = section.matchAll(/^- \*\*(.+?)\*\*: (.+(?:\n {2}.+)*)/gm);
  const explained = new Map(
    Array.from(entries, ([, word = '', text = '']) => [word, text.replace(/\s+/g, ' ')]),
  );
  const ten = 'fold converge drain adopt stranger parked held waiting reference ceiling'.split(' ');
  expect([...explained.keys()].toSorted()).toEqual(ten.toSorted());
  for (const [word, meaning] of Object.entries(glossary)) {
    expect(explained.get(word)).toContain(`${meaning}.`);
  }
});
