// The last steps of a user: who told what, what was sent to ROQ, what an operator did. A step is kinds, codes and names of
// fields, never a value; it is kept as a short text, for a record is to stay small. Pure.

import type { FactName, RoqFields } from './user.ts';

type Field = FactName | keyof RoqFields;

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
  /** Which of these were true: that somebody is banned is no secret, and what an operator asks first. */
  readonly truths: readonly Field[];
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

/** The text by which a step is kept. */
export function toStepText({ at, by, what, toldAt, fields, truths, code }: Step): string {
  const lag = toldAt === null ? '' : toSeconds(at - toldAt).toString(36);
  return [
    toSeconds(at).toString(36),
    by,
    what.replaceAll(/\s/g, '_').slice(0, maxWhatChars),
    lag,
    fields.map((field) => (truths.includes(field) ? letters[field].toUpperCase() : letters[field])).join(''),
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
  const fields = toFields(given.toLowerCase());
  const truths = toFields(given.replace(/[a-z]/g, '').toLowerCase());
  const toldAt = lag === '' ? null : at - Number.parseInt(lag, 36) * 1000;
  return { at, by, what, toldAt, fields, truths, code: code || null };
}

function toFields(given: string): readonly Field[] {
  return [...given].map((letter) => fieldOf.get(letter)).filter((field) => field !== undefined);
}

/** The steps of a record, the oldest first. */
export function toSteps(texts: readonly string[]): readonly Step[] {
  return texts.map(toStep).filter((step) => step !== null);
}

/** The last step of a provider or an operator that told one of these facts to be true; null where none is kept. */
export function findTold(texts: readonly string[], names: readonly FactName[]): Step | null {
  const tells = ({ by, truths }: Step) => by !== 'roq' && names.some((name) => truths.includes(name));
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
