// JSON that was written to do harm, as text, and where in a payload it is put.

import fc from 'fast-check';

const nested = 100_000;

/** Each is a JSON text, though not each is what JSON.stringify would write. */
const hostileValues: Readonly<Record<string, string>> = {
  'nested lists': `${'['.repeat(nested)}${']'.repeat(nested)}`,
  'nested objects': `${'{"a":'.repeat(nested)}0${'}'.repeat(nested)}`,
  'a long list': `[${'0,'.repeat(nested)}0]`,
  'a list of lists': `[${'[],'.repeat(nested)}[]]`,
  'a list of empty objects': `[${'{},'.repeat(nested)}{}]`,
  'a list in which only the last is of another type': `[${'"canary",'.repeat(1_000)}7]`,
  'an object of many members': `{${Array.from({ length: 20_000 }, (_, i) => `"${i}":"canary"`).join()}}`,
  'a long text': `"${'canary'.repeat(50_000)}"`,
  'a long text of long characters': `"${'€'.repeat(100_000)}"`,
  'as long a text as is taken': `"${'€'.repeat(4_096)}"`,
  'a text that begins like a time': `"2026-05-04T12:00:00.${'0'.repeat(300_000)}"`,
  'many line ends': `{}${'\n'.repeat(200_000)}`,
  ...Object.fromEntries(
    ['1e999', '-1e999', '-0', '1e-999', '9007199254740993', '1.5', '1e15', '8.64e15', '253402300800000'].map(
      (number) => [number, number],
    ),
  ),
  ...Object.fromEntries(
    ['true', 'null', '[]', '{}', '[null]', '[[]]', '[{}]', '""', '" "'].map((v) => [v, v]),
  ),
  'half a character': String.raw`"canary\ud800"`,
  'the other half': String.raw`"\udc00canary"`,
  'a zero byte': String.raw`"canary\u0000"`,
  'line ends in a text': String.raw`"canary\r\n{\"message\":\"event\"}"`,
  'a byte order mark': '"\ufeffcanary"',
  'a text that turns around': String.raw`"canary\u202e"`,
  'members that JavaScript calls': '{"toString":1,"valueOf":1,"toJSON":1,"then":1,"length":-1}',
  'a list of those': '[{"toString":null,"valueOf":null}]',
  'a prototype': '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
  'a prototype that is a list': '{"__proto__":[],"length":4294967295}',
  'one member twice': '{"id":"canary-1","id":"canary-2","id":null}',
};

export const hostileNames: readonly string[] = [
  ...['__proto__', 'constructor', 'prototype', 'toString', 'valueOf', 'toJSON', 'hasOwnProperty', 'then'],
  ...['', '0', '-1', 'length', '\ud800', '\u0000', 'a.b[0]', '$where', 'n'.repeat(100_000)],
];

/** Values and names alike may stand where the name of a kind does. */
export function hostileValue(): fc.Arbitrary<string> {
  const named = fc.constantFrom(...Object.values(hostileValues));
  const asText = fc.constantFrom(...hostileNames).map((name) => JSON.stringify(name));
  return fc.oneof({ weight: 4, arbitrary: named }, asText, fc.json({ maxDepth: 4 }));
}

export type Path = readonly (string | number)[];

/** Where something stands in a payload, itself and all lists and objects within it. */
export function listPaths(value: unknown, path: Path = []): readonly Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  const members = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return [path, ...members.flatMap(([name, member]) => listPaths(member, [...path, name]))];
}

/** What is done at one place: its value is another, or stands there twice, or has a member more. */
export type Harm = {
  readonly how: 'replace' | 'repeat' | 'add';
  readonly name: string;
  readonly raw: string;
};

/** A payload with a mark where the harm goes, and what puts it there once the payload is text. */
export function prepare(payload: object, path: Path, { how, name, raw }: Harm) {
  const last = path.at(-1);
  if (how === 'replace' && last === undefined) return { payload, rewrite: () => raw };
  let text = raw;
  const marked = change(payload, path, (value) => {
    if (how === 'add' && isObject(value)) return Object.fromEntries([...Object.entries(value), [name, mark]]);
    if (how === 'repeat' && typeof last === 'string')
      text = `${JSON.stringify(value)},${JSON.stringify(last)}:${raw}`;
    return last === undefined ? value : mark;
  });
  return {
    payload: isObject(marked) ? marked : payload,
    rewrite: (json: string) => json.replaceAll(`"${mark}"`, () => text),
  };
}

const mark = '@@hostile@@';

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function change(value: unknown, [name, ...rest]: Path, to: (value: unknown) => unknown): unknown {
  if (name === undefined) return to(value);
  if (Array.isArray(value))
    return value.map((member, index) => (index === name ? change(member, rest, to) : member));
  const members = Object.entries(value ?? {});
  return Object.fromEntries(members.map(([key, old]) => [key, key === name ? change(old, rest, to) : old]));
}
