import type { ServerResponse } from 'node:http';
import * as v from 'valibot';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { askApi, expectJson, userTimeLimit } from '../../lib/providers/provider-api.ts';
import { answerJson, type RunningServer, serve } from '../../local/server.ts';

const schema = v.object({ id: v.string() });
const unavailable = { name: 'UnavailableError', code: 'profile_unavailable' };

let api: RunningServer;
let answer: (response: ServerResponse) => void;
let asked: (string | undefined)[];

beforeAll(async () => {
  api = await serve(0, async (request, response) => {
    asked.push(request.url);
    answer(response);
  });
});
afterAll(() => api.close());

async function read(url = api.url) {
  asked = [];
  return expectJson(schema, await askApi(new URL('/users/1', url), { signal: userTimeLimit() }));
}

test('gives what the API answers, with the time by its clock', async () => {
  asked = [];
  answer = (response) =>
    answerJson(response, 200, { id: '1', more: 2 }, { date: 'Mon, 04 May 2026 12:00:00 GMT' });
  const given = await askApi(new URL('/users/1', api.url), { signal: userTimeLimit() });
  expect(given).toMatchObject({ status: 200, at: Date.parse('2026-05-04T12:00:00Z') });
  expect(expectJson(schema, given)).toEqual({ id: '1' });
});

test.each<[string, (response: ServerResponse) => void]>([
  ['401', (response) => answerJson(response, 401, { id: '1' })],
  ['403', (response) => answerJson(response, 403, { id: '1' })],
  ['429', (response) => answerJson(response, 429, { id: '1' })],
  ['500', (response) => answerJson(response, 500, { id: '1' })],
  ['another shape', (response) => answerJson(response, 200, { id: 1 })],
  ['no JSON', (response) => response.end('<html>')],
  ['half of it', (response) => response.write('{"id":', () => response.destroy())],
  ['more than 256 KiB', (response) => answerJson(response, 200, { id: 'x'.repeat(256 * 1024) })],
  ['nothing in time', () => {}],
])('is unavailable where the API answers %s', async (_what, answerThat) => {
  answer = answerThat;
  await expect(read()).rejects.toMatchObject(unavailable);
});

test('is unavailable where nobody listens', async () => {
  await expect(read('http://127.0.0.1:9')).rejects.toMatchObject(unavailable);
});

test('takes its credentials to no other address', async () => {
  answer = (response) => response.writeHead(302, { location: `${api.url}/elsewhere` }).end();
  await expect(read()).rejects.toMatchObject(unavailable);
  expect(asked).toEqual(['/users/1']);
});
