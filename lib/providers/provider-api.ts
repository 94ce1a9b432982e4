// Asks a provider's own API: bounded in time and size, and whatever goes wrong is one error of ours.

import * as v from 'valibot';
import { UnavailableError } from '../errors.ts';

/** How long reading one user back may take, in milliseconds: Okta and Microsoft Graph wait 3 s for their answer. */
const timeoutMs = 1_500;
const maxAnswerBytes = 256 * 1024;

export type Answer = {
  readonly status: number;
  readonly body: string;
  /** When it was written, by the API's clock, in milliseconds and whole seconds; null where it does not say. */
  readonly at: number | null;
};

/** The time that one user may take, from now on, however many questions that needs. */
export function timeLimit(): AbortSignal {
  return AbortSignal.timeout(timeoutMs);
}

/**
 * Asks one question; any status is an answer.
 * @throws UnavailableError profile_unavailable
 */
export async function ask(
  url: URL,
  request: RequestInit & { readonly signal: AbortSignal },
): Promise<Answer> {
  try {
    // The credentials go to the configured host, and follow no redirect to another one.
    const response = await fetch(url, { ...request, redirect: 'error' });
    const at = Date.parse(response.headers.get('date') ?? '');
    return {
      status: response.status,
      body: await readBounded(response),
      at: Number.isNaN(at) ? null : at,
    };
  } catch (cause) {
    throw new UnavailableError('profile_unavailable', "the provider's API could not be reached", { cause });
  }
}

/**
 * What an answer says, which must be a good one.
 * @throws UnavailableError profile_unavailable
 */
export function expectJson<const Schema extends v.GenericSchema>(
  schema: Schema,
  { status, body }: Answer,
): v.InferOutput<Schema> {
  if (status !== 200) throw unavailable(`the provider's API answered ${status}`);
  const result = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), body, { abortPipeEarly: true });
  if (!result.success) throw unavailable("the answer of the provider's API is of another shape");
  return result.output;
}

export function unavailable(message: string): UnavailableError {
  return new UnavailableError('profile_unavailable', message);
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > maxAnswerBytes) throw new RangeError('the answer is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
