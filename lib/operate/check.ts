// One check of doctor's.

import { type RoqCode, UnavailableError } from '../errors.ts';
import { RoqError } from '../roq/faults.ts';

export type Check = {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
  /** What a person can do, also where it works but could be safer; null where nothing needs doing. */
  readonly remedy: string | null;
  /** It is wrong only as long as the deployment is so new. */
  readonly isEarly?: true;
};

// What a code of ROQ's means is the same whatever was asked.
const roqRemedies: Partial<Record<RoqCode, string>> = {
  roq_throttled:
    'Nothing is wrong with the settings: ROQ turns calls away for now. What was to be done is tried again by itself; if it lasts, ask ROQ for a higher limit.',
  roq_unavailable:
    'ROQ is down, slow or out of reach: see its status page, and whether ROQ_PLATFORM_URL, ROQ_ENVIRONMENT_ID and ROQ_API_KEY are right. Nothing is lost meanwhile; where it is only slow, raise ROQ_TIMEOUT_MS.',
  roq_unauthorized:
    'ROQ does not take our credentials: compare ROQ_ENVIRONMENT_ID and ROQ_API_KEY with your ROQ environment.',
};

/** Runs one check; a ROQ or a DynamoDB that fails is a result too. */
export async function check(
  name: string,
  remedy: string,
  look: () => Promise<string | Pick<Check, 'ok' | 'detail' | 'isEarly'>>,
): Promise<Check> {
  const startedAtMs = performance.now();
  try {
    const found = await look();
    const result = typeof found === 'string' ? { ok: true, detail: found } : found;
    return { check: name, ...result, remedy: result.ok ? null : remedy };
  } catch (error) {
    if (!(error instanceof RoqError || error instanceof UnavailableError)) throw error;
    const isOfRoq = error instanceof RoqError;
    const status = isOfRoq && error.statusCode ? `, HTTP ${error.statusCode}` : '';
    const after = `, after ${Math.round(performance.now() - startedAtMs)} ms`;
    const known = isOfRoq ? roqRemedies[error.code] : undefined;
    return { check: name, ok: false, detail: `${error.code}${status}${after}`, remedy: known ?? remedy };
  }
}
