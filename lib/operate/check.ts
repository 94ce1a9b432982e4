// One check of doctor's.

import { UnavailableError } from '../errors.ts';
import { RoqError } from '../roq/faults.ts';

export type Check = {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
  /** What a person can do, also where it works but could be safer; null where nothing needs doing. */
  readonly remedy: string | null;
};

/** Runs one check; a ROQ or a DynamoDB that fails is a result too. */
export async function check(
  name: string,
  remedy: string,
  look: () => Promise<string | { readonly ok: boolean; readonly detail: string }>,
): Promise<Check> {
  try {
    const found = await look();
    const { ok, detail } = typeof found === 'string' ? { ok: true, detail: found } : found;
    return { check: name, ok, detail, remedy: ok ? null : remedy };
  } catch (error) {
    if (!(error instanceof RoqError || error instanceof UnavailableError)) throw error;
    const status = error instanceof RoqError && error.statusCode ? `, HTTP ${error.statusCode}` : '';
    return { check: name, ok: false, detail: `${error.code}${status}`, remedy };
  }
}
