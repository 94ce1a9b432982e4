// Files as people have them, and what each is to be read as. Personal details are made up.

import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { ExportLine, ReadOptions } from '../../lib/exports/read.ts';
import type { ExportShape } from '../../lib/exports/shape.ts';
import { findShape, shapes } from '../../lib/providers/exports.ts';
import { exportedAtMs, inShort, read } from './support.ts';

describe('of Supabase', () => {
  test("Studio's CSV writes NULL as a word, which deletes and bans nobody", async () => {
    const lines = await readFixture('files/supabase-studio-null.csv', 'supabase', { exportedAtMs: null });
    expect(lines).toEqual([
      {
        line: 2,
        is: 'user',
        reference: '6f1c1a10-0000-4000-8000-000000000001',
        told: {
          email: 'ada@example.com',
          phone: null,
          firstName: 'Ada',
          emailVerified: true,
          disabled: false,
        },
        at: Date.parse('2024-01-15T10:30:00Z'),
      },
      {
        line: 3,
        is: 'user',
        reference: '6f1c1a10-0000-4000-8000-000000000002',
        told: { email: 'ben@example.com', phone: null, emailVerified: false, disabled: false },
        at: Date.parse('2024-01-15T10:31:00Z'),
      },
    ]);
  });

  test.each([
    ['no', 'deleted_at', 'no'],
    ['false', 'deleted_at', 'false'],
    ['0', 'deleted_at', '0'],
    ['None', 'deleted_at', 'None'],
    ['a time of day', 'banned_until', '10:30'],
    ['a flag', 'banned_until', 'false'],
  ])(
    '%s is no time at which somebody was deleted or banned: the line tells nothing',
    async (_what, name, cell) => {
      const csv = `id,email,${name}\nu1,a@b.example,${cell}\nu2,b@b.example,\n`;
      expect(inShort(await read(csv, { shape: shapeOf('supabase') }))).toEqual([`2 shape ${name}`, '3 u2']);
      const json = JSON.stringify([{ id: 'u1', [name]: cell }, { id: 'u2' }]);
      expect(inShort(await read(json, { shape: shapeOf('supabase') }))).toEqual([`1 shape ${name}`, '2 u2']);
    },
  );

  test.each([
    ['2025-01-01 00:00:00+00', { deleted: true }],
    ['2025-01-01 00:00:00.5+05:30', { deleted: true }],
    ['2025-01-01T00:00:00Z', { deleted: true }],
    ['', { email: 'a@b.example', emailVerified: false }],
    ['"NULL"', { email: 'a@b.example', emailVerified: false }],
    ['null', { email: 'a@b.example', emailVerified: false }],
  ])('deleted_at %s tells what it says', async (cell, told) => {
    const csv = `id,email,email_confirmed_at,deleted_at\nu1,a@b.example,,${cell}\n`;
    expect(await read(csv, { shape: shapeOf('supabase') })).toMatchObject([{ told }]);
  });

  test.each([
    ['infinity', true],
    ['-infinity', false],
    ['2126-01-01 00:00:00+00', true],
    ['2025-01-01 00:00:00+00', false],
    ['null', false],
  ])('banned_until %s tells disabled %s', async (cell, disabled) => {
    const csv = `id,banned_until\nu1,${cell}\n`;
    expect(await read(csv, { shape: shapeOf('supabase') })).toMatchObject([{ told: { disabled } }]);
  });

  test("the SQL editor's rows as JSON are those of the table", async () => {
    const row = {
      id: 'u1',
      email: 'a@b.example',
      email_confirmed_at: '2025-01-01 00:00:00.123456+00',
      raw_user_meta_data: { first_name: 'Ada' },
      banned_until: '2126-01-01 00:00:00+00',
      updated_at: '2026-01-02 03:04:05+00',
    };
    expect(
      await read(JSON.stringify([row]), { shape: shapeOf('supabase'), exportedAtMs: null }),
    ).toMatchObject([
      {
        told: { email: 'a@b.example', emailVerified: true, firstName: 'Ada', disabled: true },
        at: Date.parse('2026-01-02T03:04:05Z'),
      },
    ]);
    const few = JSON.stringify([{ id: 'u1', email: 'a@b.example' }]);
    expect(await read(few, { shape: shapeOf('supabase') })).toMatchObject([
      { told: { email: 'a@b.example' } },
    ]);
  });
});

describe('a word for NULL', () => {
  test('without quotes is an empty cell', async () => {
    expect(await readFixture('files/csv-null-words.csv', 'generic')).toMatchObject([
      { reference: 'n-1', told: { email: 'n1@example.com', phone: null, firstName: null } },
    ]);
  });

  test.each(['null', 'NULL', '\\N'])('in quotes, %s is not told, and counted', async (word) => {
    const csv = `id,email,phone,disabled,custom_data,updated_at\n"u1","a@b.example","${word}","${word}","${word}","${word}"`;
    expect(await read(csv)).toEqual([
      {
        line: 2,
        is: 'user',
        reference: 'u1',
        told: { email: 'a@b.example', customData: null },
        at: exportedAtMs,
        untold: ['phone'],
      },
    ]);
  });

  test.each(shapes.map((shape) => [shape.name, shape] as const))(
    'is nobody’s address or name in JSON of %s, and no id',
    async (_name, shape) => {
      const texts = JSON.stringify([rowOf(shape, 'u1', 'NULL'), rowOf(shape, '\\N', 'x')]);
      const [line, other] = await read(texts, { shape });
      expect(line).toMatchObject({ is: 'user', reference: 'u1', untold: expect.arrayContaining(['email']) });
      expect(line?.is === 'user' && Object.values(line.told)).not.toContain('NULL');
      expect(other).toMatchObject({ is: 'invalid', reason: 'no_reference' });
    },
  );

  test('is no id in CSV, in quotes or not', async () => {
    expect(inShort(await read('id,email\nNULL,a@b.example\n"NULL",a@b.example\n\\N,a@b.example\n'))).toEqual([
      '2 no_reference id',
      '3 no_reference id',
      '4 no_reference id',
    ]);
  });
});

describe('a CSV file', () => {
  test('of lone carriage returns is read', async () => {
    const lines = await readFixture('files/csv-cr-only.csv', 'generic', { exportedAtMs: null });
    expect(inShort(lines)).toEqual(['2 x-cr-1', '3 x-cr-2']);
    expect(lines).toMatchObject([{ told: { firstName: 'Ada' } }, { told: { firstName: 'Ben' } }]);
  });

  test('with a column twice is refused by its name, for either could be the reference', async () => {
    expect(inShort(await readFixture('files/csv-duplicate-header.csv', 'generic'))).toEqual([
      '1 column_twice id',
    ]);
  });

  test('with blanks around the names of columns has these columns', async () => {
    expect(await readFixture('files/csv-header-spaces.csv', 'generic', { exportedAtMs: null })).toMatchObject(
      [
        {
          reference: 'u-sp',
          told: { email: 'sp@example.com', emailVerified: true },
          at: Date.parse('2026-01-01'),
        },
      ],
    );
  });

  test('with blanks around its cells is about the users of these ids', async () => {
    expect(await readFixture('files/csv-space-cells.csv', 'generic')).toMatchObject([
      { reference: 'u-ws', told: { email: 'ws@example.com' } },
      { reference: 'u-ws2', told: { email: 'ws2@example.com' } },
    ]);
  });

  test('whose ids a spreadsheet made one says so at the second, and makes no mixture of two people', async () => {
    const lines = await readFixture('files/csv-excel-ids.csv', 'generic');
    expect(inShort(lines)).toEqual(['2 1.23457E+17', '3 repeated id']);
    expect(lines).toMatchObject([{ told: { email: 'e1@example.com' } }, {}]);
  });

  test('may write flags as databases do', async () => {
    const flags = { emailVerified: true, disabled: false };
    expect(await readFixture('files/csv-booleans.csv', 'generic')).toMatchObject([
      { reference: 'u-tf', told: flags },
      { reference: 'u-10', told: flags },
      { reference: 'u-yn', told: flags },
      { reference: 'u-TR', told: flags },
    ]);
  });

  test('that names a column otherwise is refused, and not read without it', async () => {
    for (const name of ['firstName', 'E-Mail', 'Email Verified', 'DISABLED']) {
      expect(inShort(await read(`id,${name}\nu1,x\nu2,y\n`))).toEqual([`1 other_names ${name}`]);
    }
  });

  test.each([
    ['too long', `id,${'x'.repeat(1024 * 1024)}\nid\nu1\n`, '1 too_long'],
    ['no text', 'id,\u0000\nid\nu1\n', '1 not_text'],
    ['no UTF-8', Buffer.from('id,\xff\nid\nu1\n', 'latin1'), '1 not_text'],
    ['of wrong quotes', 'id,"a"b\nid\nu1\n', '1 no_reference id'],
  ])('whose header is %s is not read by the row that follows', async (_what, file, line) => {
    expect(inShort(await read(file))).toEqual([line]);
  });
});

describe('of Keycloak', () => {
  const realm = [
    'd4376847-8d56-4c5c-a47d-c99a4b53216c',
    'c8caefd1-505f-4795-bdcf-625a4c2e6108',
    'ff250c35-7c28-472f-ba30-ab38f3a594a9',
    'b86e8f7a-91ed-4cfc-b145-77f8aaad6316',
    '59b4a919-78f6-41a1-81c8-db6fbbf33f3a',
    '7f9940da-9102-4f9e-aea1-a1b0eddfd023',
    '39d3f57a-708f-4ffa-9ad5-8ea9c1a55471',
    '3ddf6283-2d5e-4064-a790-041c44e17f92',
    'f4435217-b6af-4622-bc88-a28dbf689897',
    '8af90b2b-cb6c-4c4a-a616-320fa1736d4d',
  ];
  const others = [
    'f84b9bd7-94f9-4d4a-b30b-f406969d15cf',
    '011d837d-688e-4a73-9d26-496709ea9491',
    'cb6d01e0-99a2-4ff5-a99a-ff1910e3b53c',
    '587fe3ac-43dd-41ac-9b15-55f9bffc3a8f',
    'deb65af0-7758-449f-ad06-f78cae5ba0f9',
    '32831291-7c31-4f3b-9e92-2f55eee9c390',
  ];

  test.each([
    [
      'a realm’s export in one file, whose service account is no user',
      'kc-export-file.json',
      [...realm, ...others],
    ],
    ['a file of users of an export to a folder', 'kc-export-dir-app-users-0.json', realm],
    ['the list of the Admin API', 'admin-list.json', [...realm, ...others]],
  ])('%s is read', async (_what, name, references) => {
    const lines = await readFixture(`keycloak/export/${name}`, 'keycloak');
    expect(lines.map((line) => line.is === 'user' && line.reference)).toEqual(references);
    expect(lines.slice(0, 2)).toMatchObject([
      {
        told: {
          email: 'ada@example.com',
          emailVerified: true,
          firstName: 'Ada',
          lastName: 'Lovelace',
          disabled: true,
        },
        at: exportedAtMs,
      },
      {
        told: {
          email: 'carl-new@example.com',
          emailVerified: false,
          phone: '+49 30 999',
          locale: 'fr',
          timezone: 'Europe/Rome',
          disabled: false,
        },
      },
    ]);
  });

  test('the file of the realm itself, in an export to a folder, has no users, and says so', async () => {
    const lines = await readFixture('keycloak/export/kc-export-dir-app-realm.json', 'keycloak');
    expect(inShort(lines)).toEqual(['1 not_users users']);
    expect(inShort(await read('{"realm":"app","enabled":true}', { shape: shapeOf('keycloak') }))).toEqual([
      '1 not_users realm',
    ]);
  });

  test('an export of all realms is refused, for one of them is the app’s, and the administrators’ is not', async () => {
    const lines = await readFixture('files/keycloak-all-realms.json', 'keycloak');
    expect(lines).toEqual([
      { line: 1, is: 'invalid', reason: 'not_users', where: 'users', isWholeFile: true },
    ]);
    const bare = JSON.stringify([
      { id: 'r1', realm: 'master' },
      { id: 'r2', realm: 'app', users: [] },
    ]);
    expect(inShort(await read(bare, { shape: shapeOf('keycloak') }))).toEqual(['1 not_users realm']);
  });

  test('attributes may be texts, lists, empty or null; a service account is left out, and a user without an id is told', async () => {
    const lines = await readFixture('files/keycloak-attributes.json', 'keycloak');
    expect(lines).toMatchObject([
      { line: 1, told: { email: 'ada@example.com', phone: '+441234567890' } },
      { line: 2, told: { email: 'ben@example.com', locale: null } },
      { line: 3, told: { email: 'cleo@example.com', locale: null } },
      { line: 4, told: { email: 'dora@example.com' } },
      { line: 6, reason: 'no_reference', where: 'id' },
    ]);
  });
});

describe('of an SDK, which names the members otherwise,', () => {
  test.each([
    ['clerk', 'clerk-sdk.json', 'primaryEmailAddressId'],
    ['workos', 'workos-sdk.json', 'emailVerified'],
  ])('a dump of %s is refused as a whole, and no ban is left out in silence', async (name, file, where) => {
    expect(inShort(await readFixture(`files/${file}`, name))).toEqual([`1 other_names ${where}`]);
  });

  test.each(shapes.map((shape) => [shape.name, shape] as const))(
    'a dump of %s is refused in either case of its names',
    async (_name, shape) => {
      const toOther = (name: string) =>
        name.includes('_')
          ? name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase())
          : name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      const raw = rowOf(shape, 'u1', 'x');
      const other = Object.fromEntries(
        Object.entries(raw).map(([name, value]) => [name === shape.id ? name : toOther(name), value]),
      );
      const lines = await read(JSON.stringify([other, other]), { shape });
      expect(lines).toMatchObject([{ reason: 'other_names', isWholeFile: true }]);
    },
  );
});

describe('of another provider, read as a file of one’s own,', () => {
  test('it is refused, by the provider whose users have such members', async () => {
    expect(inShort(await readFixture('files/clerk.json', 'generic'))).toEqual(['1 other_provider clerk']);
    expect(inShort(await readFixture('files/clerk.json', 'clerk'))).toEqual(['1 user_cl1', '2 user_cl2']);
    expect(inShort(await readFixture('files/supabase-studio-null.csv', 'generic'))).toEqual([
      '1 other_provider supabase',
    ]);
    expect(inShort(await readFixture('keycloak/export/admin-list.json', 'generic'))).toEqual([
      '1 other_provider keycloak',
    ]);
    expect(inShort(await readFixture('files/auth0-saml.ndjson', 'generic'))).toEqual([
      '1 other_provider auth0',
    ]);
  });
});

describe('a member of another type', () => {
  test('is not told, and the rest of the line is, a block above all', async () => {
    const at = Date.parse('2026-01-01');
    expect(await readFixture('files/auth0-saml.ndjson', 'auth0', { exportedAtMs: null })).toEqual([
      {
        line: 1,
        is: 'user',
        reference: 'samlp|b1',
        told: { email: 'b1@example.com', emailVerified: true },
        at,
      },
      {
        line: 2,
        is: 'user',
        reference: 'samlp|b2',
        told: { email: 'b2@example.com' },
        at,
        untold: ['email_verified'],
      },
      {
        line: 3,
        is: 'user',
        reference: 'samlp|b3',
        told: { email: 'b3@example.com', emailVerified: true, disabled: true },
        at,
        untold: ['given_name'],
      },
    ]);
  });

  const members = shapes.flatMap((shape) =>
    Object.keys(shape.row.entries)
      // Whatever stands there: of a service account, and of what users write themselves.
      .filter((name) => ![shape.id, 'serviceAccountClientId', 'user_metadata'].includes(name))
      .map((name) => [shape.name, name, shape] as const),
  );

  test.each(members)(
    '%s: where %s can’t be read, it is not told, unless it decides',
    async (_name, name, shape) => {
      const harmed = rowOf(shape, 'u1', 'x', { [name]: 7.5 });
      const lines = await read(JSON.stringify([harmed, rowOf(shape, 'u2', 'x')]), { shape });
      const isDecisive = shape.decisive.includes(name);
      expect(lines).toMatchObject([
        isDecisive
          ? { reason: 'shape', where: name }
          : { reference: 'u1', untold: expect.arrayContaining([name]) },
        { reference: 'u2' },
      ]);
    },
  );

  test('within a list or an object is left out of that alone', async () => {
    const row = {
      id: 'u1',
      primary_email_address_id: 'b',
      email_addresses: [
        { id: 'a', email_address: 7 },
        { id: 'b', email_address: 'b@b.example', verification: { status: 'verified' } },
      ],
      phone_numbers: [{ id: 'c', phone_number: '+4930123456' }, 'd'],
      primary_phone_number_id: 'c',
    };
    expect(await read(JSON.stringify([row]), { shape: shapeOf('clerk') })).toMatchObject([
      {
        told: { email: 'b@b.example', emailVerified: true },
        untold: ['email_addresses.email_address', 'phone_numbers'],
      },
    ]);
  });

  test('in a list leaves the others in their places', async () => {
    const rows = [
      { id: 'u1', preferredLanguages: ['de', 5] },
      { id: 'u2', preferredLanguages: [5, 'en'] },
    ];
    const lines = await read(JSON.stringify(rows), { shape: shapeOf('fusionauth') });
    const untold = ['preferredLanguages'];
    expect(lines).toMatchObject([
      { told: { locale: 'de' }, untold },
      { told: {}, untold },
    ]);
    expect(lines[1]?.is === 'user' && lines[1].told).not.toHaveProperty('locale');
  });

  test('that is a state which nobody knows is the fault of the line, for it may keep the user out', async () => {
    const rows = ['ACTIVE', 'BANISHED'].map((status, i) => ({ id: `u${i}`, status }));
    expect(inShort(await read(JSON.stringify(rows), { shape: shapeOf('okta') }))).toEqual([
      '1 u0',
      '2 shape status',
    ]);
  });

  test('as a text that says true or false is what it says', async () => {
    const rows = ['true', 'True', 'FALSE', 'false'].map((flag, i) => ({ id: `u${i}`, disabled: flag }));
    const lines = await read(JSON.stringify(rows));
    expect(lines.map((line) => line.is === 'user' && line.told.disabled)).toEqual([true, true, false, false]);
  });
});

describe('a verification', () => {
  test.each([
    ['is not in the file', { email_verified: true }],
    ['can’t be read', { email: 7, email_verified: true }],
    ['is a word for NULL', { email: 'NULL', email_verified: true }],
    ['is empty', { email: '', email_verified: true }],
    ['is too long', { email: 'x'.repeat(5_000), email_verified: true }],
  ])('of an address that %s is not told, for another one may be held', async (_what, row) => {
    const [line] = await read(JSON.stringify([{ id: 'u1', ...row }]));
    expect(line).toMatchObject({ is: 'user', untold: expect.arrayContaining(['emailVerified']) });
    expect(line?.is === 'user' && line.told).not.toHaveProperty('emailVerified');
  });

  test('that is none is told without an address too', async () => {
    const lines = await read('[{"id":"u1","email_verified":false}]');
    expect(lines).toMatchObject([{ told: { emailVerified: false } }]);
  });
});

describe('custom data of one’s own', () => {
  test.each([
    ['is text', '"text"'],
    ['is a list', '[1]'],
    ['has over 48 KB', `{"a":"${'x'.repeat(48 * 1024)}"}`],
    ['has over 64 levels', `${'{"a":'.repeat(65)}1${'}'.repeat(65)}`],
  ])('is the fault of the line where it %s', async (_what, data) => {
    const ndjson = `{"id":"u1","custom_data":${data}}\n{"id":"u2","custom_data":{}}`;
    expect(inShort(await read(ndjson))).toEqual(['1 shape custom_data', '2 u2']);
    const csv = `id,custom_data\nu1,"${data.replaceAll('"', '""')}"\nu2,{}`;
    expect(inShort(await read(csv))).toEqual(['2 shape custom_data', '3 u2']);
  });
});

describe('a file of something else', () => {
  const binaries = {
    'a picture': Buffer.from('\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'latin1'),
    'an archive': Buffer.from('PK\x03\x04\x14\0\0\0\x08\0users.csv', 'latin1'),
    'a folder that tar wrote': Buffer.concat([
      Buffer.from('users.json'),
      Buffer.alloc(90),
      Buffer.from('0644'),
    ]),
    'a database': Buffer.from('SQLite format 3\0\x10\0\x01\x01', 'latin1'),
    'a text in UTF-16': Buffer.from('\ufeffid,email\nu1,a@b.example\n', 'utf16le'),
    noise: Buffer.from(Array.from({ length: 5_000 }, (_, i) => (i * 7919 + 131) % 256)),
  };
  const each = Object.entries(binaries).flatMap(([what, bytes]) =>
    shapes.map((shape) => [what, shape.name, bytes, shape] as const),
  );

  test.each(each)('says in one line that it is no text: %s as %s', async (_what, _name, bytes, shape) => {
    for (const file of [bytes, gzipSync(bytes)]) {
      expect(await read(file, { shape })).toEqual([
        { line: 1, is: 'invalid', reason: 'not_text', where: null, isWholeFile: true },
      ]);
    }
  });

  test.each(shapes.filter(({ member }) => member !== null).map((shape) => [shape.name, shape] as const))(
    'says that it holds what holds users: an array of pages of %s',
    async (_name, shape) => {
      const pages = [1, 2].map((page) => ({ page, [String(shape.member)]: [rowOf(shape, `u${page}`, 'x')] }));
      expect(inShort(await read(JSON.stringify(pages), { shape }))).toEqual([`1 not_users ${shape.member}`]);
    },
  );
});

describe('an id', () => {
  test.each(shapes.map((shape) => [shape.name, shape] as const))(
    'of an earlier line is a fault of the later one: %s',
    async (_name, shape) => {
      const rows = ['u1', 'u2', 'u1', 'u3', 'u2'].map((id) => JSON.stringify(rowOf(shape, id, 'x')));
      const wanted = ['1 u1', '2 u2', `3 repeated ${shape.id}`, '4 u3', `5 repeated ${shape.id}`];
      for (const file of [rows.join('\n'), `[${rows}]`]) {
        expect(inShort(await read(file, { shape }))).toEqual(wanted);
        for (let after = 0; after <= 5; after++) {
          expect(inShort(await read(file, { shape, after }))).toEqual(wanted.slice(after));
        }
      }
    },
  );

  test('of an earlier line is a fault of the later one in CSV too, however it is written', async () => {
    const csv = 'id,email\nu1,a@b.example\n "u1" ,b@b.example\n';
    expect(inShort(await read(csv))).toEqual(['2 u1', '3 repeated id']);
    expect(inShort(await read(csv, { after: 2 }))).toEqual(['3 repeated id']);
  });
});

describe('a time of change', () => {
  test('in seconds is no time, and dates no ban to 1970', async () => {
    expect(
      await readFixture('files/gen-iso-disabled.ndjson', 'generic', { exportedAtMs: null }),
    ).toMatchObject([{ reference: 'sec-2', told: { disabled: false }, at: Date.parse('2026-01-01') }]);
    expect(inShort(await read('{"id":"sec-2","disabled":true,"updated_at":1767225601}'))).toEqual([
      '1 shape updated_at',
    ]);
  });

  test('that is nowhere is the reason of each line, until the time of the export is given', async () => {
    expect(inShort(await readFixture('files/notime.ndjson', 'generic', { exportedAtMs: null }))).toEqual([
      '1 no_time',
    ]);
    expect(inShort(await readFixture('files/notime.ndjson', 'generic'))).toEqual(['1 q1']);
  });

  test.each([
    ['hanko-export-as-generic.ndjson', ['e406bfb1-7c71-4f39-8ed5-6300fa73d526']],
    [
      'kratos-v1.3.1-backfill-inactive.ndjson',
      ['8f6f62ad-7509-415b-971c-97236711f194', 'd1a55525-004d-465f-bb44-9e862c8a52e3'],
    ],
  ])(
    'that does not move with every change gives way to the time of the export: %s',
    async (name, references) => {
      const writtenAtMs = Date.parse('2026-11-26T00:00:00Z');
      const dated = await readFixture(`files/${name}`, 'generic', { exportedAtMs: writtenAtMs });
      expect(dated).toMatchObject(references.map((reference) => ({ reference, at: writtenAtMs })));
      const undated = await readFixture(`files/${name}`, 'generic', { exportedAtMs: null });
      expect(undated.every((line) => line.is === 'user' && line.at < writtenAtMs)).toBe(true);
    },
  );
});

function readFixture(path: string, shape: string, options: Partial<ReadOptions> = {}): Promise<ExportLine[]> {
  const bytes = readFileSync(new URL(`../fixtures/${path}`, import.meta.url));
  return read(bytes, { shape: shapeOf(shape), ...options });
}

function shapeOf(name: string): ExportShape {
  const shape = findShape(name);
  if (!shape) throw new Error(`no shape ${name}`);
  return shape;
}

/** A user as each provider writes one, all of whose texts are `text`. */
function rowOf({ name, id }: ExportShape, reference: string, text: string, over: object = {}): object {
  const row = { ...bodies(text)[name], [id]: reference, ...over };
  if (name !== 'cognito') return row;
  const { Enabled, UserLastModifiedDate, ...attributes } = row as Record<string, unknown>;
  return {
    Attributes: Object.entries(attributes).map(([Name, Value]) => ({ Name, Value })),
    Enabled,
    UserLastModifiedDate,
  };
}

const updatedAt = '2026-01-02T03:04:05.678Z';

function bodies(text: string): Record<string, object> {
  return {
    generic: { email: text, first_name: text, email_verified: true, disabled: false, updated_at: updatedAt },
    auth0: { email: text, given_name: text, email_verified: true, blocked: false, updated_at: updatedAt },
    clerk: {
      first_name: text,
      primary_email_address_id: 'e',
      email_addresses: [{ id: 'e', email_address: text, verification: { status: 'verified' } }],
      banned: false,
      updated_at: Date.parse(updatedAt),
    },
    cognito: {
      email: text,
      given_name: text,
      email_verified: 'true',
      Enabled: true,
      UserLastModifiedDate: Date.parse(updatedAt) / 1_000,
    },
    firebase: { email: text, phoneNumber: text, emailVerified: true, disabled: false },
    fusionauth: {
      email: text,
      firstName: text,
      verified: true,
      active: true,
      lastUpdateInstant: Date.parse(updatedAt),
    },
    keycloak: {
      email: text,
      firstName: text,
      attributes: { locale: [text] },
      emailVerified: true,
      enabled: true,
    },
    kinde: { email: text, first_name: text, is_suspended: false },
    okta: { status: 'ACTIVE', profile: { email: text, firstName: text }, lastUpdated: updatedAt },
    supabase: { email: text, user_metadata: { first_name: text }, banned_until: null, updated_at: updatedAt },
    workos: { email: text, first_name: text, email_verified: true, updated_at: updatedAt },
  };
}
