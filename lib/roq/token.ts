// The super admin token of ROQ's service account: where it comes from, and what it says of itself.

import type { Answer, Fetch } from '../http/keep-alive.ts';
import { createTokenCache, type Token, type TokenCache } from '../http/token-cache.ts';
import { fromFailure, fromStatus, RoqError } from './faults.ts';

export type TokenOptions = {
  readonly url: string;
  readonly environmentId: string;
  readonly apiKey: string;
  readonly timeoutMs: number;
  readonly now: () => number;
  readonly fetch: Fetch;
};

// The official SDK trusts a token for an hour at most, whatever it says itself.
const maxLifeMs = 60 * 60_000;
const serviceAccount = 'project-service-account@roq.tech';

/** The token to send now. Its `get` throws RoqError `roq_unavailable`, `roq_throttled` or `roq_unauthorized`. */
export function createTokenSource(options: TokenOptions): TokenCache {
  return createTokenCache(() => fetchToken(options), options.now);
}

export type TokenFacts = {
  /** How long a new token is good for, by its own words; null where it says nothing. */
  readonly lifetimeMs: number | null;
  /** By how much ROQ's clock is ahead of ours, to within a second; null where ROQ does not say. */
  readonly clockAheadMs: number | null;
};

/** Fetches a token to see what it is like. Throws as `get` does. */
export async function inspectToken(options: TokenOptions): Promise<TokenFacts> {
  const { text, date } = await postForToken(options);
  const expiry = expiryMs(text);
  const roqNow = Date.parse(date ?? '');
  return {
    lifetimeMs: expiry === null ? null : expiry - options.now(),
    clockAheadMs: Number.isNaN(roqNow) ? null : roqNow - options.now(),
  };
}

async function fetchToken(options: TokenOptions): Promise<Token> {
  const { text } = await postForToken(options);
  const trustedUntilMs = options.now() + maxLifeMs;
  return { text, endsAtMs: Math.min(trustedUntilMs, expiryMs(text) ?? trustedUntilMs) };
}

async function postForToken({
  url,
  environmentId,
  apiKey,
  timeoutMs,
  fetch,
}: TokenOptions): Promise<{ readonly text: string; readonly date: string | null }> {
  const { body, date } = await post(fetch, new URL('/v01/authorize/serviceAccount', url), timeoutMs, {
    email: serviceAccount,
    environmentId,
    apiKey,
  });
  const text = body !== null && typeof body === 'object' && 'accessToken' in body ? body.accessToken : null;
  if (typeof text !== 'string' || text === '') throw new RoqError('roq_unavailable', 'none');
  return { text, date };
}

async function post(
  fetch: Fetch,
  url: URL,
  timeoutMs: number,
  body: object,
): Promise<{ readonly body: unknown; readonly date: string | null }> {
  let response: Answer;
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      // No redirect may lead the API key to another host than the configured one.
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (response.ok) return { body: await response.json(), date: response.headers.get('date') };
  } catch (error) {
    throw fromFailure(error, 'query');
  }
  const isRefused = response.status === 400 || response.status === 401 || response.status === 403;
  if (isRefused) throw new RoqError('roq_unauthorized', 'none', { statusCode: response.status });
  throw fromStatus(response, 'query');
}

// The token is ROQ's to verify; we only read when it ends, where it is a JWT.
function expiryMs(token: string): number | null {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    const isJwt = claims !== null && typeof claims === 'object' && 'exp' in claims;
    return isJwt && typeof claims.exp === 'number' ? claims.exp * 1000 : null;
  } catch {
    return null;
  }
}
