// Bodies that real providers sent, in test/fixtures/recorded.

import { readdirSync, readFileSync } from 'node:fs';

const root = new URL('../fixtures/recorded/', import.meta.url);

export function listRecorded(provider: string): readonly string[] {
  return readdirSync(new URL(`${provider}/`, root));
}

/** The content of a file, of the shape that it is known to have. */
export function readRecorded<Content>(provider: string, file: string): Content {
  return JSON.parse(readRecordedText(provider, file)) as Content;
}

export function readRecordedText(provider: string, file: string): string {
  return readFileSync(new URL(`${provider}/${file}`, root), 'utf8');
}
