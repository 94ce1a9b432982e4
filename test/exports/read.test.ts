import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { maxFrameBytes } from '../../lib/exports/frame.ts';
import { readUsers } from '../../lib/exports/read.ts';
import { genericExport } from '../../lib/providers/generic/export.ts';
import { oktaExport } from '../../lib/providers/okta/export.ts';
import { exportedAtMs, inChunks, inShort, read } from './support.ts';

const byteOrderMark = '\u{feff}';

describe('a file', () => {
  test.each([
    ['NDJSON', '{"id":"u1"}\n{"id":"u2"}\n', ['1 u1', '2 u2']],
    ['NDJSON of one user', '{"id":"u1"}', ['1 u1']],
    ['NDJSON with blank lines, which count', '{"id":"u1"}\n\n  \n{"id":"u2"}', ['1 u1', '4 u2']],
    ['NDJSON with carriage returns', '{"id":"u1"}\r\n{"id":"u2"}\r\n', ['1 u1', '2 u2']],
    ['a JSON array', '[{"id":"u1"},{"id":"u2"}]', ['1 u1', '2 u2']],
    ['a JSON array over many lines', '\n[\r\n {\n  "id": "u1"\n },\n { "id": "u2" }\n]\n', ['1 u1', '2 u2']],
    ['an empty JSON array', '[]', []],
    [
      'a JSON object with the array',
      '{"total":2,"users":[{"id":"u1"},{"id":"u2"}],"next":null}',
      ['1 u1', '2 u2'],
    ],
    ['a JSON object over many lines', '{\n  "users": [\n    {"id": "u1"}\n  ]\n}\n', ['1 u1']],
    ['pages one after the other', '{"users":[{"id":"u1"}]}\n{"users":[{"id":"u2"}]}\n', ['1 u1', '2 u2']],
    ['arrays one after the other', '[{"id":"u1"}][{"id":"u2"}]', ['1 u1', '2 u2']],
    ['CSV', 'id,email\nu1,a@b.example\nu2,\n', ['2 u1', '3 u2']],
    ['CSV with carriage returns', 'email,id\r\na@b.example,u1\r\n', ['2 u1']],
    ['CSV in quotes', '"id","email"\n"u1","a@b.example"\n"u2",""', ['2 u1', '3 u2']],
    ['CSV with line breaks in cells', 'id,first_name\nu1,"A\nB\r\nC"\nu2,D\n', ['2 u1', '5 u2']],
    ['CSV with a blank line', 'id,email\n\nu1,\n', ['3 u1']],
    ['a header alone', 'id,email\n', []],
    ['nothing', '', []],
    ['nothing but space', ' \n\n', []],
  ])('is read: %s', async (_what, file, lines) => {
    expect(inShort(await read(file))).toEqual(lines);
    expect(inShort(await read(byteOrderMark + file))).toEqual(lines);
    expect(inShort(await read(gzipSync(file)))).toEqual(lines);
  });

  test('is read in the format that is named', async () => {
    expect(inShort(await read('{"id":"u1"}\n{"id":"u2"}', { format: 'ndjson' }))).toEqual(['1 u1', '2 u2']);
    expect(inShort(await read('{"users":[{"id":"u1"}]}', { format: 'json' }))).toEqual(['1 u1']);
    expect(inShort(await read(`${byteOrderMark}id\nu1`, { format: 'csv' }))).toEqual(['2 u1']);
  });

  test('may use lone carriage returns, as spreadsheets of old do', async () => {
    const csv = 'id,email\r"u1",a@b.example\ru2,\r\ru3,"a\rb"\r';
    expect(inShort(await read(csv))).toEqual(['2 u1', '3 u2', '5 u3']);
    expect(inShort(await read('{"id":"u1"}\r{"id":"u2"}'))).toEqual(['1 u1', '2 u2']);
  });

  test('gets no row of a lone carriage return that a user wrote into a cell without quotes', async () => {
    const csv = 'id,first_name\nu1,A\rvictim,B\nu2,C\n';
    expect(inShort(await read(csv))).toEqual(['2 not_csv', '3 u2']);
  });

  test('may have blanks around names and cells, in and out of quotes', async () => {
    const csv = ' id , "email" ,first_name\n u1 ,\t"a@b.example" , "A,\nvictim,B"\n" u2 ",,\n';
    expect(await read(csv)).toMatchObject([
      { reference: 'u1', told: { email: 'a@b.example', firstName: 'A,\nvictim,B' } },
      { reference: 'u2', told: { email: null } },
    ]);
  });

  test('may have rows of empty cells, and columns without a name, which hold nothing', async () => {
    expect(inShort(await read('id,email,,\nu1,,,\n,,,\nu2,,,\n'))).toEqual(['2 u1', '4 u2']);
  });

  test('of many gzip members is read as one', async () => {
    const file = Buffer.concat([gzipSync('{"id":"u1"}\n{"id"'), gzipSync(':"u2"}\n')]);
    expect(inShort(await read(file))).toEqual(['1 u1', '2 u2']);
  });
});

describe('an invalid line', () => {
  test.each([
    ['is no JSON', '{"id":"u1"}\n{"id":\n{"id":"u3"}\n', ['1 u1', '2 not_json', '3 u3']],
    ['is the first', '{"id":"u1"\n{"id":"u2"}\n{"id":"u3"}\n', ['1 not_json', '2 u2', '3 u3']],
    ['is cut off', '{"id":"u1"}\n{"id":"u2', ['1 u1', '2 not_json']],
    ['is no JSON in an array', '[{"id":"u1"},{id:"u2"},,{"id":"u3"}]', ['1 u1', '2 not_json', '3 u3']],
    ['has a bracket too many', '[{"id":"u1"}},{"id":"u2"}]', ['1 not_json', '2 u2']],
    ['is cut off in an array', '[{"id":"u1"},{"id":"u2"', ['1 u1', '2 truncated']],
    ['is missing in an array', '[{"id":"u1"},', ['1 u1', '2 truncated']],
    ['is missing in an object', '{"users":[{"id":"u1"}]', ['1 u1', '2 truncated']],
    ['is an object without the array', '{\n"people":[{"id":"u1"}]}', ['1 not_users users']],
    [
      'is an object whose array lies deeper',
      '{\n"users":{"all":[{"id":"u1"}]},"more":[{"id":"u2"}]}',
      ['1 not_users users'],
    ],
    ['follows the array', '[{"id":"u1"}] and more, ["u2"]', ['1 u1', '2 not_json']],
    ['is no object', '{"id":"u1"}\n"u2"\nnull\n[]\n', ['1 u1', '2 shape', '3 shape', '4 no_reference id']],
    [
      'has no id',
      '{"email":"a@b.example"}\n{"id":null}\n{"id":""}\n',
      ['1 no_reference id', '2 no_reference id', '3 no_reference id'],
    ],
    ['has an id too long', `{"id":"${'x'.repeat(513)}"}`, ['1 no_reference id']],
    ['has a wrong value', '{"id":"u1","disabled":"no"}\n{"id":"u2"}', ['1 shape disabled', '2 u2']],
    ['has a wrong time', '{"id":"u1","updated_at":"yesterday"}', ['1 shape updated_at']],
    ['has too few cells', 'id,email\nu1\nu2,\n', ['2 not_csv', '3 u2']],
    ['has too many cells', 'id,email\nu1,,\nu2,\n', ['2 not_csv', '3 u2']],
    ['has a quote amiss', 'id,email\nu1,"a"b\nu2,\n', ['2 not_csv', '3 u2']],
    ['has an open quote', 'id,email\nu1,\nu2,"a\nu3,\n', ['2 u1', '3 truncated']],
    ['has no id in CSV', 'id,email\n,a@b.example\n', ['2 no_reference id']],
    ['has a wrong flag in CSV', 'id,disabled\nu1,perhaps\nu2,TRUE\n', ['2 shape disabled', '3 u2']],
    ['has broken JSON in CSV', 'id,custom_data\nu1,{\nu2,{}\n', ['2 shape custom_data', '3 u2']],
    ['is a header without the id, and nothing is read', 'name,email\nu1,\nu2,\n', ['1 no_reference id']],
    ['is a header of other separators', 'id;email\nu1;\nu2;\n', ['1 no_reference id']],
  ])('is told where it %s, and the rest is kept', async (_what, file, lines) => {
    expect(inShort(await read(file))).toEqual(lines);
  });

  test.each([
    [
      'NDJSON',
      Buffer.from('{"id":"u1"}\n{"id":"\xff"}\n{"id":"u3"}\n', 'latin1'),
      ['1 u1', '2 not_utf8', '3 u3'],
    ],
    [
      'JSON',
      Buffer.from('[{"id":"u1"},{"id":"\xff"},{"id":"u3"}]', 'latin1'),
      ['1 u1', '2 not_utf8', '3 u3'],
    ],
    ['CSV', Buffer.from('id\nu1\n\xff\nu3\n', 'latin1'), ['2 u1', '3 not_utf8', '4 u3']],
  ])('is told where it is no UTF-8: %s', async (_format, file, lines) => {
    expect(inShort(await read(file))).toEqual(lines);
  });

  test.each([
    ['NDJSON', (name: string) => `{"id":"u1"}\n{"id":"u2","first_name":"${name}"}\n{"id":"u3"}\n`, 1],
    ['JSON', (name: string) => `[{"id":"u1"},{"id":"u2","first_name":"${name}"},{"id":"u3"}]`, 1],
    ['CSV', (name: string) => `id,first_name\nu1,\nu2,"${name}"\nu3,\n`, 2],
  ])('is told where it is too long: %s', async (_format, write, first) => {
    const file = write('x'.repeat(maxFrameBytes));
    expect(inShort(await read(file))).toEqual([`${first} u1`, `${first + 1} too_long`, `${first + 2} u3`]);
  });

  test('never makes a row of what stands between quotes, however long that is', async () => {
    const file = `id,first_name\nu1,"${'x'.repeat(maxFrameBytes)}\nvictim,X\n"\nu2,B\n`;
    expect(inShort(await read(file))).toEqual(['2 too_long', '5 u2']);
  });

  test('is the only one of a file in a format that its shape has not', async () => {
    expect(inShort(await read('id,email\nu1,\nu2,\n', { shape: oktaExport }))).toEqual(['1 format']);
    expect(inShort(await read('id\nu1\n', { shape: oktaExport, format: 'csv' }))).toEqual(['1 format']);
  });

  test('is the last where a gzip file is cut off, and what was unpacked is kept', async () => {
    const file = Array.from(
      { length: 5_000 },
      (_, index) => `{"id":"u${index + 1}","email":"${index * 7919}"}\n`,
    );
    const packed = gzipSync(file.join(''));
    const whole = inShort(await read(packed));
    for (const bytes of [packed.length - 1, packed.length >> 1, 40, 3]) {
      const lines = inShort(await read(packed.subarray(0, bytes)));
      const last = lines.length;
      expect(lines).toEqual([...whole.slice(0, last - 1), `${last} truncated`]);
    }
    expect(inShort(await read(packed.subarray(0, packed.length - 8)))).toHaveLength(5_001);
  });

  test('is the last where a gzip file is damaged, and what was unpacked before is kept', async () => {
    const file = Array.from(
      { length: 5_000 },
      (_, index) => `{"id":"u${index + 1}","email":"${index * 7919}"}\n`,
    );
    const packed = gzipSync(file.join(''));
    const whole = inShort(await read(packed));
    packed.writeUInt32LE(1, packed.length - 8);
    const lines = inShort(await read(packed));
    expect(lines.length).toBeGreaterThan(1_000);
    expect(lines).toEqual([...whole.slice(0, lines.length - 1), `${lines.length} corrupt`]);
  });

  test('does not trust the last row of a gzip file that is cut off, whole as it may look', async () => {
    const packed = gzipSync('id,first_name\nu1,Ann\nu2,Bernadette', { level: 0 });
    expect(inShort(await read(packed.subarray(0, -14)))).toEqual(['2 u1', '3 truncated']);
  });

  test('says where, and never what', async () => {
    const lines = await read('{"id":"u1","disabled":"secret@b.example"}\n{"id":"secret@b.example\n', {});
    expect(JSON.stringify(lines)).not.toContain('secret');
  });
});

describe('the time of a fact', () => {
  const updated = Date.parse('2026-01-02T03:04:05.678Z');

  test.each([
    ['its own', `{"id":"u1","updated_at":"2026-01-02T03:04:05.678Z"}`],
    ['its own in another zone', `{"id":"u1","updated_at":"2026-01-02T05:04:05.678+02:00"}`],
    ['its own in milliseconds', `{"id":"u1","updated_at":${updated}}`],
    ['its own in CSV', `id,updated_at\nu1,2026-01-02T03:04:05.678Z`],
    ['its own in milliseconds in CSV', `id,updated_at\nu1,${updated}`],
  ])('is %s', async (_what, file) => {
    expect(await read(file, { exportedAtMs: null })).toEqual([
      expect.objectContaining({ reference: 'u1', at: updated }),
    ]);
  });

  test.each([
    ['where it has none', '{"id":"u1"}'],
    ['where it is null', '{"id":"u1","updated_at":null}'],
    ['where its cell is empty', 'id,updated_at\nu1,\n'],
    [
      'where it is older, for the provider held this when the file was written',
      `{"id":"u1","updated_at":${updated}}`,
    ],
  ])("is the file's %s", async (_what, file) => {
    expect(await read(file)).toEqual([expect.objectContaining({ reference: 'u1', at: exportedAtMs })]);
  });

  test('is its own where the user was changed while the file was written', async () => {
    const file = `{"id":"u1","updated_at":${exportedAtMs + 1}}`;
    expect(await read(file)).toEqual([expect.objectContaining({ at: exportedAtMs + 1 })]);
  });

  test.each([
    ['a time in seconds', '{"id":"u1","updated_at":1767225600}'],
    ['a time in seconds in CSV', 'id,updated_at\nu1,1767225600'],
    ['a time without a zone', '{"id":"u1","updated_at":"2026-01-02T03:04:05"}'],
    ['a time that a spreadsheet shortened', 'id,updated_at\nu1,1.76723E+12'],
    ['a time as a text of milliseconds', '{"id":"u1","updated_at":"1767225600000"}'],
    ['a day', 'id,updated_at\nu1,2026-01-02'],
  ])('is not %s', async (_what, file) => {
    expect(inShort(await read(file))).toEqual([expect.stringMatching(/^\d shape updated_at$/)]);
  });

  test('must be known', async () => {
    const file = `{"id":"u1"}\n{"id":"u2","updated_at":${updated}}\n`;
    expect(inShort(await read(file, { exportedAtMs: null }))).toEqual(['1 no_time', '2 u2']);
  });
});

describe('a long field', () => {
  const name = 'x'.repeat(50_000);

  test.each([
    ['NDJSON', `{"id":"u1","first_name":"${name}","last_name":"B"}\n{"id":"u2","last_name":"C"}`],
    ['JSON', `[{"id":"u1","first_name":"${name}","last_name":"B"},{"id":"u2","last_name":"C"}]`],
    ['CSV', `id,first_name,last_name\nu1,"${name}",B\nu2,${name},C`],
  ])('counts as not told, and keeps nothing else from us: %s', async (_format, file) => {
    const told = (await read(file)).map((line) => line.is === 'user' && line.told);
    expect(told).toEqual([{ lastName: 'B' }, { lastName: 'C' }]);
  });
});

describe('the cut into chunks', () => {
  const files = [
    `${byteOrderMark}{"id":"ü1"}\r\n{"id":"u2",\n\n{"id":"u3","first_name":"\\"\\\\"}`,
    '{"next":{"users":["]"]},"users":[{"id":"ü1","first_name":"}],\\"["},7,{"id":"u2"}],"n":[1]}[{"id":"u3"}]x',
    `${byteOrderMark}id,first_name\r\nü1,"A ""B"", C\r\nD"\r\nu2,"x"y\r\n"u3",`,
  ].map((file) => Buffer.from(file));

  test('into single bytes changes nothing', async () => {
    for (const file of [...files, ...files.map((file) => gzipSync(file))]) {
      expect(await read(inChunks(file, 1))).toEqual(await read(file));
    }
  });

  test('anywhere changes nothing', async () => {
    const cuts = fc.array(fc.nat({ max: 150 }), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...files), cuts, async (file, at) => {
        const edges = [0, ...at.map((edge) => edge % file.length).sort((a, b) => a - b), file.length];
        const chunks = edges.slice(1).map((edge, index) => file.subarray(edges[index], edge));
        expect(await read(asStream(chunks))).toEqual(await read(file));
      }),
    );
  });

  test('finds every line of these files', async () => {
    const lines = await Promise.all(files.map(async (file) => inShort(await read(file))));
    expect(lines).toEqual([
      ['1 ü1', '2 not_json', '4 u3'],
      ['1 ü1', '2 shape', '3 u2', '4 u3', '5 not_json'],
      ['2 ü1', '4 not_csv', '5 u3'],
    ]);
  });
});

describe('lines that are passed over', () => {
  test('leave the others as they are, of which each is the same line', async () => {
    for (const file of [
      '{"id":"u1"}\n{broken\n\n{"id":"u2"}\n{"id":"u3"}',
      '{"users":[{"id":"u1"},7,{"id":"u2"}]}[{"id":"u3"}]x',
      `${byteOrderMark}id,first_name\r\nu1,"A ""B"", C\r\nD"\r\nu2,"x"y\r\nu3,`,
      'email\na@b.example\nc@d.example',
    ]) {
      const all = await read(file);
      for (let after = 0; after < 9; after++) {
        const rest = (await read(file, { after })).filter(({ line }) => line > after);
        expect(rest).toEqual(all.filter(({ line }) => line > after));
      }
    }
  });

  test('of a format that its shape has not leave no other', async () => {
    expect(inShort(await read('id\nu1\nu2\n', { shape: oktaExport, after: 2 }))).toEqual(['1 format']);
  });

  test('are not read', async () => {
    expect(inShort(await read('{broken\n{"id":"u2"}\n', { after: 1 }))).toEqual(['2 u2']);
    expect(inShort(await read('id\nu1,,\nu2\n', { after: 2 }))).toEqual(['3 u2']);
  });
});

describe('a large file', () => {
  const userBytes = 1_000;

  /** Twenty megabytes of users, in all formats; `pulled` says how much of it was asked for. */
  function largeFile(write: (id: number, padding: string) => string, before: string, after: string) {
    const pulled = { users: 0, isClosed: false };
    const padding = 'x'.repeat(userBytes);
    async function* chunks(): AsyncGenerator<Uint8Array> {
      try {
        yield Buffer.from(before);
        while (pulled.users < 20_000) {
          const from = pulled.users;
          pulled.users += 50;
          yield Buffer.from(Array.from({ length: 50 }, (_, index) => write(from + index, padding)).join(''));
        }
        yield Buffer.from(after);
      } finally {
        pulled.isClosed = true;
      }
    }
    return { pulled, chunks: chunks() };
  }

  // Of an object on one line, as much is read ahead as it takes to know that this is no line of NDJSON.
  const aheadOfObject = maxFrameBytes / userBytes + 50;

  test.each([
    ['NDJSON', (id: number, name: string) => `{"id":"u${id}","first_name":"${name}"}\n`, '', '', 50],
    [
      'an array',
      (id: number, name: string) => `,{"id":"u${id}","first_name":"${name}"}`,
      '[{"id":"u"}',
      ']',
      50,
    ],
    [
      'an object',
      (id: number, name: string) => `,{"id":"u${id}","first_name":"${name}"}`,
      '{"users":[{"id":"u"}',
      ']}',
      aheadOfObject,
    ],
    ['CSV', (id: number, name: string) => `u${id},"${name}"\n`, 'id,first_name\n', '', 50],
  ])('is pulled only as its users are taken: %s', async (_format, write, before, after, maxAhead) => {
    const { pulled, chunks } = largeFile(write, before, after);
    let taken = 0;
    let ahead = 0;
    for await (const line of readUsers(chunks, { shape: genericExport, exportedAtMs })) {
      if (line.is === 'user') taken++;
      ahead = Math.max(ahead, pulled.users - taken);
    }
    expect(taken).toBeGreaterThanOrEqual(20_000);
    expect(ahead).toBeLessThanOrEqual(maxAhead);
  });

  test('is closed when its reader stops', async () => {
    const { pulled, chunks } = largeFile((id) => `{"id":"u${id}"}\n`, '', '');
    for await (const line of readUsers(chunks, { shape: genericExport, exportedAtMs })) {
      if (line.line === 3) break;
    }
    expect(pulled).toEqual({ users: 50, isClosed: true });
  });

  test('is closed when there is no sense in reading on', async () => {
    const { pulled, chunks } = largeFile((id) => `u${id},A\n`, 'name,first_name\n', '');
    expect(inShort(await read(chunks))).toEqual(['1 no_reference id']);
    expect(pulled).toEqual({ users: 0, isClosed: true });
  });

  test('passes on what goes wrong at its source', async () => {
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('{"id":"u1"}\n');
      throw new TypeError('the connection broke');
    }
    await expect(read(failing())).rejects.toThrow(TypeError);
  });

  test('may come from fetch', async () => {
    const { body } = new Response('{"id":"u1"}\n');
    expect(body && inShort(await read(body))).toEqual(['1 u1']);
  });
});

async function* asStream(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}
