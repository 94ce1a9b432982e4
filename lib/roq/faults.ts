// What can go wrong with a call to ROQ, sorted into the closed union of codes.

import { ClientError } from 'graphql-request';
import type { RoqCode } from '../errors.ts';
import type { AnswerHeaders } from '../http/keep-alive.ts';
import { type RoqFields, roqFieldNames } from '../user.ts';

/**
 * What a failed call may have done to ROQ.
 * - `none`: nothing.
 * - `unknown`: it was answered, and is over, but part of it may have been done.
 * - `late`: it was not answered; it may have been done, or may still be.
 */
export type Effect = 'none' | 'unknown' | 'late';

/** A call to ROQ that failed. It carries neither the request nor ROQ's message: both may hold personal data. */
export class RoqError extends Error {
  override readonly name = 'RoqError';
  readonly code: RoqCode;
  readonly effect: Effect;
  readonly statusCode: number | null;
  readonly errorCode: string | null;
  readonly errorSubCode: string | null;
  readonly retryAfterMs: number | null;
  /** The fields that ROQ named as what it refuses. */
  readonly fields: readonly (keyof RoqFields)[];

  constructor(code: RoqCode, effect: Effect, details: Partial<Details> = {}) {
    super(`${code}: ${details.errorSubCode ?? details.errorCode ?? details.statusCode ?? effect}`);
    this.code = code;
    this.effect = effect;
    this.statusCode = details.statusCode ?? null;
    this.errorCode = details.errorCode ?? null;
    this.errorSubCode = details.errorSubCode ?? null;
    this.retryAfterMs = details.retryAfterMs ?? null;
    this.fields = details.fields ?? [];
  }
}

type Details = Pick<RoqError, 'statusCode' | 'errorCode' | 'errorSubCode' | 'retryAfterMs' | 'fields'>;

/** A query changes nothing; of several mutations some may have run before one failed. */
export type Kind = 'query' | 'mutation' | 'mutations';

/** What came back as GraphQL: at least one error, under whatever HTTP status. */
export function fromAnswer(
  errors: readonly unknown[],
  partialData: unknown,
  kind: Kind,
  headers: AnswerHeaders,
): RoqError {
  const details = { ...readError(errors[0]), retryAfterMs: retryAfter(headers) };
  const { statusCode } = details;
  const effect = kind === 'query' ? 'none' : 'unknown';
  // ROQ's mutations are non-null: with data beside the error, the change was made and only its answer has a gap.
  const wasTurnedAway = kind !== 'mutations' && (partialData ?? null) === null;
  const effectIfRefused = wasTurnedAway ? 'none' : effect;
  if (statusCode === 401 || statusCode === 403) {
    return new RoqError('roq_unauthorized', effectIfRefused, details);
  }
  if (statusCode === 429) return new RoqError('roq_throttled', effectIfRefused, details);
  // A query says nothing about a user's data: whatever is wrong with it now, a later one may be answered.
  if (kind === 'query') return new RoqError('roq_unavailable', 'none', details);
  if (isRefusal(details)) return new RoqError('roq_refused', effectIfRefused, details);
  return new RoqError('roq_unavailable', effect, details);
}

// ROQ answers what its database refuses as an error of its own, with the database's code: of class 22 for a value that it
// can't hold, of class 23 for one that breaks a rule. https://www.postgresql.org/docs/current/errcodes-appendix.html
function isRefusal({ statusCode, errorSubCode }: Pick<Details, 'statusCode' | 'errorSubCode'>): boolean {
  if (errorSubCode !== null && /^2[23][0-9A-Z]{3}$/.test(errorSubCode)) return true;
  return statusCode !== null && statusCode >= 400 && statusCode < 500;
}

/** What came instead of a GraphQL answer: a bare HTTP status, no connection, a time-out, or no JSON. */
export function fromFailure(failure: unknown, kind: Kind): RoqError {
  if (failure instanceof RoqError) return failure;
  if (failure instanceof ClientError) return fromStatus(failure.response, kind);
  if (neverConnected(failure)) return new RoqError('roq_unavailable', 'none');
  return unanswered(kind);
}

type HttpAnswer = {
  readonly status: number;
  readonly headers: AnswerHeaders;
  readonly errors?: readonly unknown[];
  readonly data?: unknown;
};

/** An answer that is no success, by its HTTP status. */
export function fromStatus(response: HttpAnswer, kind: Kind): RoqError {
  const details = { statusCode: response.status, retryAfterMs: retryAfter(response.headers) };
  if (response.status === 429) return new RoqError('roq_throttled', 'none', details);
  if (response.status === 401 || response.status === 403)
    return new RoqError('roq_unauthorized', 'none', details);
  if (response.errors?.length) return fromAnswer(response.errors, response.data, kind, response.headers);
  // A bare 4xx is about the request's way, a wrong address say, and not about the user in it.
  if (response.status < 500) return new RoqError('roq_unavailable', 'none', details);
  return unanswered(kind, details);
}

// A gateway that gave up says nothing of what happens behind it.
function unanswered(kind: Kind, details: Partial<Details> = {}): RoqError {
  return kind === 'query'
    ? new RoqError('roq_unavailable', 'none', details)
    : new RoqError('roq_ambiguous', 'late', details);
}

const beforeConnecting = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT']);

/** As node:http says it, or a fetch in its cause. */
function neverConnected(failure: unknown): boolean {
  const cause = failure instanceof Error ? failure.cause : undefined;
  return [failure, cause].some(
    (error) => error instanceof Error && 'code' in error && beforeConnecting.has(String(error.code)),
  );
}

type GraphQlError = {
  readonly extensions?: {
    readonly code?: unknown;
    readonly response?: {
      statusCode?: unknown;
      errorCode?: unknown;
      errorSubCode?: unknown;
      message?: unknown;
    };
  };
};

const statusOfCode: Readonly<Record<string, number>> = {
  GRAPHQL_VALIDATION_FAILED: 400,
  BAD_USER_INPUT: 400,
  UNAUTHORIZED_EXCEPTION: 401,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  INTERNAL_ERROR: 500,
};

function readError(error: unknown): Omit<Details, 'retryAfterMs'> {
  const { extensions } = (error ?? {}) as GraphQlError;
  const { statusCode, errorCode, errorSubCode, message } = extensions?.response ?? {};
  const code = text(errorCode) ?? text(extensions?.code);
  const knownStatus = code === null ? undefined : statusOfCode[code];
  return {
    statusCode: typeof statusCode === 'number' ? statusCode : (knownStatus ?? null),
    errorCode: code,
    errorSubCode: text(errorSubCode),
    fields: namedFields(message),
  };
}

// Each of the validator's messages begins with the property that it is about; nothing else of them is read, for they may
// repeat the value.
function namedFields(message: unknown): readonly (keyof RoqFields)[] {
  const messages: readonly unknown[] = Array.isArray(message) ? message : [message];
  const first = new Set(messages.map((one) => text(one)?.trim().split(/\W/, 1)[0]));
  return roqFieldNames.filter((name) => first.has(name));
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

// https://www.rfc-editor.org/rfc/rfc9110#field.retry-after: seconds, or a date.
function retryAfter(headers: AnswerHeaders): number | null {
  const value = headers.get('retry-after');
  if (value === null) return null;
  const seconds = Number(value);
  const waitMs = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(waitMs) && waitMs > 0 ? waitMs : null;
}
