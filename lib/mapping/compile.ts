// Compiles what stands under `mapping` in the settings. The expressions are JMESPath, whose objects are made by strangers:
// they run on a bounded copy without prototypes, and one that fails tells nothing.
// https://jmespath.org/specification.html

import { ArityError, JMESPathTypeError, search } from '@aws-lambda-powertools/jmespath';
import { Functions } from '@aws-lambda-powertools/jmespath/functions';
import { ConfigError } from '../errors.ts';
import type { Original } from '../event.ts';
import { boundedJson, isObject, storableJson, storableText } from '../json.ts';
import {
  maxCustomDataBytes,
  maxCustomDataLevels,
  type ProfileName,
  profileNames,
  type Told,
} from '../user.ts';
import type { Mapping, MappingSettings, ProviderMapping } from './mapping.ts';

const maxExpressionChars = 1_000;

/** @throws ConfigError naming every expression that can't work, and where */
export function compileMapping(settings: MappingSettings): Mapping {
  const functions = new OurFunctions(settings.tables);
  const providers = Object.entries(settings.providers);
  const faults = providers.flatMap(([name, expressions]) => findFaults(name, expressions, functions));
  if (faults.length > 0) throw new ConfigError(faults);
  const compiled = new Map(
    providers.map(([name, expressions]) => [name, compileProvider(expressions, functions)]),
  );
  return { settings, get: (name) => compiled.get(name) };
}

function findFaults(
  provider: string,
  expressions: Readonly<Record<string, string>>,
  functions: OurFunctions,
): readonly string[] {
  return Object.entries(expressions).flatMap(([field, expression]) => {
    const at = `${provider}.${field}`;
    if (field !== 'scope' && !isProfileName(field))
      return [`${at} is no field: there are ${profileNames.join(', ')}, and scope`];
    if (expression.length > maxExpressionChars)
      return [`${at} has more than ${maxExpressionChars} characters`];
    const tried = tryOut(expression, functions);
    if (tried.fault !== null) return [`${at} can't work: ${tried.fault}`];
    if (field === 'scope' || tried.value === null || tried.value === undefined) return [];
    const { failed } = compileProvider({ [field]: expression }, functions).read(nobody);
    return failed.length > 0 ? [`${at} is nothing that the field can hold`] : [];
  });
}

const nobody: Original = { user: {}, isWhole: true };

type Tried = { readonly value: unknown; readonly fault: string | null };

/** What an expression makes of nobody, or what is wrong with it as such: types are met only on a user. */
function tryOut(expression: string, functions: OurFunctions): Tried {
  try {
    return { value: search(expression, {}, { customFunctions: functions }), fault: null };
  } catch (error) {
    const isOfType = error instanceof JMESPathTypeError;
    return { value: null, fault: isOfType ? null : error instanceof Error ? error.message : 'unknown' };
  }
}

function isProfileName(field: string): field is ProfileName {
  return profileNames.some((name) => name === field);
}

function compileProvider(
  expressions: Readonly<Record<string, string>>,
  functions: OurFunctions,
): ProviderMapping {
  const fields = Object.keys(expressions).filter(isProfileName);
  const { scope } = expressions;
  return {
    fields,
    hasScope: scope !== undefined,
    read(original) {
      const user = toBare(original.user);
      const told: Record<string, unknown> = {};
      const failed: string[] = [];
      const run = (name: string, read: (value: unknown) => unknown) => {
        try {
          if (user === undefined) throw new ValueError('the object is too large');
          told[name] = read(search(expressions[name] ?? '', user as never, { customFunctions: functions }));
        } catch {
          // Whatever a stranger's object makes of an expression: it tells nothing, and is counted by this name.
          failed.push(`mapping.${name}`);
        }
      };
      for (const field of fields) run(field, (value) => toFieldValue(field, value, original));
      if (scope !== undefined) run('scope', (value) => toOutOfScope(value, original));
      const { scope: outOfScope, ...values } = told;
      // Nobody is made at ROQ, where nobody can be deleted, because an expression fails.
      const isOut = failed.includes('mapping.scope') || outOfScope;
      return { told: withoutUndefined({ ...values, outOfScope: isOut }), failed };
    },
  };
}

/** What is wrong with a provider's expressions once they meet a user's object, by field. */
export type Misfit = { readonly field: string; readonly is: 'another type' | 'no answer' };

/**
 * Tries a provider's expressions on an object of its kind: which yield what the field can't hold by its type, and which
 * can't be worked out.
 */
export function findMisfits(
  settings: MappingSettings,
  provider: string,
  { user }: Original,
): readonly Misfit[] {
  const functions = new OurFunctions(settings.tables);
  return Object.entries(settings.providers[provider] ?? {}).flatMap(
    ([field, expression]): readonly Misfit[] => {
      try {
        const value = search(expression, toBare(user) as never, { customFunctions: functions });
        return isOfItsType(field, value) ? [] : [{ field, is: 'another type' }];
      } catch {
        return [{ field, is: 'no answer' }];
      }
    },
  );
}

function isOfItsType(field: string, value: unknown): boolean {
  if (value === null || value === undefined) return true;
  if (field === 'scope') return typeof value === 'boolean';
  return field === 'customData' ? isObject(value) : typeof value === 'string';
}

function withoutUndefined(values: Readonly<Record<string, unknown>>): Told {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

/** A value that the field can't hold. */
class ValueError extends Error {}

/** Nothing is empty where the object is the whole user, and else not told. */
function toFieldValue(field: ProfileName, value: unknown, { isWhole }: Original): string | null | undefined {
  if (value === null || value === undefined || value === '') return isWhole ? null : undefined;
  if (field === 'customData') return toCustomData(value);
  if (typeof value !== 'string' || value.length > maxTextChars) throw new ValueError(field);
  if (field === 'tenantId' && !uuid.test(value)) throw new ValueError(field);
  if (field === 'avatarUrl' && !/^https?:\/\/[^\s\p{C}]+$/iu.test(value)) throw new ValueError(field);
  const text = storableText(value);
  // An address without a character that no database holds would be another's.
  if (field === 'email' && text !== value) throw new ValueError(field);
  return text || null;
}

const maxTextChars = 4_096;
const uuid = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

function toCustomData(value: unknown): string {
  const json = isObject(value)
    ? boundedJson(value, { maxBytes: maxCustomDataBytes, maxLevels: maxCustomDataLevels })
    : undefined;
  if (json === undefined) throw new ValueError('customData');
  return storableJson(json);
}

/** A part of a user need not say it. */
function toOutOfScope(value: unknown, { isWhole }: Original): boolean | undefined {
  if (!isWhole && (value === null || value === undefined || value === '')) return undefined;
  if (typeof value !== 'boolean') throw new ValueError('scope');
  return !value;
}

// A filter within a filter looks at each pair of them, which is still a matter of milliseconds.
const maxNodes = 2_000;
const maxLevels = 64;

/** The object without prototypes, so that no expression gets at more than its members; undefined where it is too large. */
function toBare(value: unknown): unknown {
  let nodes = 0;
  const copy = (one: unknown, level: number): unknown => {
    nodes += 1;
    if (nodes > maxNodes || level > maxLevels) throw new ValueError('too large');
    if (Array.isArray(one)) return one.map((element) => copy(element, level + 1));
    if (!isObject(one)) return one ?? null;
    const bare: Record<string, unknown> = Object.create(null);
    for (const [name, member] of Object.entries(one)) bare[name] = copy(member, level + 1);
    return bare;
  };
  try {
    return copy(value, 0);
  } catch (error) {
    if (error instanceof ValueError) return undefined;
    throw error;
  }
}

/** The language's own functions and three of ours; the library finds them by their names. */
class OurFunctions extends Functions {
  readonly #tables: MappingSettings['tables'];

  constructor(tables: MappingSettings['tables']) {
    super();
    this.#tables = tables;
  }

  /** `lookup(key, 'table')`: what the table in the settings has for the key; null where it has nothing. */
  funcLookup(args: unknown): string | null {
    const [key, name] = expectArguments(args, 2);
    const table = typeof name === 'string' && Object.hasOwn(this.#tables, name) ? this.#tables[name] : null;
    if (!table) throw new TableError(String(name));
    return typeof key === 'string' && Object.hasOwn(table, key) ? (table[key] ?? null) : null;
  }

  /** `lower(text)` */
  funcLower(args: unknown): string | null {
    const [text] = expectArguments(args, 1);
    return typeof text === 'string' ? text.toLowerCase() : null;
  }

  /** `split_name(text)`: all but the last word, and the last one. */
  funcSplitName(args: unknown): readonly [string | null, string | null] {
    const [text] = expectArguments(args, 1);
    const words = typeof text === 'string' ? text.trim().split(/\s+/) : [];
    const last = words.length > 1 ? (words.pop() ?? null) : null;
    return [words.join(' ') || null, last];
  }
}

function expectArguments(args: unknown, count: number): readonly unknown[] {
  const given: readonly unknown[] = Array.isArray(args) ? args : [];
  if (given.length === count) return given;
  throw new ArityError({ expectedArity: count, actualArity: given.length });
}

/** The library lets no error out of a function but those of its own kinds. */
class TableError extends ArityError {
  constructor(name: string) {
    super({ expectedArity: 2, actualArity: 2 });
    this.message = `there is no table ${name}`;
  }
}
