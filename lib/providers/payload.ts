// The pieces that payload schemas are made of, and how a payload is read by one.

import * as v from 'valibot';
import { RejectedError } from '../errors.ts';
import { boundedJson, isObject, storableJson, storableText } from '../json.ts';
import { maxCustomDataBytes, maxCustomDataLevels, type Told } from '../user.ts';

const maxTextChars = 4_096;

/** @throws RejectedError body_malformed */
export function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (cause) {
    throw new RejectedError('body_malformed', 'the body is not JSON', { cause });
  }
}

/**
 * Reads a payload by its schema. A member that can't be read is left out where the schema can do without it, so that it
 * harms nothing beside it, and its name goes to `unread`. It is left out of the payload itself, whose member stays without
 * a value: that tells it from one that the sender left out, which may mean something.
 * @throws RejectedError payload_invalid, with the path of what does not fit and never its value
 */
export function parsePayload<const Schema extends v.GenericSchema>(
  schema: Schema,
  payload: unknown,
  unread: Set<string> = new Set(),
): v.InferOutput<Schema> {
  for (;;) {
    const result = v.safeParse(schema, payload);
    if (result.success) return result.output;
    for (const issue of result.issues) unread.add(leaveOut(issue));
  }
}

// Of a list, the whole is left out: which of its elements counts depends on the others.
function leaveOut(issue: v.BaseIssue<unknown>): string {
  const path = issue.path ?? [];
  const last = path.findLastIndex(({ type }) => type === 'object');
  const member = path[last];
  if (!member || member.value === undefined)
    throw new RejectedError(
      'payload_invalid',
      `the payload does not fit at ${v.getDotPath(issue) ?? 'the top'}`,
    );
  (member.input as Record<string, unknown>)[String(member.key)] = undefined;
  return toName(path.slice(0, last + 1));
}

// Without the places in lists, so that there are never more names than members in the schema.
function toName(path: readonly v.IssuePathItem[]): string {
  return path
    .filter(({ type }) => type === 'object')
    .map(({ key }) => String(key))
    .join('.');
}

/** Whether a member could not be read, which is not to be taken for one that the sender left out. */
export function isUnread(payload: object, name: string): boolean {
  return name in payload && (payload as Record<string, unknown>)[name] === undefined;
}

/** A value of a profile. Left out = not told, null or '' = told to be empty. */
export function text() {
  return v.pipe(
    v.nullish(shortText()),
    v.transform((text) => (text === undefined ? undefined : storableText(text ?? '') || null)),
  );
}

/** As `text`. An address with a character that no database holds can't be read: without it, it would be another's. */
export function emailAddress() {
  return v.pipe(
    v.nullish(v.pipe(shortText(), v.check(isStorable))),
    v.transform((address) => (address === '' ? null : address)),
  );
}

/** As `text`, of an http or https address; one of another sort, which could run code where it is shown, can't be read. */
export function webAddress() {
  return v.pipe(
    v.nullish(
      v.pipe(
        shortText(),
        v.check((address) => address === '' || isWebAddress(address)),
      ),
    ),
    v.transform((address) => (address === '' ? null : address)),
  );
}

/** A yes or no, also as the text that some senders make of it; null counts as not told. */
export function yesNo() {
  return v.pipe(
    v.nullish(v.pipe(v.unknown(), v.transform(toFlag), v.boolean())),
    v.transform((flag) => flag ?? undefined),
  );
}

function toFlag(value: unknown): unknown {
  const text = typeof value === 'string' ? value.toLowerCase() : '';
  return text === 'true' || text === 'false' ? text === 'true' : value;
}

/** Any object that is neither too large nor too deep, as canonical JSON text. */
export function customData() {
  return v.nullish(v.pipe(v.custom<object>(isObject), v.transform(toBoundedJson), v.string()));
}

/** An object within a payload. A list, which valibot takes for one, can't be read. */
export function object<const Entries extends v.ObjectEntries>(entries: Entries) {
  return v.pipe(v.custom<Readonly<Record<string, unknown>>>(isObject), v.object(entries));
}

const maxElements = 1_000;

/** A list; one that is longer than any of a user's can't be read, so that it costs little. */
export function list<const Element extends v.GenericSchema>(element: Element) {
  const isShort = (value: unknown) => Array.isArray(value) && value.length <= maxElements;
  return v.pipe(v.custom<readonly unknown[]>(isShort), v.array(element));
}

/** The user's immutable id. */
export function reference() {
  return v.pipe(v.string(), v.minLength(1), v.maxLength(512), v.check(isStorable));
}

/** A name that the provider gives to an event's kind. */
export function name() {
  return v.pipe(v.string(), v.minLength(1), v.maxLength(512));
}

/** The id that the provider gives to an event, for the log; null where there is none. */
export function eventId() {
  return v.nullish(name(), null);
}

/** A moment: ISO 8601 text with its time zone, or milliseconds; read as milliseconds. */
export function instant() {
  return v.pipe(v.unknown(), v.transform(toInstant), v.number());
}

/** As `instant`, with the microseconds of a text that has them as a fraction of the milliseconds. */
export function exactInstant() {
  return v.pipe(v.unknown(), v.transform(toExactInstant), v.number());
}

/** As `instant`, but it may be missing: then null. */
export function optionalInstant() {
  return v.nullish(instant(), null);
}

/**
 * The first of the moments that is there.
 * @throws RejectedError payload_invalid where none is
 */
export function firstInstant(...moments: readonly (number | null | undefined)[]): number {
  const at = moments.find((moment) => typeof moment === 'number');
  if (at === undefined) throw new RejectedError('payload_invalid', 'the payload has no time');
  return at;
}

// Older than any of these services. What is less is no time, but seconds where milliseconds are meant.
const earliestMs = Date.UTC(2000, 0);

/** The moment in milliseconds, or undefined for what is not one. */
export function toInstant(value: unknown): number | undefined {
  const isIso = typeof value === 'string' && isoPattern.test(value);
  const at = isIso ? Date.parse(value) : value;
  return typeof at === 'number' && Number.isSafeInteger(at) && at >= earliestMs ? at : undefined;
}

function toExactInstant(value: unknown): number | undefined {
  const at = toInstant(value);
  if (at === undefined) return undefined;
  const [, micros = ''] = /\.\d{3}(\d{1,3})/.exec(String(value)) ?? [];
  return at + Number(micros.padEnd(3, '0')) / 1000;
}

/** What is told, without the members that are not. */
export function tell(values: { readonly [Name in keyof Told]: Told[Name] | undefined }): Told {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

/** What is told, with the e-mail address verified where the operator vouches for all addresses. */
export function vouchFor(told: Told, isVouched: boolean): Told {
  return isVouched && told.email ? { ...told, emailVerified: true } : told;
}

const isoPattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;

// Users write these themselves, and must not fill the record by them.
function shortText() {
  return v.pipe(v.string(), v.maxLength(maxTextChars));
}

function isStorable(text: string): boolean {
  return text === storableText(text);
}

function isWebAddress(text: string): boolean {
  return /^https?:\/\/[^\s\p{C}]+$/iu.test(text) && URL.canParse(text);
}

function toBoundedJson(data: object): string | undefined {
  const json = boundedJson(data, { maxBytes: maxCustomDataBytes, maxLevels: maxCustomDataLevels });
  return json === undefined ? undefined : storableJson(json);
}
