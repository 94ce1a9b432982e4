// The pieces that payload schemas are made of, and how a payload is read by one.

import * as v from 'valibot';
import { RejectedError } from '../errors.ts';
import { boundedJson, isObject } from '../json.ts';
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
 * Reads a payload by its schema.
 * @throws RejectedError payload_invalid, with the path of what does not fit and never its value
 */
export function parsePayload<const Schema extends v.GenericSchema>(
  schema: Schema,
  payload: unknown,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, payload, { abortEarly: true });
  if (result.success) return result.output;
  const path = v.getDotPath(result.issues[0]) ?? 'the top';
  throw new RejectedError('payload_invalid', `the payload does not fit at ${path}`);
}

/**
 * A value of a profile. Left out = not told, null or '' = told to be empty.
 * A text that is too long counts as not told, and the event is still read: users write these themselves, and must not be
 * able to keep out an event that disables them.
 */
export function text() {
  return v.pipe(
    v.nullish(v.string()),
    v.transform((text) => {
      if (text === undefined || (text?.length ?? 0) > maxTextChars) return undefined;
      return text?.toWellFormed() || null;
    }),
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

/** Any object, as canonical JSON text; one that is too large or too deep counts as not told. */
export function customData() {
  return v.pipe(
    v.nullish(v.custom<object>(isObject)),
    v.transform((data) => (data ? toBoundedJson(data) : data)),
  );
}

/** As `customData`, but data that is too large or too deep does not fit. */
export function boundedCustomData() {
  return v.nullish(v.pipe(v.custom<object>(isObject), v.transform(toBoundedJson), v.string()));
}

/** The user's immutable id. */
export function reference() {
  return v.pipe(
    v.string(),
    v.minLength(1),
    v.maxLength(512),
    v.check((id) => id.isWellFormed()),
  );
}

/** A name or id that the provider gives to an event. */
export function name() {
  return v.pipe(v.string(), v.minLength(1), v.maxLength(512));
}

/** A moment: ISO 8601 text with its time zone, or milliseconds; read as milliseconds. */
export function instant() {
  return v.pipe(v.unknown(), v.transform(toInstant), v.number());
}

/** As `instant`, but it may be missing: then null. */
export function optionalInstant() {
  return v.nullish(instant(), null);
}

// Older than any of these services. What is less is no time, but seconds where milliseconds are meant.
const earliestMs = Date.UTC(2000, 0);

/** The moment in milliseconds, or undefined for what is not one. */
export function toInstant(value: unknown): number | undefined {
  const isIso = typeof value === 'string' && isoPattern.test(value);
  const at = isIso ? Date.parse(value) : value;
  return typeof at === 'number' && Number.isSafeInteger(at) && at >= earliestMs ? at : undefined;
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

function toBoundedJson(data: object): string | undefined {
  return boundedJson(data, { maxBytes: maxCustomDataBytes, maxLevels: maxCustomDataLevels });
}
