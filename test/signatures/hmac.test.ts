import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type HmacOptions, verifyHmac } from '../../lib/signatures/hmac.ts';

const body = Buffer.from('{"event":"User.Created"}');
const options: HmacOptions = { header: 'x-signature', secrets: ['next', 'current'], encoding: 'hex' };

function sign(
  secret: string,
  encoding: 'hex' | 'base64' = 'hex',
  hash = 'sha256',
  signed: Uint8Array = body,
) {
  return createHmac(hash, secret).update(signed).digest(encoding);
}

function read(value: string | undefined, overrides: Partial<HmacOptions> = {}, sent: Uint8Array = body) {
  return verifyHmac({ ...options, ...overrides })({ headers: { 'x-signature': value }, body: sent });
}

describe('an HMAC of the body', () => {
  // GitHub's published example: https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
  test('verifies as published', async () => {
    const secrets = ["It's a Secret to Everybody"];
    const value = 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';
    await read(value, { secrets, prefix: 'sha256=' }, Buffer.from('Hello, World!'));
  });

  test.each<[string, string, Partial<HmacOptions>]>([
    ['in hex', sign('current'), {}],
    ['in hex of capitals', sign('current').toUpperCase(), {}],
    ['with the other secret', sign('next'), {}],
    ['in base64', sign('current', 'base64'), { encoding: 'base64' }],
    ['with a prefix', `sha256=${sign('current')}`, { prefix: 'sha256=' }],
    ['by SHA-1', sign('current', 'hex', 'sha1'), { hash: 'sha1' }],
  ])('%s is accepted', async (_how, value, overrides) => {
    await expect(read(value, overrides)).resolves.toBeUndefined();
  });

  test.each<[string, string, string | undefined, Partial<HmacOptions>?]>([
    ['that is missing', 'signature_missing', undefined],
    ['that is empty', 'signature_missing', ' '],
    ['that is there twice', 'header_duplicated', `${sign('current')},${sign('current')}`],
    ['of a retired secret', 'signature_mismatch', sign('retired')],
    ['of another body', 'signature_mismatch', sign('current', 'hex', 'sha256', Buffer.from('{}'))],
    ['by another hash', 'signature_mismatch', sign('current', 'hex', 'sha1')],
    ['that is cut short', 'signature_mismatch', sign('current').slice(0, 32)],
    ['that is cut in the middle of a byte', 'signature_malformed', sign('current').slice(0, 63)],
    ['that goes on', 'signature_malformed', `${sign('current')}zz`],
    ['in another encoding', 'signature_malformed', sign('current', 'base64')],
    ['with a stray prefix', 'signature_malformed', `sha256=${sign('current')}`],
    ['without its prefix', 'signature_malformed', sign('current'), { prefix: 'sha256=' }],
    ['with another prefix', 'signature_malformed', `sha512=${sign('current')}`, { prefix: 'sha256=' }],
    ['of a prefix alone', 'signature_malformed', 'sha256=', { prefix: 'sha256=' }],
    ['that is not base64', 'signature_malformed', '!!!!', { encoding: 'base64' }],
  ])('%s is refused: %s', async (_how, code, value, overrides) => {
    await expect(read(value, overrides)).rejects.toMatchObject({
      name: 'RejectedError',
      code,
      message: expect.stringMatching(/\w/),
    });
  });

  test('covers every byte of any body', async () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 200 });
    await fc.assert(
      fc.asyncProperty(bytes, fc.nat(), fc.integer({ min: 1, max: 255 }), async (sent, place, flip) => {
        const value = sign('current', 'hex', 'sha256', sent);
        await read(value, {}, sent);
        const changed = sent.map((byte, i) => (i === place % sent.length ? byte ^ flip : byte));
        await expect(read(value, {}, changed)).rejects.toMatchObject({ code: 'signature_mismatch' });
      }),
    );
  });

  test.each([[[]], [['']], [['current', '']]])('can not have the secrets %j', (secrets) => {
    expect(() => verifyHmac({ ...options, secrets })).toThrow(
      expect.objectContaining({ name: 'ConfigError', faults: [expect.stringMatching(/\w/)] }),
    );
  });
});
