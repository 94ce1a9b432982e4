// Reads the body of an answer, however long somebody else makes it.

/** @throws RangeError as soon as the body is longer than `maxBytes`, and whatever the connection ends in */
export function readBody({ body }: Response, maxBytes: number): Promise<Buffer> {
  return readBounded(body ?? [], maxBytes);
}

/** The same of the chunks of a body. @throws RangeError as soon as they are more than `maxBytes` */
export async function readBounded(
  body: AsyncIterable<Uint8Array> | readonly Uint8Array[],
  maxBytes: number,
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new RangeError('the answer is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
