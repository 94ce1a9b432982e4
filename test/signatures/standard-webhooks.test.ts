import { createHmac, generateKeyPairSync, randomBytes, sign as signBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import {
  type StandardWebhooksOptions,
  verifyStandardWebhooks,
} from '../../lib/signatures/standard-webhooks.ts';

// Published with the libraries of the specification, and with Svix.
const published = {
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  publicKey: 'whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=',
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  timestamp: '1614265330',
  body: '{"test": 2432232314}',
  v1: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  v1a: 'v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==',
};
const nowMs = 1_614_265_330_000;
const otherSecret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

type Sent = { id?: string; timestamp?: string; signature?: string; body?: string | Uint8Array };

function headers(prefix: string, { id, timestamp, signature }: Sent = {}) {
  return {
    [`${prefix}-id`]: id ?? published.id,
    [`${prefix}-timestamp`]: timestamp ?? published.timestamp,
    [`${prefix}-signature`]: signature ?? published.v1,
  };
}

function read(sent: Sent = {}, options: Partial<StandardWebhooksOptions> = {}) {
  const verify = verifyStandardWebhooks({ secrets: [published.secret], ...options });
  return verify({ headers: headers('webhook', sent), body: Buffer.from(sent.body ?? published.body) }, nowMs);
}

/** The public key used as a secret: anybody who has it must not be able to sign. */
function signWithPublicKey(): string {
  return signV1(
    published.id,
    published.timestamp,
    published.body,
    published.publicKey.replace('whpk_', 'whsec_'),
  );
}

function signV1(id: string, timestamp: string, body: Uint8Array | string, secret = published.secret): string {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64')}`;
}

describe('a message of Standard Webhooks', () => {
  test.each<[string, Sent, Partial<StandardWebhooksOptions>]>([
    ['as published, by HMAC', {}, {}],
    ['as published, by ed25519', { signature: published.v1a }, { secrets: [published.publicKey] }],
    ['signed with the second of our secrets', {}, { secrets: [otherSecret, published.secret] }],
    [
      'signed by HMAC, while we have a public key too',
      {},
      { secrets: [published.publicKey, published.secret] },
    ],
    ['with several signatures', { signature: `${signV1('a', '1', 'b')} ${published.v1}` }, {}],
    ['with a signature of a version that we do not know', { signature: `v2,AAAA ${published.v1}` }, {}],
    ['with a signature of a version of two digits', { signature: `v10,AAAA ${published.v1}` }, {}],
    ['with an entry that is no base64', { signature: `v2,ab_cd- ${published.v1}` }, {}],
    ['with an entry that is no signature', { signature: `garbage ${published.v1}` }, {}],
    ['with such an entry behind it', { signature: `${published.v1} v1, ,x v1a` }, {}],
    ['with signatures of other lengths', { signature: `v1,AAAA ${published.v1} v1a,AAAA` }, {}],
    [
      'with a right signature by ed25519 behind a wrong one',
      { signature: `v1a,${Buffer.alloc(64).toString('base64')} ${published.v1a}` },
      { secrets: [published.publicKey] },
    ],
    ['of 16 entries', { signature: `${'v1,AAAA '.repeat(15)}${published.v1}` }, {}],
    ['with spaces about its signatures', { signature: ` v2,AAAA   ${published.v1} ` }, {}],
    ['whose secret is written as Supabase does', {}, { secrets: [`v1,${published.secret}`] }],
    [
      'whose entries are joined as Supabase does',
      { signature: `v1,AAAA, ${published.v1}` },
      { allowsCommas: true },
    ],
  ])('%s is accepted', async (_how, sent, options) => {
    expect(await read(sent, options)).toBe(published.id);
  });

  test.each<[string, string, Sent, Partial<StandardWebhooksOptions>?]>([
    ['with another body', 'signature_mismatch', { body: '{"test": 2432232315}' }],
    ['with another id', 'signature_mismatch', { id: 'msg_other' }],
    ['with another time', 'signature_mismatch', { timestamp: '1614265331' }],
    ['signed with another secret', 'signature_mismatch', {}, { secrets: [otherSecret] }],
    ['signed by ed25519, while we have a secret only', 'signature_mismatch', { signature: published.v1a }],
    ['of HMAC, given out as ed25519', 'signature_mismatch', { signature: published.v1.replace('v1', 'v1a') }],
    [
      'of ed25519, given out as HMAC',
      'signature_mismatch',
      { signature: published.v1a.replace('v1a', 'v1') },
      { secrets: [published.publicKey] },
    ],
    [
      'signed by HMAC with our public key',
      'signature_mismatch',
      { signature: signWithPublicKey() },
      { secrets: [published.publicKey] },
    ],
    [
      'whose id takes in the time',
      'timestamp_malformed',
      { id: `${published.id}.${published.timestamp}`, timestamp: '{"test": 2432232314}', body: '' },
    ],
    ['of a version that something stands before', 'signature_malformed', { signature: `x${published.v1}` }],
    ['of a version that goes on', 'signature_malformed', { signature: published.v1.replace('v1', 'v1ab') }],
    ['with a signature that is cut short', 'signature_mismatch', { signature: 'v1,g0hM' }],
    ['with none but unknown versions', 'signature_mismatch', { signature: 'v2,g0hM v9z,g0hM' }],
    ['without a version', 'signature_malformed', { signature: published.v1.slice(3) }],
    ['with an empty signature', 'signature_malformed', { signature: 'v1,' }],
    ['of 17 entries', 'signature_malformed', { signature: `${'v1,AAAA '.repeat(16)}${published.v1}` }],
    ['with none but entries that we do not know', 'signature_malformed', { signature: 'garbage v1 ,AAAA' }],
    ['with a signature that is not base64', 'signature_malformed', { signature: 'v1,!!!!' }],
    [
      'with the signature header twice',
      'header_duplicated',
      { signature: `${published.v1},${published.v1}` },
    ],
    ['with entries joined by commas', 'header_duplicated', { signature: `v1,AAAA, ${published.v1}` }],
    ['with the id twice', 'header_duplicated', { id: `${published.id},${published.id}` }],
    [
      'with the time twice',
      'header_duplicated',
      { timestamp: `${published.timestamp}, ${published.timestamp}` },
    ],
    ['with an empty id', 'signature_missing', { id: '' }],
    ['with an empty signature header', 'signature_missing', { signature: '' }],
    ['with a time that goes on', 'timestamp_malformed', { timestamp: '1614265330abc' }],
    ['with a time of zeros before it', 'timestamp_malformed', { timestamp: '01614265330' }],
    ['with a fraction of a second', 'timestamp_malformed', { timestamp: '1614265330.5' }],
    ['with a time in hexadecimals', 'timestamp_malformed', { timestamp: '0x6037bb32' }],
    ['with a negative time', 'timestamp_malformed', { timestamp: '-1614265330' }],
    ['with an exponent for a time', 'timestamp_malformed', { timestamp: '1e9' }],
    ['with a time in milliseconds', 'timestamp_malformed', { timestamp: '1614265330000' }],
    ['of more than 5 minutes ago', 'too_old', { timestamp: '1614265029' }],
    ['of more than 5 minutes hence', 'from_the_future', { timestamp: '1614265631' }],
  ])('%s is refused: %s', async (_how, code, sent, options) => {
    await expect(read(sent, options)).rejects.toMatchObject({
      name: 'RejectedError',
      code,
      message: expect.stringMatching(/\w/),
    });
  });

  test.each(['1614265030', '1614265630'])('of 5 minutes from now, %s, is accepted', async (timestamp) => {
    const signature = signV1(published.id, timestamp, published.body);
    expect(await read({ timestamp, signature })).toBe(published.id);
  });

  test('may be of bytes that are no text', async () => {
    const body = Uint8Array.of(0x7b, 0xff, 0xfe, 0x7d);
    const signature = signV1(published.id, published.timestamp, body);
    expect(await read({ body, signature })).toBe(published.id);
    await expect(read({ body: '{\u{fffd}\u{fffd}}', signature })).rejects.toMatchObject({
      code: 'signature_mismatch',
    });
  });

  test('may come under the names of Svix, but never under both', async () => {
    const verify = verifyStandardWebhooks({ secrets: [published.secret] });
    const body = Buffer.from(published.body);
    expect(await verify({ headers: headers('svix'), body }, nowMs)).toBe(published.id);
    const mixed = { ...headers('svix'), ...headers('webhook', { id: 'msg_other' }) };
    expect(await verify({ headers: mixed, body }, nowMs)).toBe(published.id);
    const stray = { ...headers('webhook'), 'svix-id': 'msg_other' };
    expect(await verify({ headers: stray, body }, nowMs)).toBe(published.id);
    const torn = {
      ...headers('svix'),
      ...headers('webhook'),
      'svix-id': undefined,
      'webhook-signature': undefined,
    };
    await expect(verify({ headers: torn, body }, nowMs)).rejects.toMatchObject({ code: 'signature_missing' });
  });

  test('signed by ed25519 verifies with its own public key only', async () => {
    const [ours, other] = [generateKeyPairSync('ed25519'), generateKeyPairSync('ed25519')];
    const toSecret = ({ publicKey }: typeof ours) =>
      `whpk_${publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('base64')}`;
    const signed = Buffer.from(`${published.id}.${published.timestamp}.${published.body}`);
    const signature = `v1a,${signBytes(null, signed, ours.privateKey).toString('base64')}`;
    expect(await read({ signature }, { secrets: [toSecret(other), toSecret(ours)] })).toBe(published.id);
    await expect(read({ signature }, { secrets: [toSecret(other)] })).rejects.toMatchObject({
      code: 'signature_mismatch',
    });
  });
});

describe('the reference library', () => {
  test.each([24, 32, 64])('and we agree on secrets of %i bytes, both ways', async (bytes) => {
    const secret = `whsec_${randomBytes(bytes).toString('base64')}`;
    const at = new Date();
    const timestamp = String(Math.floor(at.getTime() / 1000));
    const body = '{"name":"Zoë \u{1f600}"}';
    const theirs = new Webhook(secret).sign('msg_1', at, body);
    const verify = verifyStandardWebhooks({ secrets: [secret] });
    const sent = headers('webhook', { id: 'msg_1', timestamp, signature: theirs });
    expect(await verify({ headers: sent, body: Buffer.from(body) }, at.getTime())).toBe('msg_1');
    const ours = signV1('msg_1', timestamp, body, secret);
    expect(new Webhook(secret).verify(body, { ...sent, 'webhook-signature': ours })).toEqual({
      name: 'Zoë \u{1f600}',
    });
  });
});

describe('a secret', () => {
  const base64 = (bytes: number) => Buffer.alloc(bytes, 1).toString('base64');
  test.each([
    ['nothing', ''],
    ['a prefix alone', 'whsec_'],
    ['without its prefix', base64(32)],
    ['of 23 bytes', `whsec_${base64(23)}`],
    ['of 65 bytes', `whsec_${base64(65)}`],
    ['that is not base64', 'whsec_not-base64-at-all-but-long-enough'],
    ['of a private key', `whsk_${base64(64)}`],
    ['with something before it', `x${published.secret}`],
    ['with a line end behind it', `${published.secret}\n`],
    ['of half a public key', `whpk_${base64(16)}`],
  ])('that is %s can not be', (_what, secret) => {
    expect(() => verifyStandardWebhooks({ secrets: [published.secret, secret] })).toThrow(
      expect.objectContaining({ name: 'ConfigError', faults: [expect.stringMatching(/\w/)] }),
    );
  });

  test('must be there', () => {
    expect(() => verifyStandardWebhooks({ secrets: [] })).toThrow(
      expect.objectContaining({ name: 'ConfigError', faults: [expect.stringMatching(/\w/)] }),
    );
  });

  test('is not told by the fault that it makes', () => {
    expect(() => verifyStandardWebhooks({ secrets: ['whsec_hush'] })).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('hush') }),
    );
  });
});
