// A token by which a directory is asked, fetched as OAuth 2.0 has it and kept until it ends.
// https://www.rfc-editor.org/rfc/rfc6749#section-4.4

import * as v from 'valibot';
import { createTokenCache, type TokenCache } from '../http/token-cache.ts';
import { askDirectory, expectAnswer } from './directory-api.ts';

// For all who wait for it, so it does not end with the patience of the first.
const timeoutMs = 10_000;

const token = v.object({ access_token: v.pipe(v.string(), v.minLength(1)), expires_in: v.number() });

/** `toForm`: what is sent for a new one. Getting one throws DirectoryError. */
export function directoryTokens(
  url: URL,
  toForm: () => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>,
): TokenCache {
  return createTokenCache(async () => {
    const askedAtMs = Date.now();
    const body = new URLSearchParams(await toForm());
    const request = { method: 'POST', body, signal: AbortSignal.timeout(timeoutMs) };
    const { access_token: text, expires_in } = expectAnswer(token, await askDirectory(url, request));
    return { text, endsAtMs: askedAtMs + expires_in * 1000 };
  }, Date.now);
}
