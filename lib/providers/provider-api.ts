// Asks a provider's own API, within bounds on time and size; every failure is one error of ours.

import type * as v from 'valibot';
import { RejectedError, UnavailableError } from '../errors.ts';
import { readBody } from '../http/bounded-body.ts';
import { parseJson } from '../json.ts';
import { parsePayload } from './payload.ts';

/** The time to read one user: Okta and Microsoft Graph wait 3 s for the answer to their event. */
const timeoutMs = 1_500;
const maxAnswerBytes = 256 * 1024;

export type ApiAnswer = {
  readonly status: number;
  readonly body: string;
  /** When it was written by the API's clock, which counts whole seconds, in milliseconds; null where it does not say. */
  readonly at: number | null;
};

/** Ends when the time to read one user is over, however many questions it takes. */
export function userTimeLimit(): AbortSignal {
  return AbortSignal.timeout(timeoutMs);
}

/**
 * Asks one question; any status is an answer.
 * @throws UnavailableError profile_unavailable
 */
export async function askApi(
  url: URL,
  request: RequestInit & { readonly signal: AbortSignal },
): Promise<ApiAnswer> {
  try {
    // No redirect may lead the credentials to another host than the configured one.
    const response = await fetch(url, { ...request, redirect: 'error' });
    const at = Date.parse(response.headers.get('date') ?? '');
    return {
      status: response.status,
      body: (await readBody(response, maxAnswerBytes)).toString(),
      at: Number.isNaN(at) ? null : at,
    };
  } catch (cause) {
    throw new UnavailableError('profile_unavailable', "the provider's API could not be reached", { cause });
  }
}

/**
 * The content of an answer, which must be 200 and of the schema; members that can't be read are left out as in an event.
 * @throws UnavailableError profile_unavailable
 */
export function expectJson<const Schema extends v.GenericSchema>(
  schema: Schema,
  { status, body }: ApiAnswer,
  unread?: Set<string>,
): v.InferOutput<Schema> {
  if (status !== 200) throw apiUnavailable(`the provider's API answered ${status}`);
  try {
    return parsePayload(schema, parseJson(body), unread);
  } catch (error) {
    if (!(error instanceof RejectedError)) throw error;
    throw apiUnavailable("the answer of the provider's API is of another shape");
  }
}

export function apiUnavailable(message: string): UnavailableError {
  return new UnavailableError('profile_unavailable', message);
}
