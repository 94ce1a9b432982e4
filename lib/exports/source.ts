// Where an export is read from: an https address, such as a presigned one of S3.

import { isSecureUrl } from '../config/settings.ts';

/** `source_slow`: what is left of the run was not enough to get on with the file. */
export type SourceCode = 'source_unavailable' | 'source_changed' | 'source_slow' | 'shape_unknown';

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
  readonly version: string | null;
};

// How long the server may keep us waiting: for its answer, and for each piece of the file.
const patienceMs = 10_000;

/**
 * Opens the file for one reading from its start, which ends `maxMs` from now.
 * @throws SourceError `source_unavailable`; `source_changed` when it is no longer that `version`
 */
export async function openSource(url: string, version: string | null, maxMs: number): Promise<Source> {
  if (!isSecureUrl(url)) throw new SourceError('source_unavailable');
  const endsAt = performance.now() + maxMs;
  const aborter = new AbortController();
  const response = await inTime(aborter, endsAt, () => get(url, aborter.signal));
  const { ok, headers, body } = response;
  // What answers instead of the file says nothing of the file's version.
  if (!ok || !body) {
    await body?.cancel();
    throw new SourceError('source_unavailable');
  }
  const found = headers.get('etag') ?? headers.get('last-modified');
  if (version !== null && found !== version) {
    await body.cancel();
    throw new SourceError('source_changed');
  }
  return { body: readable(body, aborter, endsAt), version: found };
}

// Compressed on the way would hide the file's own bytes; a redirect could lead anywhere.
function get(url: string, signal: AbortSignal): Promise<Response> {
  return fetch(url, { signal, redirect: 'error', headers: { 'accept-encoding': 'identity' } });
}

async function* readable(
  body: ReadableStream<Uint8Array>,
  aborter: AbortController,
  endsAt: number,
): AsyncGenerator<Uint8Array> {
  const chunks = body[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { done, value } = await inTime(aborter, endsAt, () => chunks.next());
      if (done) return;
      yield value;
    }
  } finally {
    // Whoever reads no further wants no more of it.
    aborter.abort();
  }
}

/** Waits for the server, but not for ever. */
async function inTime<Answer>(
  aborter: AbortController,
  endsAt: number,
  wait: () => Promise<Answer>,
): Promise<Answer> {
  const leftMs = endsAt - performance.now();
  if (leftMs <= 0) throw new SourceError('source_slow');
  const timer = setTimeout(() => aborter.abort(), Math.min(patienceMs, leftMs));
  try {
    return await wait();
  } catch (cause) {
    const isOver = performance.now() >= endsAt;
    throw new SourceError(isOver ? 'source_slow' : 'source_unavailable', { cause });
  } finally {
    clearTimeout(timer);
  }
}
