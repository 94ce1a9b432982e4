import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { lineMeanings } from '../../cli/words/reasons.ts';
import type { ExportLine } from '../../lib/exports/read.ts';
import type { ExportShape } from '../../lib/exports/shape.ts';
import { findShape, shapes } from '../../lib/providers/exports.ts';
import { genericUser } from '../../lib/providers/generic/user.ts';
import { exportedAtMs, inShort, read } from './support.ts';

const updatedAt = '2026-01-02T03:04:05.678Z';
const updatedMs = Date.parse(updatedAt);

type Case = {
  readonly file: string;
  readonly reference: string;
  readonly told: object;
  readonly at?: number;
};

const full = {
  email: 'ann@b.example',
  phone: '+4930123456',
  firstName: 'Ann',
  lastName: 'Bell',
  emailVerified: true,
};

const cases: Record<string, Case> = {
  'generic JSON': {
    file: `[{"id":"u1","email":"ann@b.example","phone":"+4930123456","first_name":"Ann","last_name":"Bell","locale":"de",
      "timezone":"Europe/Berlin","avatar_url":"https://b.example/a.png","custom_data":{"b":1,"a":[2]},"tenant_id":"t1",
      "email_verified":true,"disabled":false,"updated_at":"${updatedAt}"}]`,
    reference: 'u1',
    told: {
      ...full,
      locale: 'de',
      timezone: 'Europe/Berlin',
      avatarUrl: 'https://b.example/a.png',
      customData: '{"a":[2],"b":1}',
      tenantId: 't1',
      disabled: false,
    },
    at: updatedMs,
  },
  'generic CSV': {
    file: `id,email,phone,first_name,last_name,email_verified,disabled,custom_data,tenant_id,updated_at
u1,ann@b.example,+4930123456,Ann,Bell,true,FALSE,"{""b"":1,""a"":[2]}",,${updatedMs}`,
    reference: 'u1',
    told: { ...full, disabled: false, customData: '{"a":[2],"b":1}', tenantId: null },
    at: updatedMs,
  },
  'auth0 NDJSON': {
    file: `{"user_id":"auth0|1","email":"ann@b.example","email_verified":true,"phone_number":"+4930123456","given_name":"Ann","family_name":"Bell","picture":"https://b.example/a.png","blocked":true,"name":"Ann Bell","updated_at":"${updatedAt}"}`,
    reference: 'auth0|1',
    told: { ...full, avatarUrl: 'https://b.example/a.png', disabled: true },
    at: updatedMs,
  },
  'auth0 CSV': {
    file: `"user_id","email","email_verified","given_name","family_name","blocked","updated_at"
"'auth0|1","'ann@b.example",true,"'Ann","''t Hooft",,"'${updatedAt}"`,
    reference: 'auth0|1',
    told: { email: 'ann@b.example', emailVerified: true, firstName: 'Ann', lastName: "'t Hooft" },
    at: updatedMs,
  },
  'auth0 CSV of old': {
    file: `user_id,email,email_verified,family_name\nauth0|1,ann@b.example,false,'t Hooft`,
    reference: 'auth0|1',
    told: { email: 'ann@b.example', emailVerified: false, lastName: "'t Hooft" },
  },
  'clerk JSON': {
    file: `{"data":[{"id":"user_1","first_name":"Ann","last_name":"Bell","image_url":"https://b.example/a.png","banned":true,
      "primary_email_address_id":"idn_1","email_addresses":[{"id":"idn_0","email_address":"old@b.example"},
      {"id":"idn_1","email_address":"ann@b.example","verification":{"status":"verified"}}],
      "primary_phone_number_id":"idn_2","phone_numbers":[{"id":"idn_2","phone_number":"+4930123456"}],
      "updated_at":${updatedMs}}],"total_count":1}`,
    reference: 'user_1',
    told: { ...full, avatarUrl: 'https://b.example/a.png', disabled: true },
    at: updatedMs,
  },
  'clerk CSV': {
    file: `id,first_name,last_name,username,primary_email_address,primary_phone_number,verified_email_addresses,unverified_email_addresses,verified_phone_numbers,unverified_phone_numbers,totp_secret,password_digest,password_hasher
user_1,Ann,Bell,,ann@b.example,+4930123456,old@b.example|ann@b.example,,+4930123456,,,$2a$10$x,bcrypt`,
    reference: 'user_1',
    told: full,
  },
  'cognito JSON of the command line': {
    file: `{
    "Users": [
        {
            "Username": "ann",
            "Attributes": [
                { "Name": "sub", "Value": "5f1e" },
                { "Name": "email", "Value": "ann@b.example" },
                { "Name": "email_verified", "Value": "true" },
                { "Name": "phone_number", "Value": "+4930123456" },
                { "Name": "given_name", "Value": "Ann" },
                { "Name": "family_name", "Value": "Bell" },
                { "Name": "zoneinfo", "Value": "Europe/Berlin" },
                { "Name": "custom:plan", "Value": "gold" }
            ],
            "UserLastModifiedDate": "2026-01-02T05:04:05.678000+02:00",
            "Enabled": false,
            "UserStatus": "CONFIRMED"
        }
    ]
}`,
    reference: '5f1e',
    told: { ...full, timezone: 'Europe/Berlin', disabled: true },
    at: updatedMs,
  },
  'cognito JSON of the API': {
    file: `{"PaginationToken":"[","Users":[{"Attributes":[{"Name":"sub","Value":"5f1e"},{"Name":"email_verified","Value":"false"}],"Enabled":true,"UserLastModifiedDate":${updatedMs / 1000},"Username":"5f1e"}]}`,
    reference: '5f1e',
    told: { emailVerified: false, disabled: false },
    at: updatedMs,
  },
  'firebase JSON': {
    file: `{"users": [
{
  "localId": "abc",
  "email": "ann@b.example",
  "emailVerified": true,
  "passwordHash": "x",
  "displayName": "Ann Bell",
  "photoUrl": "https://b.example/a.png",
  "lastSignedInAt": "1704153600000",
  "createdAt": "1704067200000",
  "phoneNumber": "+4930123456",
  "disabled": true,
  "providerUserInfo": []
}]}`,
    reference: 'abc',
    told: {
      email: 'ann@b.example',
      emailVerified: true,
      phone: '+4930123456',
      avatarUrl: 'https://b.example/a.png',
      disabled: true,
    },
  },
  'fusionauth JSON': {
    file: `{"total":1,"users":[{"active":true,"email":"ann@b.example","firstName":"Ann","id":"00000000-0000-0001-0000-000000000000","lastName":"Bell","lastUpdateInstant":${updatedMs},"mobilePhone":"+4930123456","preferredLanguages":["de","en"],"timezone":"Europe/Berlin","verified":true}]}`,
    reference: '00000000-0000-0001-0000-000000000000',
    told: { ...full, locale: 'de', timezone: 'Europe/Berlin', disabled: false },
    at: updatedMs,
  },
  'keycloak realm': {
    file: `{
  "id" : "r1",
  "realm" : "main",
  "groups" : [ { "users" : [ "not this" ] } ],
  "users" : [ {
    "id" : "8d6c",
    "username" : "ann",
    "firstName" : "Ann",
    "lastName" : "Bell",
    "email" : "ann@b.example",
    "emailVerified" : true,
    "enabled" : false,
    "createdTimestamp" : 1704067200000,
    "attributes" : { "phoneNumber" : [ "+4930123456" ], "locale" : [ "de" ] }
  } ],
  "scopeMappings" : [ ]
}`,
    reference: '8d6c',
    told: { ...full, locale: 'de', disabled: true },
  },
  'kinde JSON': {
    file: '{"code":"OK","users":[{"id":"kp_1","provided_id":null,"email":"ann@b.example","first_name":"Ann","last_name":"Bell","picture":null,"is_suspended":true,"created_on":"2026-01-01T00:00:00Z"}],"next_token":null}',
    reference: 'kp_1',
    told: { email: 'ann@b.example', firstName: 'Ann', lastName: 'Bell', avatarUrl: null, disabled: true },
  },
  'okta JSON': {
    file: `[{"id":"00u1","status":"SUSPENDED","lastUpdated":"${updatedAt}","profile":{"login":"ann","email":"ann@b.example","firstName":"Ann","lastName":"Bell","mobilePhone":null,"secondEmail":"x@b.example"}}]`,
    reference: '00u1',
    told: { email: 'ann@b.example', firstName: 'Ann', lastName: 'Bell', phone: null, disabled: true },
    at: updatedMs,
  },
  'supabase CSV': {
    file: `instance_id,id,email,email_confirmed_at,raw_app_meta_data,raw_user_meta_data,updated_at,phone,banned_until,deleted_at
0,5b0e,ann@b.example,2026-01-01 00:00:00+00,"{""provider"":""email""}","{""first_name"":""Ann"",""last_name"":""Bell""}",2026-01-02 03:04:05.678000+00,4930123456,2126-01-01 00:00:00+00,`,
    reference: '5b0e',
    told: { ...full, disabled: true },
    at: updatedMs,
  },
  'supabase CSV of few columns': {
    file: 'id,email\n5b0e,ann@b.example\n',
    reference: '5b0e',
    told: { email: 'ann@b.example' },
  },
  'supabase JSON': {
    file: `{"users":[{"id":"5b0e","email":"ann@b.example","phone":"","user_metadata":{"first_name":"Ann"},"updated_at":"${updatedAt}"}],"aud":"authenticated"}`,
    reference: '5b0e',
    told: { email: 'ann@b.example', phone: null, firstName: 'Ann', emailVerified: false, disabled: false },
    at: updatedMs,
  },
  'workos JSON': {
    file: `{"object":"list","data":[{"object":"user","id":"user_01","email":"ann@b.example","email_verified":true,"first_name":"Ann","last_name":null,"profile_picture_url":null,"updated_at":"${updatedAt}"}],"list_metadata":{"before":null,"after":null}}`,
    reference: 'user_01',
    told: { email: 'ann@b.example', emailVerified: true, firstName: 'Ann', lastName: null, avatarUrl: null },
    at: updatedMs,
  },
};

describe('a file of', () => {
  test.each(Object.entries(cases))('%s says of a user what it holds', async (name, { file, at, ...user }) => {
    const dated = at === undefined ? {} : { exportedAtMs: null };
    expect(await read(file, { shape: shapeOf(name), ...dated })).toEqual([
      { line: name.includes('CSV') ? 2 : 1, is: 'user', ...user, at: at ?? exportedAtMs },
    ]);
  });

  test.each(shapes.map((shape) => [shape.name, shape] as const))(
    '%s says of an id alone that it exists',
    async (_name, shape) => {
      const lines = await read(JSON.stringify([bare(shape, 'u1')]), { shape });
      expect(lines).toEqual([expect.objectContaining({ is: 'user', reference: 'u1', at: exportedAtMs })]);
    },
  );

  test.each(shapes.map((shape) => shape.name))('%s is among these', (name) => {
    expect(Object.keys(cases).filter((title) => title.startsWith(`${name} `))).not.toEqual([]);
  });

  test.each(shapes.map((shape) => [shape.name, shape] as const))('%s needs an id', async (_name, shape) => {
    const lines = await read(JSON.stringify([bare(shape, undefined)]), { shape });
    expect(inShort(lines)).toEqual([`1 no_reference ${shape.id}`]);
  });

  test.each(
    shapes.filter(({ formats }) => formats.includes('csv')).map((shape) => [shape.name, shape] as const),
  )('%s as CSV tells nothing by columns that it lacks', async (_name, shape) => {
    const lines = await read(`${shape.id}\nu1\n`, { shape });
    expect(lines).toEqual([{ line: 2, is: 'user', reference: 'u1', told: {}, at: exportedAtMs }]);
  });
});

describe('of some', () => {
  test.each([
    ['ACTIVE', false],
    ['STAGED', false],
    ['DEPROVISIONED', true],
    ['LOCKED_OUT', undefined],
  ])('okta: the status %s tells disabled %s', async (status, disabled) => {
    const file = JSON.stringify([{ id: 'u1', status, profile: {} }]);
    expect(toldOf(await read(file, { shape: shapeOf('okta') }))).toEqual(
      disabled === undefined ? {} : { disabled },
    );
  });

  test.each([
    ['still holds', '2026-05-05T00:00:00Z', true],
    ['is over', '2026-05-03T00:00:00Z', false],
  ])('supabase: a ban that %s when the file was written tells so', async (_what, banned_until, disabled) => {
    const file = JSON.stringify([{ id: 'u1', banned_until, updated_at: updatedAt }]);
    expect(toldOf(await read(file, { shape: shapeOf('supabase') }))).toMatchObject({ disabled });
  });

  test('supabase: a user deleted softly is told to be deleted', async () => {
    const file = 'id,email,deleted_at\nu1,x,2026-01-01 00:00:00+00\n';
    expect(toldOf(await read(file, { shape: shapeOf('supabase') }))).toEqual({ deleted: true });
  });

  test('clerk: a first address that is not among the verified ones is not verified', async () => {
    const file = 'id,primary_email_address,verified_email_addresses\nu1,a@b.example,aa@b.example\n';
    expect(toldOf(await read(file, { shape: shapeOf('clerk') }))).toMatchObject({ emailVerified: false });
  });

  test('keycloak: an attribute is read as a text too, and one that is none is not told, but the rest is', async () => {
    const file = JSON.stringify([{ id: 'u1', enabled: false, attributes: { locale: 'de', zoneinfo: [1] } }]);
    const lines = await read(file, { shape: shapeOf('keycloak') });
    expect(lines).toMatchObject([
      { told: { disabled: true, locale: 'de' }, untold: ['attributes.zoneinfo'] },
    ]);
  });

  test('kinde: a phone number, where a list has one, is told', async () => {
    const file = JSON.stringify([{ id: 'u1', phone: '+4930123456' }]);
    expect(toldOf(await read(file, { shape: shapeOf('kinde') }))).toEqual({ phone: '+4930123456' });
  });

  test('firebase: CSV is refused, since its users could add rows to it', async () => {
    const file = 'abc,ann@b.example,true,,,Ann\nvictim,mallory@b.example,true,,,\n';
    expect(inShort(await read(file, { shape: shapeOf('firebase') }))).toEqual(['1 format']);
  });
});

test('a shape that is not there is not found', () => {
  expect(findShape('nobody')).toBeUndefined();
});

function shapeOf(name: string): ExportShape {
  const shape = findShape(name.split(' ')[0] ?? '');
  if (!shape) throw new Error(`no shape for ${name}`);
  return shape;
}

/** The least that each shape needs around an id. */
function bare({ name, id }: ExportShape, value: string | undefined): object {
  if (name === 'cognito') return { Attributes: value === undefined ? [] : [{ Name: id, Value: value }] };
  return { [id]: value, ...(name === 'okta' && { profile: {} }) };
}

function toldOf(lines: readonly ExportLine[]): object | false | undefined {
  const [line] = lines;
  return line?.is === 'user' && line.told;
}

describe('docs/backfill.md', () => {
  const page = readFileSync(new URL('../../docs/backfill.md', import.meta.url), 'utf8');

  test.each(shapes.map((shape) => [shape.name, shape] as const))('has %s as it is', (name, shape) => {
    const row = page.split('\n').find((line) => line.startsWith(`| \`${name}\` |`));
    expect(row).toContain(`| ${shape.title} | ${shape.formats.join(', ')} |`);
    expect(row).toContain(shape.source ?? 'see below');
  });

  test('names every reason for which a line or a file is not read', () => {
    const reasons = Object.keys(lineMeanings);
    expect(reasons.filter((reason) => !page.includes(`\`${reason}\``))).toEqual([]);
  });

  test('names every member of a file of your own', () => {
    const members = [...Object.keys(genericUser.entries), 'updated_at'];
    expect(members.filter((member) => !page.includes(`\`${member}\``))).toEqual([]);
  });
});
