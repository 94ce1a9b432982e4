import { expect, test } from 'vitest';
import { verifyCredentialText, verifyStaticCredential } from '../../lib/signatures/static-credential.ts';

const verify = verifyStaticCredential({
  header: 'authorization',
  credentials: ['Bearer next', 'Bearer current'],
});
const send = (authorization?: string) => verify({ headers: { authorization }, body: new Uint8Array() });

test.each(['Bearer next', 'Bearer current', ' Bearer current '])(
  'the agreed value %j is accepted',
  async (value) => {
    await expect(send(value)).resolves.toBeUndefined();
  },
);

test.each([
  [undefined, 'signature_missing'],
  ['', 'signature_missing'],
  ['Bearer retired', 'credential_mismatch'],
  ['bearer current', 'credential_mismatch'],
  ['Bearer curren', 'credential_mismatch'],
  ['Bearer current, Bearer current', 'header_duplicated'],
])('the value %j is refused: %s', async (value, code) => {
  await expect(send(value)).rejects.toMatchObject({
    name: 'RejectedError',
    code,
    message: expect.stringMatching(/\w/),
  });
});

test.each([[[]], [['']], [['Bearer current', '']]])('%j can not be what was agreed', (credentials) => {
  expect(() => verifyStaticCredential({ header: 'authorization', credentials })).toThrow(
    expect.objectContaining({ name: 'ConfigError', faults: [expect.stringMatching(/\w/)] }),
  );
});

const check = verifyCredentialText(['next', 'current']);

test.each(['next', 'current'])('the agreed text %j of a body is accepted', (text) => {
  expect(() => check(text)).not.toThrow();
});

test.each([
  [undefined, 'signature_missing'],
  [null, 'signature_missing'],
  ['', 'signature_missing'],
  ['retired', 'credential_mismatch'],
  [' current', 'credential_mismatch'],
  ['next,current', 'credential_mismatch'],
])('the text %j of a body is refused: %s', (text, code) => {
  expect(() => check(text)).toThrow(expect.objectContaining({ name: 'RejectedError', code }));
});

test.each([[[]], [['']], [['current', '']]])(
  '%j can not be what a body was agreed to hold',
  (credentials) => {
    expect(() => verifyCredentialText(credentials)).toThrow(
      expect.objectContaining({ name: 'ConfigError', faults: [expect.stringMatching(/\w/)] }),
    );
  },
);
