// The language of mappings on objects that strangers chose.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../lib/errors.ts';
import { compileMapping } from '../../lib/mapping/compile.ts';
import { mapTold } from '../../lib/mapping/mapping.ts';
import { readMappingSettings } from '../../lib/mapping/settings.ts';
import { type Facts, fold, type Told, toFacts } from '../../lib/user.ts';

const tenant = '00000000-0000-4000-8000-0000000000aa';
const tables = { tenants: { org_acme: tenant, org_typo: 'acme' } };

function compile(expressions: Readonly<Record<string, string>>) {
  const mapping = compileMapping({ providers: { clerk: expressions }, tables }).get('clerk');
  if (!mapping) throw new Error('it is there');
  return mapping;
}

function read(expressions: Readonly<Record<string, string>>, user: object, isWhole = true) {
  return compile(expressions).read({ user: { ...user }, isWhole });
}

describe('an expression', () => {
  test.each<readonly [string, string, object, Told]>([
    ['a member', 'nickname', { nickname: 'Ada' }, { firstName: 'Ada' }],
    ['a constant', "'Ada'", {}, { firstName: 'Ada' }],
    ['a default', "nickname || 'Ada'", { nickname: '' }, { firstName: 'Ada' }],
    ['lower case', 'lower(nickname)', { nickname: 'ADA' }, { firstName: 'ada' }],
    ['all but the last word', 'split_name(name)[0]', { name: ' Ada  de Lovelace ' }, { firstName: 'Ada de' }],
    ['the last word', 'split_name(name)[1]', { name: 'Ada de Lovelace' }, { firstName: 'Lovelace' }],
    ['a sole word, which is the first', 'split_name(name)[1]', { name: 'Ada' }, { firstName: null }],
    ['what no database holds, left out', 'nickname', { nickname: 'A\0da' }, { firstName: 'Ada' }],
  ])('gives %s', (_what, firstName, user, told) => {
    expect(read({ firstName }, user)).toEqual({ told, failed: [] });
  });

  test('looks a tenant up in a table, of which only its own members count', () => {
    const tenantId = "lookup(org, 'tenants')";
    expect(read({ tenantId }, { org: 'org_acme' }).told).toEqual({ tenantId: tenant });
    for (const org of ['org_else', 'constructor', null, 7, ['org_acme']])
      expect(read({ tenantId }, { org }).told).toEqual({ tenantId: null });
  });

  test('gives custom data as canonical JSON, however the object is ordered', () => {
    const customData = '{b: plan, a: roles}';
    expect(read({ customData }, { plan: 'pro', roles: ['x'] }).told).toEqual({
      customData: '{"a":["x"],"b":"pro"}',
    });
  });

  test('that finds nothing tells it empty of a whole user, and of a part nothing', () => {
    for (const nickname of [undefined, null, '']) {
      expect(read({ firstName: 'nickname' }, { nickname }).told).toEqual({ firstName: null });
      expect(read({ firstName: 'nickname' }, { nickname }, false).told).toEqual({});
    }
  });

  test.each<readonly [string, Readonly<Record<string, string>>, object]>([
    ['a number for a text', { firstName: 'age' }, { age: 36 }],
    ['an object for a text', { firstName: 'name' }, { name: {} }],
    ['a text that is too long', { firstName: 'name' }, { name: 'x'.repeat(4_097) }],
    ['a tenant that is no UUID', { tenantId: "lookup(org, 'tenants')" }, { org: 'org_typo' }],
    ['a picture that would run', { avatarUrl: 'url' }, { url: 'javascript:alert(1)' }],
    ['an address that no database holds', { email: 'mail' }, { mail: 'a\0@x.example' }],
    ['a list for custom data', { customData: 'roles' }, { roles: [] }],
    ['custom data that are too large', { customData: '{a: a}' }, { a: 'x'.repeat(50_000) }],
    ['a function that does not take it', { firstName: "join(',', roles)" }, { roles: 7 }],
    ['an object of too many values', { firstName: 'name' }, { name: 'Ada', all: Array(2_000).fill(1) }],
    ['one that is too deep', { firstName: 'name' }, { name: 'Ada', deep: nested(70) }],
  ])('tells nothing of %s, and is counted by its field', (_what, expressions, user) => {
    const [field] = Object.keys(expressions);
    expect(read(expressions, user)).toEqual({ told: {}, failed: [`mapping.${field}`] });
  });

  test('gets at no prototype', () => {
    for (const firstName of ['constructor.name', '"__proto__".a', 'toString', 'a.constructor.name'])
      expect(compileOf(firstName)?.told ?? {}).toEqual({ firstName: null });
  });
});

/** Null where the expression itself is refused. */
function compileOf(firstName: string) {
  try {
    return read({ firstName }, { a: { b: 1 } });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { told: { firstName: null } };
  }
}

function nested(levels: number): object {
  return levels === 0 ? {} : { a: nested(levels - 1) };
}

describe('the scope', () => {
  const scope = "department == 'Sales'";

  test('is a fact of its own, beside which of an outsider only what shuts out is told', () => {
    const mapping = compile({ scope });
    const told = { email: 'a@x.example', disabled: true, emailVerified: true };
    const of = (department: string) =>
      mapTold(mapping, { told, original: { user: { department }, isWhole: true } }).told;
    expect(of('Sales')).toEqual({ ...told, outOfScope: false });
    expect(of('Legal')).toEqual({ disabled: true, outOfScope: true });
  });

  test('of a part of a user is not told where the expression gives nothing', () => {
    const expression = "department && department == 'Sales'";
    expect(read({ scope: expression }, {}, false)).toEqual({ told: {}, failed: [] });
    expect(read({ scope: expression }, { department: 'Legal' }, false).told).toEqual({ outOfScope: true });
    expect(read({ scope: expression }, {})).toMatchObject({ told: { outOfScope: true } });
  });

  test.each([
    ['fails', 'contains(department, `7`)', { department: 7 }],
    ['gives no yes or no', 'department', { department: 'Sales' }],
    ['has too large an object', scope, { department: 'Sales', all: Array(2_000).fill(1) }],
  ])('that %s leaves the user out, and is counted', (_what, expression, user) => {
    expect(read({ scope: expression }, user)).toEqual({
      told: { outOfScope: true },
      failed: ['mapping.scope'],
    });
  });
});

describe('what a provider told', () => {
  const mapping = compile({ firstName: 'nickname', locale: "'en-US'" });
  const told = { email: 'a@x.example', firstName: 'Old', locale: 'de' };

  test('gives way to the mapping in its fields alone', () => {
    const original = { user: { nickname: 'Ada' }, isWhole: true };
    expect(mapTold(mapping, { told, original })).toEqual({
      told: { email: 'a@x.example', firstName: 'Ada', locale: 'en-US' },
    });
  });

  test('without the user’s object leaves the mapped fields out, and the provider to be asked', () => {
    expect(mapTold(mapping, { told })).toEqual({ told: { email: 'a@x.example' }, isPartial: true });
  });

  test('stays as it is where it is a deletion, nothing at all, or nobody maps', () => {
    expect(mapTold(mapping, { told: { deleted: true } })).toEqual({ told: { deleted: true } });
    expect(mapTold(mapping, { told: null })).toEqual({ told: null });
    expect(mapTold(undefined, { told })).toEqual({ told });
  });

  test('has the names of what could not be worked out beside those of what could not be read', () => {
    const original = { user: { nickname: 7 }, isWhole: true };
    expect(mapTold(mapping, { told, unread: ['phone'], original })).toMatchObject({
      unread: ['phone', 'mapping.firstName'],
    });
  });
});

test('whatever a mapping makes of them, facts fold in any order and number to the same', () => {
  const mapping = compile({
    firstName: 'a.b || c',
    tenantId: "lookup(c, 'tenants')",
    customData: 'a',
    scope: "c != 'org_typo'",
  });
  const event = fc.record({
    at: fc.integer({ min: 1, max: 4 }),
    user: fc.record(
      { a: fc.object(), c: fc.oneof(fc.constantFrom('org_acme', 'org_typo'), fc.jsonValue()) },
      { requiredKeys: [] },
    ),
    isWhole: fc.boolean(),
    disabled: fc.boolean(),
  });
  type Drawn = {
    readonly at: number;
    readonly user: object;
    readonly isWhole: boolean;
    readonly disabled: boolean;
  };
  const foldAll = (events: readonly Drawn[]) =>
    events.reduce<Facts>((known, { at, user, isWhole, disabled }) => {
      const { told } = mapTold(mapping, { told: { disabled }, original: { user: { ...user }, isWhole } });
      return fold(known, toFacts(told ?? {}, at));
    }, {});
  const shuffledTwice = fc
    .array(event, { maxLength: 6 })
    .chain((events) =>
      fc.tuple(
        fc.constant(events),
        fc.shuffledSubarray([...events, ...events], { minLength: 2 * events.length }),
      ),
    );
  fc.assert(
    fc.property(shuffledTwice, ([events, shuffled]) => {
      expect(foldAll(shuffled)).toEqual(foldAll(events));
    }),
  );
});

describe('settings that can’t work are refused with their place', () => {
  test.each([
    [{ firstName: 'a[' }, /^clerk\.firstName can't work: .*parse error/],
    [{ firstName: 'nothing_like_that(a)' }, /^clerk\.firstName can't work: Unknown function/],
    [{ firstName: 'contains(a)' }, /^clerk\.firstName can't work: Expected at least 2/],
    [{ firstName: "lookup(a, 'none')" }, /^clerk\.firstName can't work: there is no table none/],
    [
      { firstName: 'lower(a, b)' },
      /^clerk\.firstName can't work: Expected at most 1 argument for function lower/,
    ],
    [{ firstname: 'a' }, /^clerk\.firstname is no field: there are email, phone/],
    [{ tenantId: "'acme'" }, /^clerk\.tenantId is nothing that the field can hold/],
    [{ firstName: `'${'x'.repeat(1_000)}'` }, /^clerk\.firstName has more than 1000 characters/],
  ])('%j', (expressions, fault) => {
    const refused = () => compileMapping({ providers: { clerk: expressions as never }, tables });
    expect(refused).toThrow(ConfigError);
    try {
      refused();
    } catch (error) {
      expect((error as ConfigError).faults).toEqual([expect.stringMatching(fault)]);
    }
  });

  test('and so is what is no mapping at all', () => {
    expect(() => readMappingSettings({ provider: {} })).toThrow(ConfigError);
    expect(() => readMappingSettings({ providers: { clerk: { locale: 7 } } })).toThrow(ConfigError);
    expect(readMappingSettings(undefined)).toBeNull();
    expect(readMappingSettings({ tables })).toEqual({ providers: {}, tables });
  });
});
