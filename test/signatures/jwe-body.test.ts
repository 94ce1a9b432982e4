import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { CompactEncrypt, SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { verifyJweBody } from '../../lib/signatures/jwe-body.ts';
import { secretKeys } from '../../lib/signatures/keys.ts';

const ours = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const ourCurve = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const theirs = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const shared = 'a secret that both have, of 32 bytes or more';
const claims = { hello: 'world' };

function read(body: string, ...keys: readonly KeyObject[]) {
  const privateKeys = keys.map(toPem).join('');
  const verify = verifyJweBody({ keys: secretKeys([shared]), required: ['hello'], privateKeys });
  return verify({ headers: {}, body: Buffer.from(body) }, 0);
}

function toPem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function sign(secret = shared, said: Record<string, unknown> = claims) {
  return new SignJWT(said).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(secret));
}

function encrypt(token: string, key: KeyObject = ours, header: object = {}): Promise<string> {
  return new CompactEncrypt(Buffer.from(token))
    .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM', ...header })
    .encrypt(createPublicKey(key));
}

describe('a body that is an encrypted token', () => {
  test('is read by any of our keys', async () => {
    expect(await read(await encrypt(await sign()), ours)).toEqual(claims);
    expect(await read(`${await encrypt(await sign())}\n`, theirs, ours)).toEqual(claims);
    const byCurve = await encrypt(await sign(), ourCurve, { alg: 'ECDH-ES+A256KW' });
    expect(await read(byCurve, ourCurve)).toEqual(claims);
  });

  test('is refused when what is in it was not signed by whom we know, or breaks a rule', async () => {
    const forged = await encrypt(await sign('a secret that somebody else has, of 32 bytes'));
    await expect(read(forged, ours)).rejects.toMatchObject({ code: 'signature_mismatch' });
    const plain = await encrypt(JSON.stringify(claims));
    await expect(read(plain, ours)).rejects.toMatchObject({ code: 'signature_malformed' });
    const silent = await encrypt(await sign(shared, {}));
    await expect(read(silent, ours)).rejects.toMatchObject({ code: 'claim_missing' });
  });

  test.each<[string, () => string]>([
    ['nothing', () => ''],
    ['text', () => 'hush'],
    ['a public key', () => createPublicKey(ours).export({ type: 'spki', format: 'pem' }).toString()],
    ['broken', () => '-----BEGIN PRIVATE KEY-----\nhush\n-----END PRIVATE KEY-----'],
    [
      'an RSA key that is too short',
      () => toPem(generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey),
    ],
    [
      'a key of another curve',
      () => toPem(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey),
    ],
    ['a key for signatures alone', () => toPem(generateKeyPairSync('ed25519').privateKey)],
    [
      'one that does beside one that does not',
      () => `${toPem(ours)}${toPem(generateKeyPairSync('ed25519').privateKey)}`,
    ],
  ])('can not be read by a key that is %s', (_what, make) => {
    const connect = () => verifyJweBody({ keys: secretKeys([shared]), privateKeys: make() });
    expect(connect).toThrow(expect.objectContaining({ faults: [expect.stringMatching(/private key/)] }));
    expect(connect).not.toThrow(/hush/);
  });

  test('is refused when it is signed, but not encrypted', async () => {
    await expect(read(await sign(), ours)).rejects.toMatchObject({ code: 'signature_malformed' });
  });

  test.each<[string, string, () => Promise<string>]>([
    ['for another key', 'signature_mismatch', async () => encrypt(await sign(), theirs)],
    [
      'by an older algorithm for the key',
      'algorithm_refused',
      async () => encrypt(await sign(), ours, { alg: 'RSA-OAEP' }),
    ],
    [
      'by another algorithm for the content',
      'algorithm_refused',
      async () => encrypt(await sign(), ours, { enc: 'A128CBC-HS256' }),
    ],
    [
      'for a key of another kind',
      'algorithm_refused',
      async () => encrypt(await sign(), ourCurve, { alg: 'ECDH-ES+A256KW' }),
    ],
    ['and compressed', 'signature_malformed', async () => encrypt(await sign(), ours, { zip: 'DEF' })],
    [
      'and changed after',
      'signature_mismatch',
      async () => `${(await encrypt(await sign())).slice(0, -4)}AAAA`,
    ],
    [
      'and cut short',
      'signature_malformed',
      async () => (await encrypt(await sign())).split('.').slice(0, 4).join('.'),
    ],
    ['not at all', 'signature_malformed', async () => 'a.b.c.d.e'],
    ['and left out', 'signature_missing', async () => ' '],
  ])('is refused when it is encrypted %s: %s', async (_how, code, make) => {
    await expect(read(await make(), ours)).rejects.toMatchObject({
      name: 'RejectedError',
      code,
      message: expect.stringMatching(/\w/),
    });
  });

  test('is refused when its key agreement uses another curve, or nonsense', async () => {
    const otherCurve = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;
    const foreign = await encrypt(await sign(), otherCurve, { alg: 'ECDH-ES+A256KW' });
    const [, ...rest] = foreign.split('.');
    const epk = { kty: 'EC', crv: 'P-256', x: 'AAAA', y: 'AAAA' };
    const header = Buffer.from(JSON.stringify({ alg: 'ECDH-ES+A256KW', enc: 'A256GCM', epk }));
    const broken = [header.toString('base64url'), ...rest].join('.');
    const keyless = [Buffer.from(header.toString().replace('"kty"', '"kyt"')).toString('base64url'), ...rest];
    for (const body of [foreign, broken, keyless.join('.')]) {
      await expect(read(body, ourCurve)).rejects.toMatchObject({ name: 'RejectedError' });
    }
  });
});
