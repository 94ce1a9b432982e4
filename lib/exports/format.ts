// Finds the format of a file from its first bytes, and cuts it accordingly.

import { isObject } from '../json.ts';
import { ElementSplitter } from './elements.ts';
import { type Cut, type Frame, maxFrameBytes, type Splitter } from './frame.ts';
import { splitLines } from './lines.ts';
import type { Format } from './shape.ts';

const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

/** Skips a byte-order mark, finds the format where none is given, and hands the rest to that format's splitter. */
export class FormatSplitter implements Splitter {
  readonly #member: string | null;
  #head = Buffer.alloc(0);
  #splitter: Splitter | null = null;
  /** Null as long as too little was read to tell. */
  format: Format | null;

  constructor(format: Format | null, member: string | null) {
    this.format = format;
    this.#member = member;
  }

  push(chunk: Uint8Array): Frame[] {
    if (this.#splitter) return this.#splitter.push(chunk);
    this.#head = Buffer.concat([this.#head, chunk]);
    return this.#start(this.#head.length > maxFrameBytes);
  }

  end(cut: Cut | null): Frame[] {
    const frames = this.#splitter ? [] : this.#start(true);
    return [...frames, ...(this.#splitter?.end(cut) ?? [])];
  }

  #start(isEnough: boolean): Frame[] {
    if (this.#head.length < byteOrderMark.length && !isEnough) return [];
    const isMarked = this.#head.subarray(0, byteOrderMark.length).equals(byteOrderMark);
    const head = isMarked ? this.#head.subarray(byteOrderMark.length) : this.#head;
    this.format ??= findFormat(head.toString('utf8'), isEnough, this.#member);
    if (!this.format) return [];
    this.#head = Buffer.alloc(0);
    this.#splitter =
      this.format === 'json' ? new ElementSplitter(this.#member) : splitLines(this.format === 'csv');
    return this.#splitter.push(head);
  }
}

function findFormat(head: string, isEnough: boolean, member: string | null): Format | null {
  const text = head.trimStart();
  if (text === '') return isEnough ? 'ndjson' : null;
  if (text.startsWith('[')) return 'json';
  if (!text.startsWith('{')) return 'csv';
  const end = text.search(/[\r\n]/);
  if (end === -1 && !isEnough) return null;
  const line = text.slice(0, end === -1 ? undefined : end).trim();
  return startsDocument(line, member) ? 'json' : 'ndjson';
}

/** Whether an object's first line begins one document, rather than being a user of its own. */
function startsDocument(line: string, member: string | null): boolean {
  const value = parse(line);
  if (value === undefined) return line === '{' || (member !== null && line.includes(`"${member}"`));
  return member !== null && isObject(value) && Array.isArray(value[member]);
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
