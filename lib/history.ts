// The last steps of a user: who told what, what was sent to ROQ, what an operator did. A step is kinds, codes and names of
// fields, never a value; it is kept as a short text, for a record is to stay small. Pure.

import type { FactName, RoqFields } from './user.ts';

type Field = FactName | keyof RoqFields;

/** Whether a field was true; left out where it is no flag, or that is not known. */
export type Flags = { readonly [Name in Field]?: boolean };

export type Step = {
  /** When it was written down, in milliseconds of our clock; kept to the second. */
  readonly at: number;
  /** The provider that told it, `roq` for what was done there, or `operator`. */
  readonly by: string;
  /** The provider's own name of the kind, what was done at ROQ and how it ended, or the operator's command. */
  readonly what: string;
  /** When it happened by the provider's clock, in milliseconds; kept to the second; null where nobody told it. */
  readonly toldAt: number | null;
  /** Of an event the facts that it told, of a change at ROQ the fields that were sent. */
  readonly fields: readonly Field[];
  /** Of those that are true or false, which it was: that somebody is banned is what an operator asks first. */
  readonly flags: Flags;
  /** Why it failed; of an event, which expression of the mapping did. */
  readonly code: string | null;
};

const letters: Readonly<Record<Field, string>> = {
  email: 'e',
  phone: 'p',
  firstName: 'f',
  lastName: 'l',
  locale: 'o',
  timezone: 'z',
  avatarUrl: 'a',
  customData: 'c',
  tenantId: 't',
  emailVerified: 'v',
  disabled: 'd',
  deleted: 'x',
  gone: 'g',
  outOfScope: 's',
  isOptedIn: 'i',
  active: 'y',
};

const fieldOf = new Map(Object.entries(letters).map(([field, letter]) => [letter, field as Field]));

// A provider's kinds are longer than this only in what tells nothing more.
const maxWhatChars = 40;

/** The flags among some values. */
export function flagsOf(values: Readonly<Record<string, unknown>>): Flags {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => typeof value === 'boolean'));
}

/** The text by which a step is kept. */
export function toStepText({ at, by, what, toldAt, fields, flags, code }: Step): string {
  const lag = toldAt === null ? '' : toSeconds(at - toldAt).toString(36);
  return [
    toSeconds(at).toString(36),
    by,
    what.replaceAll(/\s/g, '_').slice(0, maxWhatChars),
    lag,
    fields.map((field) => `${letters[field]}${toSign(flags[field])}`).join(''),
    code ?? '',
  ]
    .join(' ')
    .trimEnd();
}

/** The step of a text; null for one that is none, such as a newer version may have written. */
export function toStep(text: string): Step | null {
  const [at36 = '', by, what, lag = '', given = '', code = ''] = text.split(' ');
  const at = Number.parseInt(at36, 36) * 1000;
  if (!by || !what || Number.isNaN(at)) return null;
  const toldAt = lag === '' ? null : at - Number.parseInt(lag, 36) * 1000;
  return { at, by, what, toldAt, ...toFields(given), code: code || null };
}

function toSign(flag: boolean | undefined): string {
  return flag === undefined ? '' : flag ? '+' : '-';
}

function toFields(given: string): Pick<Step, 'fields' | 'flags'> {
  const fields: Field[] = [];
  const flags: { [Name in Field]?: boolean } = {};
  for (const [, letter = '', sign] of given.matchAll(/([a-z])([+-]?)/g)) {
    const field = fieldOf.get(letter);
    if (!field) continue;
    fields.push(field);
    if (sign) flags[field] = sign === '+';
  }
  return { fields, flags };
}

/** The steps of a record, the oldest first. */
export function toSteps(texts: readonly string[]): readonly Step[] {
  return texts.map(toStep).filter((step) => step !== null);
}

/** The last step of a provider or an operator that told one of these facts to be true; null where none is kept. */
export function findTold(texts: readonly string[], names: readonly FactName[]): Step | null {
  const tells = ({ by, flags }: Step) => by !== 'roq' && names.some((name) => flags[name]);
  return toSteps(texts).findLast(tells) ?? null;
}

/** The steps with one more; a repeat of the last, such as one more attempt that failed alike, takes its place. */
export function addStep(steps: readonly string[], step: Step): readonly string[] {
  const text = toStepText(step);
  const last = steps.at(-1);
  const isRepeat = step.by === 'roq' && last !== undefined && withoutTime(last) === withoutTime(text);
  return [...(isRepeat ? steps.slice(0, -1) : steps), text];
}

function withoutTime(text: string): string {
  return text.slice(text.indexOf(' '));
}

function toSeconds(ms: number): number {
  return Math.floor(ms / 1000);
}
