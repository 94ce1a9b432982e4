import * as v from 'valibot';
import { expect, test } from 'vitest';
import * as setting from '../../lib/config/settings.ts';
import { ConfigError } from '../../lib/errors.ts';

const settings = {
  SECRETS: setting.secrets('Signs.'),
  SPARE: setting.optionalSecrets('Signs as well.'),
  KEYS: setting.url('Where keys are.'),
  OTHER_KEYS: setting.optionalUrl('Where other keys are.'),
  ISSUER: setting.text('Who.'),
  NOTE: setting.optionalText('What.'),
  AUDIENCE: setting.words('For whom.'),
  STRICT: setting.flag(true, 'Whether.'),
  LENIENT: setting.flag(false, 'Whether not.'),
  MEMBER: setting.choice(['id', 'externalId'], 'Which.'),
  AUTHORIZATION: setting.optionalCredentials('How.'),
};

const one = 'one'.padEnd(16, '_');
const [two, three, four, five] = ['two', 'three', 'four', 'five'].map((word) => word.padEnd(16, '_'));

const needed = {
  SECRETS: one,
  KEYS: 'https://idp.example/jwks',
  ISSUER: 'https://idp.example',
  AUDIENCE: 'us',
};

test('what is not set takes its default', () => {
  expect(setting.readSettings(settings, needed)).toEqual({
    SECRETS: [one],
    SPARE: [],
    KEYS: 'https://idp.example/jwks',
    OTHER_KEYS: '',
    ISSUER: 'https://idp.example',
    NOTE: '',
    AUDIENCE: ['us'],
    STRICT: true,
    LENIENT: false,
    MEMBER: 'id',
    AUTHORIZATION: [],
  });
});

test('what is set is read', () => {
  const set = {
    SECRETS: ` ${one}\t${two}  ${three}\n`,
    SPARE: `${four} ${five}`,
    KEYS: 'http://localhost:8080/jwks',
    AUDIENCE: 'us them',
    OTHER_KEYS: 'http://[::1]/jwks',
    ISSUER: ' me ',
    NOTE: ' a b ',
    STRICT: 'false',
    LENIENT: 'TRUE',
    MEMBER: 'externalId',
    AUTHORIZATION: `Bearer ${one}, Basic ${two} ,`,
    UNRELATED: 'x',
  };
  expect(setting.readSettings(settings, set)).toEqual({
    SECRETS: [one, two, three],
    SPARE: [four, five],
    KEYS: 'http://localhost:8080/jwks',
    OTHER_KEYS: 'http://[::1]/jwks',
    ISSUER: 'me',
    NOTE: 'a b',
    AUDIENCE: ['us', 'them'],
    STRICT: false,
    LENIENT: true,
    MEMBER: 'externalId',
    AUTHORIZATION: [`Bearer ${one}`, `Basic ${two}`],
  });
});

test('every fault is named at once, and no value', () => {
  const wrong = {
    SECRETS: '  ',
    KEYS: 'http://idp.example/hush',
    OTHER_KEYS: 'https://me:hush@idp.example',
    STRICT: 'hush',
    MEMBER: 'hush',
    ISSUER: '',
  };
  expect(faults(wrong)).toEqual([
    'SECRETS is missing',
    'KEYS must be an address that begins with https:// (http:// only on this very machine)',
    'OTHER_KEYS must be an address that begins with https:// (http:// only on this very machine)',
    'ISSUER is missing',
    'AUDIENCE is missing',
    'STRICT must be "true" or "false"',
    'MEMBER must be "id" or "externalId"',
  ]);
});

test.each([
  'http://169.254.169.254/latest',
  'http://localhost.example/',
  'http://127.0.0.1.example/',
  'https://me@idp.example/',
  'https://:hush@idp.example/',
  'file:///etc/passwd',
  'javascript:alert(1)',
  'idp.example/jwks',
])('%s is not a secure address', (url) => {
  expect(setting.isSecureUrl(url)).toBe(false);
});

test.each([
  ['one', ['one']],
  [' A service of ours ', ['A service of ours', 'A', 'service', 'of', 'ours']],
  ['A service of ours,', ['A service of ours']],
  ['A service, another,', ['A service', 'another']],
  ['one two', ['one two', 'one', 'two']],
])('names %j are %j', (text, names) => {
  expect(setting.readSettings({ NAMES: setting.names('Names.') }, { NAMES: text })).toEqual({ NAMES: names });
});

test.each(['', ' ', ',', ' , '])('names %j are missing', (text) => {
  const read = () => setting.readSettings({ NAMES: setting.names('Names.') }, { NAMES: text });
  expect(read).toThrow('NAMES is missing');
});

test('secrets of a certain look are checked for it, and not told', () => {
  const form = { matches: (secret: string) => secret.startsWith('x_'), description: '"x_" and more' };
  const formed = {
    SECRETS: setting.secrets('Signs.', form),
    SPARE: setting.optionalSecrets('Signs too.', form),
  };
  const [first, second] = ['x_1'.padEnd(16, '_'), 'x_2'.padEnd(16, '_')];
  expect(setting.readSettings(formed, { SECRETS: `${first} ${second}` })).toEqual({
    SECRETS: [first, second],
    SPARE: [],
  });
  const read = () => setting.readSettings(formed, { SECRETS: `${first} hush`, SPARE: 'hush' });
  expect(read).toThrow(new ConfigError(['SECRETS must be "x_" and more', 'SPARE must be "x_" and more']));
});

test.each([
  ['SECRETS', 'fifteen________'],
  ['SECRETS', `${one} x`],
  ['SPARE', 'x'],
  ['AUTHORIZATION', 'Bearer fifteen________'],
  ['AUTHORIZATION', 'x'],
])('%s that could be guessed is refused, and it is said how to make a better one: %s', (name, value) => {
  const [fault = '', ...more] = faults({ ...needed, [name]: value });
  expect(more).toEqual([]);
  expect(fault).toMatch(new RegExp(`^${name} must have 16 random characters or more, .*openssl rand`));
  expect(fault).not.toContain('fifteen');
});

test('a secret may be short where somebody insists, but it must be right otherwise', () => {
  const insisting = { ...needed, ALLOW_SHORT_SECRETS: ' True ' };
  const read = setting.readSettings(settings, { ...insisting, SECRETS: 'x', AUTHORIZATION: 'Bearer y' });
  expect(read).toMatchObject({ SECRETS: ['x'], AUTHORIZATION: ['Bearer y'] });
  expect(faults({ ...insisting, SECRETS: 'x', STRICT: 'hush' })).toEqual([
    'STRICT must be "true" or "false"',
  ]);
  expect(faults({ ...insisting, SECRETS: '' })).toEqual(['SECRETS is missing']);
});

test.each(['SECRETS', 'SPARE', 'NOTE', 'KEYS', 'STRICT'])(
  'the name of a parameter that was not found is never taken for the value of %s',
  (name) => {
    expect(faults({ ...needed, [name]: 'ssm:/roq-sync/test/a-long-enough-name' })).toEqual([
      `${name} names /roq-sync/test/a-long-enough-name, which is no parameter, or may not be read`,
    ]);
  },
);

test('what must be known to nobody else is marked', () => {
  const marked = Object.entries(settings).filter(([, schema]) => setting.isSecret(schema));
  expect(marked.map(([name]) => name)).toEqual(['SECRETS', 'SPARE', 'AUTHORIZATION']);
  expect(setting.isSecret(setting.secretText('Opens.'))).toBe(true);
  expect(setting.isSecret(setting.optionalSecretText('Opens.'))).toBe(true);
});

test('every setting says what it is', () => {
  const described = Object.values(settings).map((schema) => v.getDescription(schema));
  expect(described).toHaveLength(11);
  expect(described).not.toContain(undefined);
});

function faults(environment: setting.Environment): readonly string[] {
  try {
    setting.readSettings(settings, environment);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}
