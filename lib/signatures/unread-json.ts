// Takes one text out of a body of JSON that nobody has vouched for yet. To parse all of it could take a hundred times as
// long as to verify the text.

import { toLatin1 } from './bytes.ts';

/**
 * The text of the first member of that name, wherever it stands; undefined where there is none, or it is no text, or one
 * that is longer as it is written.
 */
export function findText(body: Uint8Array, name: string, maxChars = body.length): string | undefined {
  const json = toLatin1(body);
  const member = new RegExp(`"${name}"\\s*:\\s*"`).exec(json);
  if (!member) return undefined;
  const start = member.index + member[0].length;
  const end = endOf(json, start, maxChars);
  const literal = Buffer.from(json.slice(start - 1, end + 1), 'latin1');
  try {
    const text: unknown = JSON.parse(literal.toString());
    return typeof text === 'string' ? text : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Where the text ends that begins at `start`: at a quote that is not escaped, or where it is too long. */
function endOf(json: string, start: number, maxChars: number): number {
  let at = start;
  while (at < start + maxChars && at < json.length && json[at] !== '"') at += json[at] === '\\' ? 2 : 1;
  return at;
}
