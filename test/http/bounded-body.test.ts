import { expect, test } from 'vitest';
import { readBody } from '../../lib/http/bounded-body.ts';

test.each(['', 'a', 'abcd'])('the body %j of four bytes at most is read whole', async (text) => {
  expect((await readBody(new Response(text), 4)).toString()).toBe(text);
});

test('an answer without a body is empty', async () => {
  expect(await readBody(new Response(null, { status: 204 }), 4)).toHaveLength(0);
});

test('a body without end is read no further than its bound', async () => {
  let sent = 0;
  const endless = new ReadableStream({
    pull: (stream) => {
      sent += 1;
      stream.enqueue(new Uint8Array(1_024));
    },
  });
  await expect(readBody(new Response(endless), 4_096)).rejects.toThrow(RangeError);
  // The stream reads ahead of who reads it, but not for long.
  expect(sent).toBeLessThan(10);
});

test('a connection that breaks is an error, and not a short body', async () => {
  const torn = new ReadableStream({
    start: (stream) => stream.enqueue(new Uint8Array(1)),
    pull: (stream) => stream.error(new Error('hung up')),
  });
  await expect(readBody(new Response(torn), 4_096)).rejects.toThrow('hung up');
});
