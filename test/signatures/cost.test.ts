// What a request that nobody signed makes us compute: passes over its body are counted, for a time would prove nothing.

import { createHash, createHmac, generateKeyPairSync, verify as verifyBytes } from 'node:crypto';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { verifyHmac } from '../../lib/signatures/hmac.ts';
import { verifyJweBody } from '../../lib/signatures/jwe-body.ts';
import { verifyJwsBody } from '../../lib/signatures/jws-body.ts';
import { verifyJwsInJson } from '../../lib/signatures/jws-in-json.ts';
import { remoteKeys, secretKeys } from '../../lib/signatures/keys.ts';
import { verifyStandardWebhooks } from '../../lib/signatures/standard-webhooks.ts';
import { verifyCredentialText, verifyStaticCredential } from '../../lib/signatures/static-credential.ts';
import { verifyTimestampedHmac } from '../../lib/signatures/timestamped-hmac.ts';
import { createSigner, startKeyServer } from './key-server.ts';

// The real functions, each of whose calls is seen.
vi.mock('node:crypto', async (importOriginal) => {
  const real = await importOriginal<typeof import('node:crypto')>();
  return {
    ...real,
    createHmac: vi.fn(real.createHmac),
    createHash: vi.fn(real.createHash),
    verify: vi.fn(real.verify),
  };
});

const nowMs = 1_780_000_000_000;
const body = Buffer.alloc(1 << 20, ' ');
const secrets = ['one', 'two', 'three'].map((name) => name.padEnd(32, '.'));
const webhookSecrets = secrets.map((secret) => `whsec_${Buffer.from(secret).toString('base64')}`);
const publicKeys = [generateKeyPairSync('ed25519'), generateKeyPairSync('ed25519')].map(
  ({ publicKey }) =>
    `whpk_${Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url').toString('base64')}`,
);
const refused = { name: 'RejectedError' };

beforeEach(() => {
  vi.clearAllMocks();
});

const hmacs = () => vi.mocked(createHmac).mock.calls.length;
const keyVerifications = () => vi.mocked(verifyBytes).mock.calls.length;

describe('of Standard Webhooks, a request', () => {
  const send = (signature: string, known: readonly string[] = webhookSecrets) =>
    verifyStandardWebhooks({ secrets: known })(
      {
        headers: {
          'webhook-id': 'id',
          'webhook-timestamp': String(nowMs / 1000),
          'webhook-signature': signature,
        },
        body,
      },
      nowMs,
    );
  const ofBytes = (version: string, bytes: number) =>
    `${version},${Buffer.alloc(bytes, 1).toString('base64')}`;
  const times = (count: number, entry: string) => Array(count).fill(entry).join(' ');

  test.each([1, 2, 16])('with %i signatures costs one HMAC a secret', async (count) => {
    await expect(send(times(count, ofBytes('v1', 32)))).rejects.toMatchObject(refused);
    expect(hmacs()).toBe(secrets.length);
  });

  test.each([
    ['17 signatures', times(17, ofBytes('v1', 32))],
    ['1,900 entries', times(1_900, 'v1,A')],
    ['1,900 signatures', times(1_900, ofBytes('v1', 32))],
    ['signatures of other lengths', [31, 33, 64].map((bytes) => ofBytes('v1', bytes)).join(' ')],
    ['signatures of other versions', `${ofBytes('v2', 32)} ${ofBytes('v1a', 64)}`],
    ['entries of nothing we know', 'garbage v1 v1, v1,!'],
  ])('with %s costs none', async (_what, signature) => {
    await expect(send(signature)).rejects.toMatchObject(refused);
    expect(hmacs()).toBe(0);
  });

  test.each([
    [1, 2],
    [2, 4],
    [16, 4],
  ])('with %i signatures of key pairs costs %i verifications by two keys', async (count, verifications) => {
    await expect(send(times(count, ofBytes('v1a', 64)), publicKeys)).rejects.toMatchObject(refused);
    expect(keyVerifications()).toBe(verifications);
  });

  test('with signatures that no key pair makes costs none', async () => {
    await expect(send(`${ofBytes('v1a', 63)} ${ofBytes('v1', 32)}`, publicKeys)).rejects.toMatchObject(
      refused,
    );
    expect(keyVerifications()).toBe(0);
  });

  test('that is right costs the same, by whichever secret', async () => {
    for (const secret of secrets) {
      vi.clearAllMocks();
      const signed = createHmac('sha256', secret)
        .update(`id.${nowMs / 1000}.`)
        .update(body)
        .digest('base64');
      await expect(send(`v1,${signed}`)).resolves.toBe('id');
      expect(hmacs() - 1).toBe(secrets.length);
    }
  });
});

describe('of a timestamped HMAC, a request', () => {
  const check = verifyTimestampedHmac({ header: 'signature', secrets, unit: 'ms' });
  const send = (entries: readonly string[]) =>
    check({ headers: { signature: [`t=${nowMs}`, ...entries].join(',') }, body }, nowMs);

  test.each([1, 15])('with %i signatures costs one HMAC a secret', async (count) => {
    await expect(send(Array(count).fill(`v1=${'0'.repeat(64)}`))).rejects.toMatchObject(refused);
    expect(hmacs()).toBe(secrets.length);
  });

  test.each([
    ['16 signatures', Array(16).fill(`v1=${'0'.repeat(64)}`)],
    ['signatures of other lengths', ['v1=00', `v1=${'0'.repeat(128)}`]],
  ])('with %s costs none', async (_what, entries) => {
    await expect(send(entries)).rejects.toMatchObject(refused);
    expect(hmacs()).toBe(0);
  });
});

describe('of a plain HMAC, a request', () => {
  const check = verifyHmac({ header: 'signature', secrets, encoding: 'hex' });

  test.each([
    ['right length', 64, secrets.length],
    ['wrong length', 62, 0],
    ['length of a header', 10_000, 0],
  ])('with a signature of the %s costs so many HMACs', async (_what, letters, wanted) => {
    await expect(check({ headers: { signature: '0'.repeat(letters) }, body })).rejects.toMatchObject(refused);
    expect(hmacs()).toBe(wanted);
  });
});

describe('of a static credential, a request', () => {
  test('costs one hash, and its body none', async () => {
    const check = verifyStaticCredential({ header: 'authorization', credentials: secrets });
    vi.clearAllMocks();
    await expect(check({ headers: { authorization: 'wrong' }, body })).rejects.toMatchObject(refused);
    expect(createHash).toHaveBeenCalledTimes(1);
  });

  test('with a credential of a megabyte costs no hash', () => {
    const check = verifyCredentialText(secrets);
    vi.clearAllMocks();
    expect(() => check('x'.repeat(1 << 20))).toThrow(expect.objectContaining(refused));
    expect(createHash).not.toHaveBeenCalled();
  });
});

describe('of a token, a request', () => {
  const encode = (text: string) => Buffer.from(text).toString('base64url');
  const named = (header: object) => encode(JSON.stringify({ alg: 'HS256', ...header }));
  const signature = 'A'.repeat(43);
  const megabyte = 'A'.repeat(1 << 20);
  const keys = secretKeys(secrets);
  // Parsing it takes far longer than verifying as many bytes.
  const manyNames = JSON.stringify(
    Object.fromEntries(Array.from({ length: 80_000 }, (_, i) => [`k${i}`, 0])),
  );

  async function costOf(
    text: string,
    verify: (request: { headers: object; body: Buffer }) => Promise<unknown>,
  ) {
    using parse = vi.spyOn(JSON, 'parse');
    using verifications = vi.spyOn(crypto.subtle, 'verify');
    using decryptions = vi.spyOn(crypto.subtle, 'decrypt');
    await expect(verify({ headers: {}, body: Buffer.from(text) })).rejects.toMatchObject(refused);
    return {
      parsed: Math.max(0, ...parse.mock.calls.map(([text]) => text.length)),
      verifications: verifications.mock.calls.length,
      decryptions: decryptions.mock.calls.length,
    };
  }

  const none = { parsed: 0, verifications: 0, decryptions: 0 };
  const read = verifyJwsBody({ keys });
  const asBody = (request: object) => read({ headers: {}, body, ...request }, nowMs);

  test.each([
    ['that is nothing but dots', '.'.repeat(1 << 20)],
    ['that is one part', megabyte],
    ['whose header is large', `${named({ x: manyNames })}.${encode('{}')}.${signature}`],
    ['whose signature is large', `${named({})}.${encode('{}')}.${megabyte}`],
    ['of four parts', `${named({})}.${megabyte}.${signature}.${signature}`],
  ])('%s costs nothing', async (_what, token) => {
    expect(await costOf(token, asBody)).toEqual(none);
  });

  test('whose payload is large costs one verification a secret, and it is not parsed', async () => {
    const { verifications, parsed } = await costOf(`${named({})}.${encode(manyNames)}.${signature}`, asBody);
    expect(verifications).toBe(secrets.length);
    expect(parsed).toBeLessThan(100);
  });

  test('that names none of many keys is tried with four', async () => {
    const signers = await Promise.all(Array.from({ length: 6 }, () => createSigner('')));
    await using server = await startKeyServer(...signers.map(({ jwk }) => jwk));
    const verify = verifyJwsBody({ keys: remoteKeys(server.url) });
    const read = (request: object) => verify({ headers: {}, body, ...request }, nowMs);
    const token = `${named({ alg: 'RS256' })}.${megabyte}.${'A'.repeat(342)}`;
    expect(await costOf(token, read)).toMatchObject({ verifications: 4 });
  });

  test('with its token in a large body costs what the token costs', async () => {
    const verify = verifyJwsInJson({ member: 'token', keys });
    const read = (request: object) => verify({ headers: {}, body, ...request }, nowMs);
    const token = `${named({})}.${encode('{}')}.${signature}`;
    for (const text of [`{"token":"${token}","x":${manyNames}}`, `{"x":${manyNames},"token":"${token}"}`]) {
      const { verifications, parsed } = await costOf(text, read);
      expect(verifications).toBe(secrets.length);
      expect(parsed).toBeLessThan(200);
    }
    expect(await costOf(manyNames, read)).toEqual(none);
    expect(await costOf(`{"token":${manyNames}}`, read)).toEqual(none);
  });

  test('that should be encrypted is decrypted only if it is in form', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const privateKeys = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const verify = verifyJweBody({ keys, privateKeys });
    const read = (request: object) => verify({ headers: {}, body, ...request }, nowMs);
    const header = encode('{"alg":"RSA-OAEP-256","enc":"A256GCM"}');
    const parts = ['A'.repeat(342), 'A'.repeat(16), megabyte, 'A'.repeat(22)];
    for (const token of [
      '.'.repeat(1 << 20),
      [encode(JSON.stringify({ alg: 'RSA-OAEP-256', enc: 'A256GCM', x: manyNames })), ...parts].join('.'),
      [header, ...parts.slice(0, 3), megabyte].join('.'),
      [header, ...parts.slice(0, 3), `${parts[3]?.slice(1)}B`].join('.'),
    ])
      expect(await costOf(token, read)).toEqual(none);
    expect(await costOf([header, ...parts].join('.'), read)).toMatchObject({
      verifications: 0,
      decryptions: 2,
    });
  });
});
