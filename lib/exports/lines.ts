// Cuts NDJSON into lines and CSV into rows, which may hold line breaks between quotes.

import { type Frame, Gathered, type Splitter } from './frame.ts';

const newline = 0x0a;
const carriageReturn = 0x0d;
const quote = 0x22;
const comma = 0x2c;
const blanks: readonly unknown[] = [0x20, 0x09];

/** Where the reader stands in a row; a line has no quotes that matter, and is `bare` throughout. */
type Place = 'cell start' | 'bare' | 'quoted' | 'after quote';

/**
 * A quote opens a cell only at its start, and is closed by the next one that isn't doubled. A row that is too long is
 * followed to its end all the same: what users wrote between quotes must never be read as a row of its own. For the same
 * reason a lone carriage return ends a line only in a file whose first line ends so.
 */
export function splitLines(hasQuotes: boolean): Splitter {
  const start: Place = hasQuotes ? 'cell start' : 'bare';
  const gathered = new Gathered();
  let place: Place = start;
  let line = 1;
  let startLine = 1;
  let isEmpty = true;
  /** What ends a line; null until the first has ended. */
  let lineEnd: number | null = null;
  let isAfterReturn = false;

  function take(): Frame {
    const frame = gathered.take(startLine);
    startLine = line;
    place = start;
    isEmpty = true;
    return frame;
  }

  return {
    push(chunk) {
      const frames: Frame[] = [];
      let from = 0;
      for (let at = 0; at < chunk.length; at++) {
        const byte = chunk[at];
        if (isAfterReturn && byte !== newline) {
          lineEnd = carriageReturn;
          line++;
          gathered.add(chunk.subarray(from, at));
          frames.push(take());
          from = at;
        }
        isAfterReturn = lineEnd === null && byte === carriageReturn && place !== 'quoted';
        isEmpty = false;
        const isEnd = byte === (lineEnd ?? newline);
        if (isEnd) line++;
        if (!isEnd || place === 'quoted') {
          if (hasQuotes) place = next(place, byte);
          continue;
        }
        lineEnd ??= newline;
        gathered.add(chunk.subarray(from, at));
        frames.push(take());
        from = at + 1;
      }
      gathered.add(chunk.subarray(from));
      return frames;
    },
    end(cut) {
      if (cut || place === 'quoted') return [{ line: startLine, is: 'faulty', reason: cut ?? 'truncated' }];
      return isEmpty ? [] : [gathered.take(startLine)];
    },
  };
}

function next(place: Place, byte: number | undefined): Place {
  if (place === 'quoted') return byte === quote ? 'after quote' : 'quoted';
  if (byte === quote && place !== 'bare') return 'quoted';
  if (place === 'cell start' && blanks.includes(byte)) return 'cell start';
  return byte === comma ? 'cell start' : 'bare';
}
