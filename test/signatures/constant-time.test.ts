// Secrets are compared in constant time, as the code shows; a measurement would prove nothing.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const secretWords = /secret|credential|signature|hmac|digest|expected|apiKey|password|sha256|token\b/i;
// Lengths, emptiness and types are no secrets.
const harmless = [
  /\blength (===|!==) [\w[\]]+/g,
  /(===|!==) \d+/g,
  /(===|!==) (''|null|undefined|'[\w:-]+')/g,
  /\.includes\(''\)/g,
  /typeof \w+ (===|!==) '\w+'/g,
];
const comparison =
  /===|!==|\.includes\(|\.indexOf\(|\.equals\(|\.localeCompare\(|\bcompare\(|\.startsWith\(|\.endsWith\(/;

/** Whether a line compares something secret other than by a function that is made for it. */
function isSuspect(line: string): boolean {
  const code = harmless.reduce((left, pattern) => left.replace(pattern, ''), line.replace(/\/\/.*$/, ''));
  return secretWords.test(code) && comparison.test(code) && !/isSameBytes\(/.test(code);
}

function listFiles(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name));
}

const files = ['lib', 'functions'].flatMap(listFiles);
const linesOf = (file: string) => readFileSync(join(root, file), 'utf8').split('\n');

// Each of these was reviewed: it compares nothing secret with what a sender sends.
const known: Readonly<Record<string, readonly string[]>> = {
  'lib/jobs/audit-records.ts': ['digests[name] === record.contested[name]', 'fields.includes(name)'],
  'lib/providers/fusionauth/fusionauth.ts': ["secrets.length > 0 === (jwksUrl !== '')"],
  'lib/providers/hanko/hanko.ts': ['sub !== webhookSubject'],
};

test('no secret, signature or credential is compared but by isSameBytes', () => {
  const suspects = files.flatMap((file) =>
    linesOf(file)
      .filter((line) => isSuspect(line) && !known[file]?.some((part) => line.includes(part)))
      .map((line) => `${file}: ${line.trim()}`),
  );
  expect(suspects).toEqual([]);
});

test('and that one is built on timingSafeEqual, which nothing else is', () => {
  const users = files.filter((file) => linesOf(file).some((line) => line.includes('timingSafeEqual')));
  expect(users).toEqual([join('lib', 'signatures', 'bytes.ts')]);
});

test.each([
  'if (signature === expected) return;',
  'return secrets.includes(text);',
  'if (given !== credential) throw error;',
  'if (hmac.digest().equals(bytes)) return;',
  'const isRight = expected.startsWith(text);',
])('would not pass over "%s"', (line) => {
  expect(isSuspect(line)).toBe(true);
});
