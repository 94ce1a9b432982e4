// The family whose header holds a time and signatures, `t=…,v1=…`: HMAC-SHA256 of the time and the raw body, in hex.

import { createHmac } from 'node:crypto';
import { ConfigError, RejectedError } from '../errors.ts';
import type { WebhookRequest } from '../event.ts';
import { checkAge } from './age.ts';
import { isSameBytes } from './bytes.ts';

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
    const isSignedBy = (secret: string) => {
      const expected = createHmac('sha256', secret).update(`${time}.`).update(request.body).digest();
      return signatures.some((signature) => isSameBytes(signature, expected));
    };
    if (!secrets.some(isSignedBy))
      throw new RejectedError('signature_mismatch', 'no secret of ours signed the body');
  };
}

/** Any number of signatures but one time: a repeated header has two. */
function parseHeader(value: string, header: string): { time: string; signatures: readonly Buffer[] } {
  if (value.trim() === '') throw new RejectedError('signature_missing', `the header ${header} is missing`);
  const entries = value.split(',').map((entry) => entry.trim());
  const find = (name: string) =>
    entries.filter((entry) => entry.startsWith(`${name}=`)).map((entry) => entry.slice(name.length + 1));
  const [time, ...others] = find('t');
  if (others.length > 0)
    throw new RejectedError('header_duplicated', `the header ${header} has more than one time`);
  const texts = find('v1');
  if (time === undefined || texts.length === 0 || !texts.every((text) => hexPattern.test(text))) {
    throw new RejectedError('signature_malformed', `the header ${header} is not "t=…,v1=…"`);
  }
  return { time, signatures: texts.map((text) => Buffer.from(text, 'hex')) };
}

const hexPattern = /^[0-9a-f]{64}$/i;

// Only plain decimals: a lenient parser could read another time than was signed.
function toMs(time: string, unit: 's' | 'ms'): number | undefined {
  if (!/^[1-9]\d{0,14}$/.test(time)) return undefined;
  return unit === 'ms' ? Number(time) : Number(time) * 1000;
}
