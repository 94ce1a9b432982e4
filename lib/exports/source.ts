// Where an export is read from: an https address, such as a presigned one of S3.

import { get as getHttp, type IncomingMessage } from 'node:http';
import { get as getHttps } from 'node:https';
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
  const download = new Download(url);
  try {
    const { statusCode, headers } = await inTime(download, endsAt, () => download.response);
    // An answer without the file says nothing about the file's version. A redirect is not followed: it could lead into the
    // network that this runs in, and what was signed for one host holds for no other.
    if (statusCode !== 200) throw new SourceError('source_unavailable');
    const found = headers.etag ?? headers['last-modified'] ?? null;
    if (version !== null && found !== version) throw new SourceError('source_changed');
    return { body: readBody(download, endsAt), version: found };
  } catch (error) {
    download.stop();
    throw error;
  }
}

async function* readBody(download: Download, endsAt: number): AsyncGenerator<Uint8Array> {
  const response = await download.response;
  const chunks = response[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { done, value } = await inTime(download, endsAt, () => chunks.next());
      if (done) break;
      yield value as Uint8Array;
    }
    // Such as more bytes than the server said there were.
    if (download.failure) throw new SourceError('source_unavailable', { cause: download.failure });
  } finally {
    download.stop();
  }
}

/**
 * One request and its answer. By node:http: the built-in fetch ends the process by an assertion that nothing can catch when
 * a server closes the connection while the reader takes its time.
 */
class Download {
  readonly response: Promise<IncomingMessage>;
  readonly stop: () => void;
  /** What went wrong with the connection, whenever that was. */
  failure: Error | null = null;

  constructor(url: string) {
    const get = new URL(url).protocol === 'https:' ? getHttps : getHttp;
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    // Compressed on the way would hide the file's own bytes. No agent: the connection is for this file alone.
    const request = get(url, { agent: false, headers: { 'accept-encoding': 'identity' } }, resolve);
    request.on('error', (error) => {
      this.failure = error;
      reject(error);
    });
    // What is not waited for any more must not end the process.
    promise.catch(() => {});
    this.response = promise;
    this.stop = () => request.destroy();
  }
}

/** Waits for the server, but not for ever. */
async function inTime<Answer>(
  download: Download,
  endsAt: number,
  wait: () => Promise<Answer>,
): Promise<Answer> {
  const leftMs = endsAt - performance.now();
  if (leftMs <= 0) throw new SourceError('source_slow');
  const timer = setTimeout(download.stop, Math.min(patienceMs, leftMs));
  try {
    return await wait();
  } catch (cause) {
    const isOver = performance.now() >= endsAt;
    throw new SourceError(isOver ? 'source_slow' : 'source_unavailable', { cause });
  } finally {
    clearTimeout(timer);
  }
}
