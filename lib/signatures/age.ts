// How far a signed time may lie from our clock.

import { RejectedError } from '../errors.ts';

/** How far two honest clocks may differ, in milliseconds. */
export const clockSkewMs = 5 * 60_000;

/**
 * Bounds a signed time, both in milliseconds; `undefined` is a time that could not be read.
 * @throws RejectedError timestamp_malformed, too_old, from_the_future
 */
export function checkAge(atMs: number | undefined, nowMs: number, maxAgeMs: number): void {
  if (atMs === undefined || !Number.isFinite(atMs)) {
    throw new RejectedError('timestamp_malformed', 'the time of signing is not a time');
  }
  if (atMs < nowMs - maxAgeMs) throw new RejectedError('too_old', 'what was signed is too old');
  if (atMs > nowMs + clockSkewMs)
    throw new RejectedError('from_the_future', 'the time of signing lies in the future');
}
