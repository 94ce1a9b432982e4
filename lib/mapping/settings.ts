// What stands under `mapping` in the settings, as it is written there.

import * as v from 'valibot';
import { ConfigError } from '../errors.ts';
import type { MappingSettings } from './mapping.ts';

const texts = v.record(v.string(), v.string('must be a text'));

const schema = v.strictObject({
  providers: v.optional(v.record(v.string(), texts), {}),
  tables: v.optional(v.record(v.string(), texts), {}),
});

/** Null where nothing stands there. @throws ConfigError with the place */
export function readMappingSettings(written: unknown): MappingSettings | null {
  if (written === undefined || written === null) return null;
  const parsed = v.safeParse(schema, written);
  if (parsed.success) return parsed.output;
  const faults = parsed.issues.map((issue) => `${v.getDotPath(issue) ?? 'it'} ${issue.message}`);
  throw new ConfigError(faults);
}
