import { expect, test } from 'vitest';
import { addStep, findTold, type Step, toStep, toSteps, toStepText } from '../lib/history.ts';
import { factNames } from '../lib/user.ts';

const at = Date.parse('2026-03-01T12:00:00Z');
const told: Step = {
  at,
  by: 'auth0-logs',
  what: 'user.created',
  toldAt: at - 7_000,
  fields: ['email', 'emailVerified'],
  flags: { emailVerified: true },
  code: null,
};

test('a step comes back as it was written, with its times to the second', () => {
  const fields = [...factNames, 'isOptedIn', 'active'] as const;
  for (const step of [
    told,
    { ...told, fields },
    { ...told, toldAt: null, code: 'roq_refused', fields: [], flags: {} },
  ])
    expect(toStep(toStepText(step))).toEqual(step);
  expect(toStep(toStepText({ ...told, at: at + 999 }))?.at).toBe(at);
  // Told ahead of our clock, or at no time at all.
  expect(toStep(toStepText({ ...told, toldAt: at + 60_000 }))?.toldAt).toBe(at + 60_000);
});

test('a kind of event can’t pretend to be another part of the step, nor grow it', () => {
  const step = toStep(toStepText({ ...told, what: `a b ${'c'.repeat(100)}` }));
  expect(step).toMatchObject({ what: `a_b_${'c'.repeat(36)}`, fields: told.fields });
});

test('what is no step is left out', () => {
  expect(toSteps(['', 'x', '!! clerk', toStepText(told)])).toEqual([told]);
});

test('an attempt that fails as the last one did takes its place, and what is told never does', () => {
  const failed: Step = {
    at,
    by: 'roq',
    what: 'retry',
    toldAt: null,
    fields: [],
    flags: {},
    code: 'roq_unavailable',
  };
  const once = addStep([], failed);
  const twice = addStep(once, { ...failed, at: at + 60_000 });
  expect(toSteps(twice)).toEqual([{ ...failed, at: at + 60_000 }]);
  expect(addStep(twice, { ...failed, code: 'roq_throttled' })).toHaveLength(2);
  expect(addStep(addStep([], told), told)).toHaveLength(2);
});

test('who told a fact is the last that did, and not what was done at ROQ', () => {
  const ban: Step = { ...told, what: 'user.banned', fields: ['disabled'], flags: { disabled: true } };
  const unban: Step = { ...told, what: 'user.updated', fields: ['disabled'], flags: { disabled: false } };
  const texts = [
    told,
    ban,
    unban,
    { ...told, by: 'roq', what: 'update', fields: ['active'] as const, flags: { active: false } },
  ].map(toStepText);
  expect(findTold(texts, ['disabled'])).toEqual(ban);
  expect(findTold(texts, ['deleted'])).toBeNull();
});
