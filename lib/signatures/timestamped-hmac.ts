// The family whose header holds a time and signatures, `t=…,v1=…`: HMAC-SHA256 of the time and the raw body, in hex.

import { ConfigError, RejectedError } from '../errors.ts';
import type { WebhookRequest } from '../event.ts';
import { checkAge } from './age.ts';
import { isSignedByAny, maxSignatures } from './any-secret.ts';
import { decode } from './bytes.ts';

export type TimestampedHmacOptions = {
  /** In lower case. */
  readonly header: string;
  /** The UTF-8 text of any of these may be the key: two while one is being replaced by another. */
  readonly secrets: readonly string[];
  /** Whether `t` counts seconds or milliseconds. */
  readonly unit: 's' | 'ms';
  readonly toleranceMs?: number;
};

/**
 * Builds a check of the header's time and signatures.
 * @throws ConfigError for an empty secret; (the check) RejectedError
 */
export function verifyTimestampedHmac({
  header,
  secrets,
  unit,
  toleranceMs = 300_000,
}: TimestampedHmacOptions) {
  if (secrets.length === 0 || secrets.includes('')) throw new ConfigError(['a secret is empty']);
  return async (request: WebhookRequest, nowMs: number): Promise<void> => {
    const { time, signatures } = parseHeader(request.headers[header] ?? '', header);
    checkAge(toMs(time, unit), nowMs, toleranceMs);
    if (!isSignedByAny(secrets, signatures, { hash: 'sha256', parts: [`${time}.`, request.body] }))
      throw new RejectedError('signature_mismatch', 'no secret of ours signed the body');
  };
}

/** Several signatures, of which some may not be ours to read, but one time: a repeated header has two. */
function parseHeader(value: string, header: string): { time: string; signatures: readonly Buffer[] } {
  if (value.trim() === '') throw new RejectedError('signature_missing', `the header ${header} is missing`);
  const entries = value.split(',').map((entry) => entry.trim());
  const find = (name: string) =>
    entries.filter((entry) => entry.startsWith(`${name}=`)).map((entry) => entry.slice(name.length + 1));
  const [time, ...others] = find('t');
  if (others.length > 0)
    throw new RejectedError('header_duplicated', `the header ${header} has more than one time`);
  const signatures = find('v1')
    .filter(({ length }) => length === 64)
    .map((text) => decode(text, 'hex'))
    .filter((bytes) => bytes !== null);
  if (time === undefined || signatures.length === 0 || entries.length > maxSignatures) {
    throw new RejectedError('signature_malformed', `the header ${header} is not "t=…,v1=…"`);
  }
  return { time, signatures };
}

// Only plain decimals: a lenient parser could read another time than was signed.
function toMs(time: string, unit: 's' | 'ms'): number | undefined {
  if (!/^[1-9]\d{0,14}$/.test(time)) return undefined;
  return unit === 'ms' ? Number(time) : Number(time) * 1000;
}
