import { SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import type { ClaimRules } from '../../lib/signatures/claims.ts';
import { verifyJwsText } from '../../lib/signatures/jws-in-json.ts';
import { secretKeys } from '../../lib/signatures/keys.ts';

const shared = 'a secret that both have, of 32 bytes or more';
const nowMs = 1_780_000_000_000;
const now = nowMs / 1000;
const good = { iss: 'https://idp.example', aud: 'us', exp: now + 60, event: {} };
const rules: ClaimRules = { issuer: 'https://idp.example', audience: ['us'], required: ['exp'] };

function sign(claims: Record<string, unknown>, secret = shared): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(secret));
}

function read(token: string) {
  return verifyJwsText({ keys: secretKeys([shared]), ...rules })(token, nowMs);
}

describe('a token out of a body', () => {
  test('gives its claims', async () => {
    expect(await read(await sign(good))).toEqual(good);
  });

  test.each<[string, string, Record<string, unknown>]>([
    ['from another issuer', 'issuer_mismatch', { ...good, iss: 'https://mallory.example' }],
    ['for another audience', 'audience_mismatch', { ...good, aud: ['them'] }],
    ['that has expired', 'too_old', { ...good, exp: now - 301 }],
    ['without an end, where one is demanded', 'claim_missing', { ...good, exp: undefined }],
  ])('%s is refused: %s', async (_how, code, claims) => {
    await expect(read(await sign(claims))).rejects.toMatchObject({
      name: 'RejectedError',
      code,
      message: expect.stringMatching(/\w/),
    });
  });

  test('is refused when it is empty, no token, or signed by somebody else', async () => {
    await expect(read('')).rejects.toMatchObject({ code: 'signature_missing' });
    await expect(read('nonsense')).rejects.toMatchObject({ code: 'signature_malformed' });
    await expect(
      read(await sign(good, 'a secret that somebody else has, of 32 bytes')),
    ).rejects.toMatchObject({ code: 'signature_mismatch' });
  });
});
