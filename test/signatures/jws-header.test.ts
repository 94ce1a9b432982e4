import { createHash } from 'node:crypto';
import { SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { verifyJwsHeader } from '../../lib/signatures/jws-header.ts';
import { secretKeys } from '../../lib/signatures/keys.ts';

const shared = 'a secret that both have, of 32 bytes or more';
const body = Buffer.from('{"event":{}}');

async function sign(claims: Record<string, unknown>): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(shared));
}

function hash(data: Uint8Array, encoding: 'base64' | 'hex' = 'base64') {
  return { hash: createHash('sha256').update(data).digest(encoding) };
}

function read(token: string | undefined, sent: Uint8Array = body, hashEncoding: 'base64' | 'hex' = 'base64') {
  const keys = secretKeys([shared]);
  const verify = verifyJwsHeader({ keys, header: 'x-signature', hashClaim: 'hash', hashEncoding });
  return verify({ headers: { 'x-signature': token }, body: sent }, 0);
}

describe('a token in a header', () => {
  test.each(['base64', 'hex'] as const)('vouches for the body by its hash in %s', async (encoding) => {
    const claims = hash(body, encoding);
    expect(await read(await sign(claims), body, encoding)).toEqual(claims);
  });

  test('vouches for bytes that are no text', async () => {
    const bytes = Uint8Array.of(0xff, 0x00, 0xc3, 0x28);
    await read(await sign(hash(bytes)), bytes);
    await expect(read(await sign(hash(Buffer.from(bytes.toString()))), bytes)).rejects.toMatchObject({
      code: 'body_hash_mismatch',
    });
  });

  test.each<[string, string, Record<string, unknown>]>([
    ['of another body', 'body_hash_mismatch', hash(Buffer.from('{"event":{ }}'))],
    ['of a part of the body', 'body_hash_mismatch', hash(body.subarray(0, 4))],
    ['in another encoding', 'body_hash_mismatch', hash(body, 'hex')],
    ['that is empty', 'body_hash_mismatch', { hash: '' }],
    ['that is cut short', 'body_hash_mismatch', { hash: hash(body).hash.slice(0, 8) }],
    ['that is not there, as in a token of a user', 'claim_missing', { sub: 'user-1' }],
    ['that is no text', 'claim_missing', { hash: [hash(body).hash] }],
  ])('is refused with a hash %s: %s', async (_how, code, claims) => {
    await expect(read(await sign(claims))).rejects.toMatchObject({
      name: 'RejectedError',
      code,
      message: expect.stringMatching(/\w/),
    });
  });

  test('stands behind its prefix, and nothing else will do', async () => {
    const verify = verifyJwsHeader({
      keys: secretKeys([shared]),
      header: 'x-signature',
      prefix: 'Bearer ',
      hashClaim: 'hash',
      hashEncoding: 'base64',
    });
    const token = await sign(hash(body));
    const say = (value: string) => verify({ headers: { 'x-signature': value }, body }, 0);
    expect(await say(`Bearer ${token}`)).toEqual(hash(body));
    for (const value of [token, `Basic ${token}`, `${token}Bearer `, 'Bearer']) {
      await expect(say(value)).rejects.toMatchObject({
        code: 'signature_malformed',
        message: expect.stringMatching(/\w/),
      });
    }
  });

  test('must meet the rules as well', async () => {
    const keys = secretKeys([shared]);
    const rules = { issuer: 'https://idp.example', header: 'x-signature' };
    const verify = verifyJwsHeader({ keys, ...rules, hashClaim: 'hash', hashEncoding: 'base64' });
    const from = async (iss: string) =>
      verify({ headers: { 'x-signature': await sign({ ...hash(body), iss }) }, body }, 0);
    expect(await from('https://idp.example')).toMatchObject({ iss: 'https://idp.example' });
    await expect(from('https://mallory.example')).rejects.toMatchObject({ code: 'issuer_mismatch' });
  });

  test('is refused when it is missing, there twice, or no token', async () => {
    const token = await sign(hash(body));
    await expect(read(undefined)).rejects.toMatchObject({ code: 'signature_missing' });
    await expect(read('')).rejects.toMatchObject({ code: 'signature_missing' });
    await expect(read(`${token},${token}`)).rejects.toMatchObject({ code: 'header_duplicated' });
    await expect(read('nonsense')).rejects.toMatchObject({ code: 'signature_malformed' });
    await expect(read(`${token.slice(0, -4)}AAAA`)).rejects.toMatchObject({ code: 'signature_mismatch' });
  });
});
