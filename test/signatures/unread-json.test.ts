import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findText } from '../../lib/signatures/unread-json.ts';

const find = (json: string, maxChars?: number) => findText(Buffer.from(json), 'token', maxChars);

test('finds what a parser finds, whatever text it is and whatever stands about it', () => {
  const other = fc.jsonValue().filter((value) => !JSON.stringify(value).includes('"token"'));
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom('"', '\\', 'a', 'é', '\u{1f600}') }),
  );
  const space = fc.constantFrom(undefined, 2, '\t');
  fc.assert(
    fc.property(text, other, other, space, (token, before, after, indent) => {
      const json = JSON.stringify({ before, data: { token }, after }, null, indent);
      expect(find(json)).toBe(token.toWellFormed() === token ? token : JSON.parse(json).data.token);
    }),
  );
});

test.each([
  ['{"token":"first","token":"second"}', 'first'],
  ['{"kind":"token","token":"a"}', 'a'],
  ['{"text":"\\"token\\":\\"theirs\\"","token":"a"}', 'a'],
  ['{"token" \n : \t "a"}', 'a'],
  ['{"token":"\\u0061\\/"}', 'a/'],
  ['{"token":""}', ''],
])('in %s it is %j', (json, text) => {
  expect(find(json)).toBe(text);
});

test.each([
  '',
  '{}',
  '"token"',
  '{"token":7}',
  '{"token":null}',
  '{"token":["a"]}',
  '{"tokens":"a"}',
  '{"token":"a',
  '{"token":"a\\"}',
  '{"token":"\\x"}',
  '{"token":"a\nb"}',
])('in %j there is none', (json) => {
  expect(find(json)).toBeUndefined();
});

test('a text that is longer than it may be is none', () => {
  expect(find('{"token":"abc"}', 3)).toBe('abc');
  expect(find('{"token":"abcd"}', 3)).toBeUndefined();
});
