// Between what ROQ says of a user and the fields that are mirrored.

import { boundedJson } from '../json.ts';
import {
  maxCustomDataBytes,
  maxCustomDataLevels,
  type ProfileName,
  profileNames,
  type RoqFields,
} from '../user.ts';
import type { JsonObject, RoqUser, UserUpdate } from './types.ts';

/**
 * What a ROQ user holds of the fields that we mirror: the status always, of the profile what `names` has. Custom data
 * that is larger than any of ours are left out, for an app may keep what it likes there.
 */
export function toRoqFields(user: RoqUser, names: readonly ProfileName[] = profileNames): RoqFields {
  const fields: RoqFields = {};
  for (const name of names) {
    const value = name === 'customData' ? toBoundedJson(user.customData) : user[name];
    if (value !== undefined) fields[name] = value;
  }
  if (user.isOptedIn !== null) fields.isOptedIn = user.isOptedIn;
  if (user.active !== null) fields.active = user.active;
  return fields;
}

function toBoundedJson(data: JsonObject | null): string | null | undefined {
  return data === null
    ? null
    : boundedJson(data, { maxBytes: maxCustomDataBytes, maxLevels: maxCustomDataLevels });
}

/** Fields as ROQ's API takes them. @throws SyntaxError for custom data that are no JSON */
export function toUpdate({ email, customData, ...rest }: RoqFields): UserUpdate {
  return {
    ...rest,
    ...(email && { email }),
    ...(customData !== undefined && {
      customData: customData === null ? null : (JSON.parse(customData) as JsonObject),
    }),
  };
}
