// What the splitters have in common: a file is cut into frames, one per user, of which only one is held at a time.

/** No line, row or element may be longer than this. */
export const maxFrameBytes = 1024 * 1024;

/** How a file broke off: its end is missing, or the compressed bytes are wrong. */
export type Cut = 'truncated' | 'corrupt';

export type FrameFault = Cut | 'too_long' | 'not_json' | 'not_users';

/** `line` is that of the frame's beginning, or the element's number; both count from 1. */
export type Frame =
  | { readonly line: number; readonly is: 'whole'; readonly bytes: Uint8Array }
  | { readonly line: number; readonly is: 'faulty'; readonly reason: FrameFault };

/** Cuts a file into frames, chunk by chunk. */
export type Splitter = {
  /** The frames that end in this chunk. */
  push(chunk: Uint8Array): Frame[];
  /** What is left; after a cut, the last frame is not trusted even if it looks whole. */
  end(cut: Cut | null): Frame[];
};

/** The bytes of the frame that is being read, up to the bound; of a longer one, only that it is. */
export class Gathered {
  #parts: Uint8Array[] = [];
  #bytes = 0;

  add(part: Uint8Array): void {
    this.#bytes += part.length;
    if (this.#bytes > maxFrameBytes) this.#parts = [];
    else if (part.length > 0) this.#parts.push(part);
  }

  /** What was gathered, as a frame; starts anew. */
  take(line: number): Frame {
    const bytes = this.#parts;
    const isTooLong = this.#bytes > maxFrameBytes;
    this.#parts = [];
    this.#bytes = 0;
    return isTooLong
      ? { line, is: 'faulty', reason: 'too_long' }
      : { line, is: 'whole', bytes: Buffer.concat(bytes) };
  }
}
