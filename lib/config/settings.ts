// The kinds of environment settings: how each is read, and what is said of one that can't work.

import * as v from 'valibot';
import { ConfigError } from '../errors.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

const parameterPrefix = 'ssm:';

/** The name of the parameter in which a setting's value stands; null where it stands in the environment itself. */
export function parameterOf(value: string | undefined): string | null {
  return value?.startsWith(parameterPrefix) ? value.slice(parameterPrefix.length) : null;
}

/** The setting by which secrets may be short; it is read with every secret. */
export const shortSecretsSetting = 'ALLOW_SHORT_SECRETS';

/**
 * Reads settings from the environment; an empty variable counts as one that is missing.
 * @throws ConfigError naming everything that is wrong, never a value
 */
export function readSettings<Entries extends v.ObjectEntries>(
  entries: Entries,
  environment: Environment,
): v.InferOutput<v.ObjectSchema<Entries, undefined>> {
  const unread = Object.keys(entries).filter((setting) => parameterOf(environment[setting]) !== null);
  const result = v.safeParse(v.object(entries), environment, { abortPipeEarly: true });
  const allowsShort = environment[shortSecretsSetting]?.trim().toLowerCase() === 'true';
  const issues = (result.issues ?? [])
    .filter(({ requirement }) => !(allowsShort && requirement === areLong))
    .filter((issue) => !unread.includes(v.getDotPath(issue) ?? ''));
  const faults = [
    // No parameter was found for it, and its very name must not be taken for the value.
    ...unread.map((setting) => `${setting} names ${parameterOf(environment[setting])}, ${noParameter}`),
    ...issues.map((issue) => `${v.getDotPath(issue)} ${issue.message}`),
  ];
  if (faults.length === 0 && result.typed) return result.output;
  throw new ConfigError(faults);
}

const noParameter = 'which is no parameter, or may not be read';

/** A text that must be there. */
export function text(description: string) {
  return v.pipe(given(), v.description(description));
}

/** A text that may be missing: then ''. */
export function optionalText(description: string) {
  return v.pipe(maybe(), v.description(description));
}

/** One of a few words, the first of which holds where nothing is set. */
export function choice<const Words extends readonly [string, ...string[]]>(
  words: Words,
  description: string,
) {
  const list = words.map((word) => `"${word}"`).join(' or ');
  return v.pipe(
    maybe(),
    v.transform((text) => text || words[0]),
    v.picklist(words, `must be ${list}`),
    v.description(description),
  );
}

/** `true` or `false`; where nothing is set, `otherwise`. */
export function flag(otherwise: boolean, description: string) {
  return v.pipe(
    maybe(),
    v.transform((text) => text.toLowerCase() || String(otherwise)),
    v.picklist(['true', 'false'], 'must be "true" or "false"'),
    v.transform((text) => text === 'true'),
    v.description(description),
  );
}

/** Whether the operator vouches for all e-mail addresses of who does not say which of them are verified. */
export function vouchedEmails(who: string) {
  return flag(
    false,
    `${who} does not say whether an e-mail address is verified. Set to "true" where all of them are.`,
  );
}

/** A number within bounds; where nothing is set, `otherwise`. */
export function number(
  otherwise: number,
  { min, max, isWhole = true }: { readonly min: number; readonly max: number; readonly isWhole?: boolean },
  description: string,
) {
  return v.pipe(
    v.optional(v.string(), ''),
    v.trim(),
    v.transform((text) => (text === '' ? otherwise : Number(text))),
    v.check(
      (value) => (isWhole ? Number.isInteger(value) : Number.isFinite(value)) && value >= min && value <= max,
      `must be a ${isWhole ? 'whole ' : ''}number from ${min} to ${max}`,
    ),
    v.description(description),
  );
}

/** Words separated by spaces, of which there must be one at least. */
export function words(description: string) {
  return v.pipe(given(), v.transform(toWords), v.description(description));
}

/** Words separated by spaces; there may be none. */
export function optionalWords(description: string) {
  return v.pipe(maybe(), v.transform(toWords), v.description(description));
}

/** A secret text by which we make ourselves known to somebody else, who has chosen it. */
export function secretText(description: string) {
  return v.pipe(secretGiven(), v.description(description));
}

/** As `secretText`, but it may be missing: then ''. */
export function optionalSecretText(description: string) {
  return v.pipe(secretMaybe(), v.description(description));
}

/** `name=value` pairs separated by spaces; there may be none. */
export function pairs(description: string) {
  return v.pipe(
    maybe(),
    v.transform(toWords),
    v.check(
      (words) => words.every((word) => /^[\w-]+=\S{1,64}$/.test(word)),
      'must be name=value, and more of them',
    ),
    v.transform((words) => Object.fromEntries(words.map((word) => toPair(word)))),
    v.description(description),
  );
}

function toPair(word: string): readonly [name: string, value: string] {
  const at = word.indexOf('=');
  return [word.slice(0, at), word.slice(at + 1)];
}

/**
 * Names that may hold spaces, separated by commas, of which there must be one at least. Where there is no comma, each of the
 * words is a name as well: so they were written before.
 */
export function names(description: string) {
  return v.pipe(
    given(),
    v.transform((text) => (text.includes(',') ? text.split(',') : [text, ...toWords(text)])),
    v.transform((names) => [...new Set(names.map((name) => name.trim()).filter(Boolean))]),
    v.minLength(1, 'is missing'),
    v.description(description),
  );
}

/** What secrets of a kind look like, where they are not just any text. */
export type SecretFormat = { readonly matches: (secret: string) => boolean; readonly description: string };

const anyText: SecretFormat = { matches: (secret) => secret !== '', description: 'text' };

/** Secrets separated by spaces, all of which are right: two while one is being replaced by another. */
export function secrets(description: string, format = anyText) {
  return v.pipe(
    secretGiven(),
    v.transform(toWords),
    v.check((secrets) => secrets.every(format.matches), `must be ${format.description}`),
    v.check<string[], string>(areLong, tooShort),
    v.description(description),
  );
}

/** As `secrets`, but there may be none. */
export function optionalSecrets(description: string, format = anyText) {
  return v.pipe(
    secretMaybe(),
    v.transform(toWords),
    v.check((secrets) => secrets.every(format.matches), `must be ${format.description}`),
    v.check<string[], string>(areLong, tooShort),
    v.description(description),
  );
}

/** Whole header values separated by commas, for they hold spaces, of which there must be one at least. */
export function credentials(description: string) {
  return v.pipe(optionalCredentials(description), v.minLength(1, 'is missing'), v.description(description));
}

/** Whole header values separated by commas, for they hold spaces; there may be none. */
export function optionalCredentials(description: string) {
  return v.pipe(
    secretMaybe(),
    v.transform((text) => text.split(',').map((value) => value.trim())),
    v.transform((values) => values.filter(Boolean)),
    v.check<string[], string>(areLong, tooShort),
    v.description(description),
  );
}

/** Whether a setting's value must be known to nobody else. */
export function isSecret(schema: v.GenericSchema): boolean {
  return 'isSecret' in v.getMetadata(schema);
}

const minSecretChars = 16;
const tooShort = `must have ${minSecretChars} random characters or more, as "openssl rand -hex 32" makes them; ${shortSecretsSetting}: "true" lets shorter ones pass`;

// Of a header's value, what stands before the secret, such as "Bearer", is known to all.
function areLong(secrets: readonly string[]): boolean {
  return secrets.every((secret) => secret.slice(secret.lastIndexOf(' ') + 1).length >= minSecretChars);
}

/** An address that must be there. */
export function url(description: string) {
  return v.pipe(given(), v.check(isSecureUrl, insecure), v.description(description));
}

/** An address that may be missing: then ''. */
export function optionalUrl(description: string) {
  return v.pipe(
    maybe(),
    v.check((text) => text === '' || isSecureUrl(text), insecure),
    v.description(description),
  );
}

/** Whether an address is https, or of this very machine; never with a name and password in it. */
export function isSecureUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  const isLoopback = ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  return (
    (protocol === 'https:' || (protocol === 'http:' && isLoopback)) && username === '' && password === ''
  );
}

const insecure = 'must be an address that begins with https:// (http:// only on this very machine)';

function maybe() {
  return v.pipe(v.optional(v.string(), ''), v.trim());
}

function given() {
  return v.pipe(v.optional(v.string(), ''), v.trim(), v.nonEmpty('is missing'));
}

function secretMaybe() {
  return v.pipe(maybe(), v.metadata({ isSecret: true }));
}

function secretGiven() {
  return v.pipe(given(), v.metadata({ isSecret: true }));
}

function toWords(text: string): string[] {
  return text.split(/\s+/).filter(Boolean);
}
