// Where an export is read from: an https address, such as a presigned one of S3.

import { isSecureUrl } from '../settings.ts';

export type SourceCode = 'source_unavailable' | 'source_changed' | 'shape_unknown';

export class SourceError extends Error {
  override readonly name = 'SourceError';
  readonly code: SourceCode;

  constructor(code: SourceCode, options?: ErrorOptions) {
    super(code, options);
    this.code = code;
  }
}

export type Source = {
  readonly body: AsyncIterable<Uint8Array>;
  /** Which version of the file this is; null where the server does not say. */
  readonly etag: string | null;
};

const answerMs = 10_000;

/**
 * Opens the file for one reading from its start.
 * @throws SourceError `source_unavailable`; `source_changed` when it is no longer the version of `etag`
 */
export async function openSource(url: string, etag: string | null): Promise<Source> {
  if (!isSecureUrl(url)) throw new SourceError('source_unavailable');
  const response = await answered(url);
  const found = response.headers.get('etag');
  if (etag !== null && found !== etag) {
    await response.body?.cancel();
    throw new SourceError('source_changed');
  }
  if (!response.ok || !response.body) throw new SourceError('source_unavailable');
  return { body: readable(response.body), etag: found };
}

async function answered(url: string): Promise<Response> {
  const aborter = new AbortController();
  const timer = setTimeout(() => aborter.abort(), answerMs);
  try {
    // Compressed on the way would hide the file's own bytes; a redirect could lead anywhere.
    const headers = { 'accept-encoding': 'identity' };
    return await fetch(url, { signal: aborter.signal, redirect: 'error', headers });
  } catch (cause) {
    throw new SourceError('source_unavailable', { cause });
  } finally {
    clearTimeout(timer);
  }
}

async function* readable(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (cause) {
    throw new SourceError('source_unavailable', { cause });
  }
}
