// Cuts JSON into the elements of its array, be that the whole file or a member of an object: {"users": […]}.
// It follows brackets and strings alone; whether an element is JSON shows when it is parsed.

import { type Cut, type Frame, type FrameFault, Gathered, type Splitter } from './frame.ts';

const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const openArray = 0x5b;
const backslash = 0x5c;
const closeArray = 0x5d;
const openObject = 0x7b;
const closeObject = 0x7d;

const maxNameChars = 256;

/** `outside`: of the array; `between`: in it, but in no element; `lost`: what follows the file's JSON is none. */
type Place = 'outside' | 'between' | 'element' | 'lost';

/** Several documents one after the other, as when pages were appended to one file, are read as one. */
export class ElementSplitter implements Splitter {
  readonly #member: string | null;
  readonly #gathered = new Gathered();
  #frames: Frame[] = [];
  #line = 1;
  #place: Place = 'outside';
  readonly #strings = new Strings();
  /** Brackets that are open around the array, and within the element. */
  #outerDepth = 0;
  #innerDepth = 0;
  /** Of the object around the array: the last name read, whether its value comes next, and whether the array came. */
  #name = '';
  #isNamed = false;
  #hasArray = false;

  /** `member`: where an object holds the array; null for a file that is never an object. */
  constructor(member: string | null) {
    this.#member = member;
  }

  push(chunk: Uint8Array): Frame[] {
    this.#frames = [];
    let from = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] ?? 0;
      if (this.#place === 'element') {
        if (!this.#endsElement(byte)) continue;
        this.#gathered.add(chunk.subarray(from, at));
        this.#frames.push(this.#gathered.take(this.#line++));
        this.#place = 'between';
      }
      if (this.#place === 'outside') this.#readOutside(byte);
      else if (this.#place === 'between' && this.#startsElement(byte)) from = at;
    }
    if (this.#place === 'element') this.#gathered.add(chunk.subarray(from));
    return this.#frames;
  }

  end(cut: Cut | null): Frame[] {
    this.#frames = [];
    const isOpen = this.#outerDepth > 0 || this.#place === 'between' || this.#place === 'element';
    if (this.#place !== 'lost' && (cut || isOpen)) this.#report(cut ?? 'truncated');
    return this.#frames;
  }

  #startsElement(byte: number): boolean {
    if (isSpace(byte) || byte === comma) return false;
    if (byte === closeArray) {
      this.#place = 'outside';
      return false;
    }
    this.#place = 'element';
    this.#innerDepth = 0;
    this.#endsElement(byte);
    return true;
  }

  /** True for the byte after an element: a comma, or the end of the array. */
  #endsElement(byte: number): boolean {
    if (this.#strings.takes(byte)) return false;
    if (this.#innerDepth === 0 && (byte === comma || byte === closeArray)) return true;
    if (opens(byte)) this.#innerDepth++;
    else if (closes(byte) && this.#innerDepth > 0) this.#innerDepth--;
    return false;
  }

  #readOutside(byte: number): void {
    const isName = this.#outerDepth === 1 && !this.#isNamed;
    if (isName && this.#strings.isOpen && this.#name.length < maxNameChars) {
      this.#name += String.fromCharCode(byte);
    } else if (isName && byte === quote) this.#name = '';
    if ((this.#outerDepth > 0 && this.#strings.takes(byte)) || isSpace(byte)) return;

    if (byte === openArray && this.#isWanted()) {
      this.#place = 'between';
      this.#hasArray = true;
    } else if (opens(byte)) {
      if (this.#outerDepth === 0) this.#hasArray = false;
      this.#outerDepth++;
    } else if (closes(byte) && this.#outerDepth > 0) {
      this.#outerDepth--;
      if (this.#outerDepth === 0 && !this.#hasArray) this.#report('not_users');
    } else if (this.#outerDepth === 0) {
      this.#place = 'lost';
      this.#report('not_json');
    }
    if (this.#outerDepth === 1) this.#isNamed = byte === colon;
  }

  #isWanted(): boolean {
    if (this.#outerDepth === 0) return true;
    // The name was gathered with its closing quote.
    return this.#outerDepth === 1 && this.#isNamed && this.#name === `${this.#member}"`;
  }

  #report(reason: FrameFault): void {
    this.#frames.push({ line: this.#line++, is: 'faulty', reason });
  }
}

/** Follows strings, in which brackets and commas mean nothing. */
class Strings {
  isOpen = false;
  #isEscaped = false;

  /** True for a byte that belongs to a string, its quotes among them. */
  takes(byte: number): boolean {
    if (!this.isOpen) {
      this.isOpen = byte === quote;
      return this.isOpen;
    }
    if (this.#isEscaped) this.#isEscaped = false;
    else if (byte === backslash) this.#isEscaped = true;
    else if (byte === quote) this.isOpen = false;
    return true;
  }
}

function opens(byte: number): boolean {
  return byte === openObject || byte === openArray;
}

function closes(byte: number): boolean {
  return byte === closeObject || byte === closeArray;
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
