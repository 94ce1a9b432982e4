// The workflows run nowhere but at the host: what can go stale in them is looked at here.

import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

type Step = { readonly uses?: string; readonly run?: string };
type Workflow = {
  readonly permissions: object;
  readonly jobs: Readonly<Record<string, { readonly steps: readonly Step[] }>>;
};

const folder = new URL('../../.github/workflows/', import.meta.url);
const { scripts } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
const workflows = readdirSync(folder).map((name) => {
  const workflow: Workflow = parse(readFileSync(new URL(name, folder), 'utf8'));
  return { name, workflow, steps: Object.values(workflow.jobs).flatMap(({ steps }) => steps) };
});

test.each(workflows)('$name pins what it uses, and may only read', ({ workflow, steps }) => {
  expect(workflow.permissions).toEqual({ contents: 'read' });
  const used = steps.map(({ uses }) => uses).filter((action) => action !== undefined);
  expect(used.filter((action) => !/@[\da-f]{40}$/.test(action))).toEqual([]);
});

test.each(workflows)('$name runs scripts that there are', ({ steps }) => {
  const named = steps.flatMap(({ run = '' }) => [...run.matchAll(/npm run ([\w:-]+)/g)]);
  for (const [, script = ''] of named) expect(Object.keys(scripts)).toContain(script);
});
