// Asks the API of a provider's directory, within bounds on time and size; what has no answer is one error of ours.

import * as v from 'valibot';
import { DirectoryError } from '../errors.ts';
import { readBody } from '../http/bounded-body.ts';
import { parseJson } from '../json.ts';
import { invalidAnswer } from './directory.ts';

// A page of 1,000 users is a few MB.
const maxAnswerBytes = 16 * 1024 * 1024;

export type DirectoryAnswer = {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
  /** When it was true: see `Dated` in lib/directory.ts. */
  readonly at: number;
};

/** What `X-RateLimit-Reset` counts, which two sorts of providers write in two ways: seconds to go, or Unix seconds. */
export type ResetIn = 'seconds' | 'unixSeconds';

/**
 * Asks one question. Any status is an answer, but for those that say nothing of a user: throttled, unauthorized and broken.
 * @throws DirectoryError
 */
export async function askDirectory(
  url: URL,
  request: RequestInit & { readonly signal: AbortSignal },
  resetIn: ResetIn = 'seconds',
): Promise<DirectoryAnswer> {
  const askedAtMs = Date.now();
  const response = await reach(url, request);
  const { status, headers } = response;
  if (status === 429)
    throw new DirectoryError('directory_throttled', 'too many questions', waitOf(headers, resetIn));
  if (status === 401 || status === 403)
    throw new DirectoryError('directory_unauthorized', `answered ${status}`);
  if (status >= 500)
    throw new DirectoryError('directory_unavailable', `answered ${status}`, waitOf(headers, resetIn));
  return { status, headers, body: response.text, at: Math.min(askedAtMs, dateOf(headers) ?? askedAtMs) };
}

async function reach(url: URL, request: RequestInit) {
  try {
    // No redirect may lead the credentials to another host than the configured one.
    const response = await fetch(url, { ...request, redirect: 'error' });
    const text = (await readBody(response, maxAnswerBytes)).toString();
    return { status: response.status, headers: response.headers, text };
  } catch (cause) {
    throw new DirectoryError('directory_unavailable', 'the directory could not be asked', null, { cause });
  }
}

/**
 * The JSON of an answer, of the schema.
 * @throws DirectoryError `directory_invalid`
 */
export function expectAnswer<const Schema extends v.GenericSchema>(
  schema: Schema,
  { status, body }: DirectoryAnswer,
): v.InferOutput<Schema> {
  if (status !== 200) throw invalidAnswer(`answered ${status}`);
  const parsed = v.safeParse(schema, parseJson(body));
  if (!parsed.success) throw invalidAnswer('the answer is of another shape');
  return parsed.output;
}

/** The address of the next page in a Link header; null where there is none. https://www.rfc-editor.org/rfc/rfc8288 */
export function nextLink(headers: Headers): string | null {
  for (const [, target = '', parameters = ''] of (headers.get('link') ?? '').matchAll(/<([^>]*)>([^<]*)/g)) {
    if (/;\s*rel="?next"?/i.test(parameters)) return target;
  }
  return null;
}

// Of the two headers the one that is a standard counts; a wait that lies in the past is none.
function waitOf(headers: Headers, resetIn: ResetIn): number | null {
  const retryAfter = headers.get('retry-after');
  const reset =
    headers.get('x-ratelimit-reset') ?? headers.get('x-rate-limit-reset') ?? headers.get('ratelimit-reset');
  const waitMs = retryAfter === null ? toWait(reset, resetIn) : toWait(retryAfter, 'seconds');
  return waitMs !== null && waitMs > 0 ? waitMs : null;
}

function toWait(value: string | null, resetIn: ResetIn): number | null {
  if (value === null || value.trim() === '') return null;
  const seconds = Number(value);
  const waitMs = Number.isNaN(seconds)
    ? Date.parse(value) - Date.now()
    : resetIn === 'seconds'
      ? seconds * 1000
      : seconds * 1000 - Date.now();
  return Number.isFinite(waitMs) ? waitMs : null;
}

function dateOf(headers: Headers): number | null {
  const at = Date.parse(headers.get('date') ?? '');
  return Number.isNaN(at) ? null : at;
}
