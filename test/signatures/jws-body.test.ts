import { createHmac } from 'node:crypto';
import { CompactSign } from 'jose';
import { describe, expect, test } from 'vitest';
import { type ClaimRules, issuedAtMs } from '../../lib/signatures/claims.ts';
import { verifyJwsBody } from '../../lib/signatures/jws-body.ts';
import { secretKeys } from '../../lib/signatures/keys.ts';

const nowMs = 1_780_000_000_000;
const now = nowMs / 1000;
const shared = 'a secret that both have, of 32 bytes or more';
const secret = new TextEncoder().encode(shared);

const rules: ClaimRules = {
  typ: 'event+jwt',
  issuer: 'https://idp.example',
  audience: ['us', 'us-too'],
  required: ['event'],
  forbidden: ['sub', 'azp'],
  age: { of: issuedAtMs, maxAgeMs: 3_600_000 },
};

const good = { iss: 'https://idp.example', aud: 'us', iat: now, event: {} };

async function sign(claims: object, header: object = { typ: 'event+jwt' }): Promise<string> {
  const payload = new TextEncoder().encode(JSON.stringify(claims));
  return new CompactSign(payload).setProtectedHeader({ alg: 'HS256', ...header }).sign(secret);
}

function read(token: string, overrides: ClaimRules = {}) {
  const verify = verifyJwsBody({ keys: secretKeys([shared]), ...rules, ...overrides });
  return verify({ headers: {}, body: Buffer.from(token) }, nowMs);
}

describe('a body that is a token', () => {
  test.each<[string, object, object?]>([
    ['that meets every rule', good],
    ['for several audiences, of which we are one', { ...good, aud: ['them', 'us-too'] }],
    ['whose type is written in full', good, { typ: 'application/Event+JWT' }],
    ['as old as may be', { ...good, iat: now - 3_600 }],
    ['from a clock that is 5 minutes ahead', { ...good, iat: now + 300, nbf: now + 300 }],
    ['that has not expired', { ...good, exp: now + 1 }],
  ])('%s is accepted', async (_how, claims, header) => {
    expect(await read(await sign(claims, header))).toEqual(claims);
  });

  test.each<[string, string, object, object?]>([
    ['without a type', 'type_mismatch', good, {}],
    ['of the type of another kind of token', 'type_mismatch', good, { typ: 'at+jwt' }],
    ['whose type is no text', 'type_mismatch', good, { typ: 1 }],
    ['of a type that ends like ours', 'type_mismatch', good, { typ: 'x-application/event+jwt' }],
    ['that names a user', 'user_token', { ...good, sub: 'user-1' }],
    ['that names a client', 'user_token', { ...good, azp: 'app' }],
    ['from another issuer', 'issuer_mismatch', { ...good, iss: 'https://idp.example/' }],
    ['from nobody', 'issuer_mismatch', { ...good, iss: undefined }],
    ['from several issuers', 'issuer_mismatch', { ...good, iss: ['https://idp.example'] }],
    ['for another audience', 'audience_mismatch', { ...good, aud: 'them' }],
    ['for an audience that we are a part of', 'audience_mismatch', { ...good, aud: 'us and them' }],
    ['for nobody', 'audience_mismatch', { ...good, aud: undefined }],
    ['without a claim that is demanded', 'claim_missing', { ...good, event: undefined }],
    ['that is too old', 'too_old', { ...good, iat: now - 3_601 }],
    ['that has expired', 'too_old', { ...good, exp: now - 300 }],
    ['whose end is no number', 'too_old', { ...good, exp: 'tomorrow' }],
    ['that comes from the future', 'from_the_future', { ...good, iat: now + 301 }],
    ['in milliseconds', 'from_the_future', { ...good, iat: nowMs }],
    ['that is not valid yet', 'from_the_future', { ...good, nbf: now + 301 }],
    ['without a time', 'timestamp_malformed', { ...good, iat: undefined }],
    ['whose time is text', 'timestamp_malformed', { ...good, iat: String(now) }],
  ])('%s is refused: %s', async (_how, code, claims, header) => {
    await expect(read(await sign(claims, header))).rejects.toMatchObject({
      name: 'RejectedError',
      code,
      message: expect.stringMatching(/\w/),
    });
  });

  test('of which nothing is demanded is accepted, whatever it says', async () => {
    const claims = { iss: 'https://mallory.example', aud: 'them', sub: 'user-1' };
    const verify = verifyJwsBody({ keys: secretKeys([shared]) });
    expect(await verify({ headers: {}, body: Buffer.from(await sign(claims, {})) }, nowMs)).toEqual(claims);
  });

  test('whose time is found to be no number is refused', async () => {
    const age = { of: () => Number.NaN, maxAgeMs: 3_600_000 };
    await expect(read(await sign(good), { age })).rejects.toMatchObject({ code: 'timestamp_malformed' });
  });

  test('that has expired is accepted where expiry is ignored', async () => {
    const claims = { ...good, exp: now - 1_000 };
    expect(await read(await sign(claims), { ignoresExpiry: true })).toEqual(claims);
  });

  test('may have white space around it', async () => {
    expect(await read(`\n${await sign(good)}\r\n`)).toEqual(good);
  });

  test.each([
    ['', 'signature_missing'],
    ['  \n', 'signature_missing'],
    ['{"json":true}', 'signature_malformed'],
    ['\u{ff}\u{fe}.x.y', 'signature_malformed'],
  ])('is refused when it is %j: %s', async (body, code) => {
    await expect(read(body)).rejects.toMatchObject({ code });
  });

  test('is refused when its payload is not encoded', async () => {
    const header = Buffer.from('{"alg":"HS256","b64":false,"crit":["b64"]}').toString('base64url');
    const claims = JSON.stringify(good).replaceAll('.', '\\u002e');
    const token = `${header}.${claims}.${createHmac('sha256', secret).update(`${header}.${claims}`).digest('base64url')}`;
    await expect(read(token)).rejects.toMatchObject({ code: 'signature_malformed' });
  });
});
