// Known attacks on signed tokens, by name: without a private key of the key set, none of them gets through.

import {
  constants,
  createHash,
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign as signBytes,
} from 'node:crypto';
import { CompactEncrypt, FlattenedSign, GeneralSign } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verifyHmac } from '../../lib/signatures/hmac.ts';
import { verifyJweBody } from '../../lib/signatures/jwe-body.ts';
import { type Keys, remoteKeys, secretKeys } from '../../lib/signatures/keys.ts';
import { verifyStandardWebhooks } from '../../lib/signatures/standard-webhooks.ts';
import { verifyTimestampedHmac } from '../../lib/signatures/timestamped-hmac.ts';
import { type KeyServer, startKeyServer } from './key-server.ts';

const claims = { sub: 'user-1', disabled: true };
const payload = encode(JSON.stringify(claims));
const secret = 'a secret that is long enough to be one';
const body = Buffer.from('{"event":"user.created"}');
const nowMs = 1_780_000_000_000;
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ed = generateKeyPairSync('ed25519');
const short = generateKeyPairSync('rsa', { modulusLength: 1024 });
const theirs = generateKeyPairSync('rsa', { modulusLength: 2048 });

const published = [
  { ...rsa.publicKey.export({ format: 'jwk' }), kid: 'rsa', use: 'sig', alg: 'RS256' },
  { ...ec.publicKey.export({ format: 'jwk' }), kid: 'ec', use: 'sig', alg: 'ES256' },
  { ...ed.publicKey.export({ format: 'jwk' }), kid: 'ed', use: 'sig', alg: 'EdDSA' },
  { ...short.publicKey.export({ format: 'jwk' }), kid: 'short', use: 'sig', alg: 'RS256' },
];

let keys: Keys;
let server: KeyServer;
let mallory: KeyServer;

beforeAll(async () => {
  server = await startKeyServer(...published);
  mallory = await startKeyServer({ ...theirs.publicKey.export({ format: 'jwk' }), kid: 'rsa', alg: 'RS256' });
  keys = remoteKeys(server.url);
});
afterAll(() => Promise.all([server[Symbol.asyncDispose](), mallory[Symbol.asyncDispose]()]));

function encode(text: string | Uint8Array): string {
  return Buffer.from(text).toString('base64url');
}

type Header = Readonly<Record<string, unknown>> | string;

/** A token with this header, as it is where it is text, and with what `signature` makes of the signed part. */
function forge(header: Header, signature: (signed: string) => string | Uint8Array = () => ''): string {
  const signed = `${encode(typeof header === 'string' ? header : JSON.stringify(header))}.${payload}`;
  return `${signed}.${encode(signature(signed))}`;
}

const byRsa =
  (key: KeyObject = rsa.privateKey) =>
  (signed: string) =>
    signBytes('sha256', Buffer.from(signed), key);
const byEc = (encoding: 'ieee-p1363' | 'der') => (signed: string) =>
  signBytes('sha256', Buffer.from(signed), { key: ec.privateKey, dsaEncoding: encoding });
const byHmac =
  (secret: string | Uint8Array, hash = 'sha256') =>
  (signed: string) =>
    createHmac(hash, secret).update(signed).digest();

const good = { alg: 'RS256', kid: 'rsa' };
const goodToken = () => forge(good, byRsa());
const signatureOf = (token: string) => token.slice(token.lastIndexOf('.') + 1);
const [goodHeader, goodSignature] = [goodToken().split('.')[0] ?? '', signatureOf(goodToken())];
const published0 = createPublicKey(rsa.publicKey.export({ type: 'spki', format: 'pem' }));
const publicForms: Readonly<Record<string, string | Uint8Array>> = {
  'PEM (SPKI)': published0.export({ type: 'spki', format: 'pem' }),
  'PEM (SPKI) without its last line end': String(published0.export({ type: 'spki', format: 'pem' })).trim(),
  'PEM (PKCS 1)': published0.export({ type: 'pkcs1', format: 'pem' }),
  'DER (SPKI)': published0.export({ type: 'spki', format: 'der' }),
  'DER (PKCS 1)': published0.export({ type: 'pkcs1', format: 'der' }),
  'a JWK': JSON.stringify(published[0]),
  'its modulus': Buffer.from(published[0]?.n ?? '', 'base64url'),
  'nothing at all': '',
};
const order = Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex');

type Attack = readonly [name: string, codes: string, make: () => string | Promise<string>];

const algorithms: readonly Attack[] = [
  ...['none', 'None', 'NONE', 'nOnE', 'none ', 'nοne', 'ｎｏｎｅ', '', 'rs256', 'RS256 ', 'RS1', 'HS256'].map(
    (alg): Attack => [
      `the algorithm ${JSON.stringify(alg)}`,
      'refused|malformed',
      () => forge({ ...good, alg }),
    ],
  ),
  ...[null, 0, true, ['none'], ['RS256'], { alg: 'RS256' }].map(
    (alg): Attack => [
      `the algorithm ${JSON.stringify(alg)}, signed rightly`,
      'refused|malformed',
      () => forge({ ...good, alg }, byRsa()),
    ],
  ),
  ['no algorithm', 'malformed', () => forge({ kid: 'rsa' }, byRsa())],
  [
    'two algorithms, the last of which is none',
    'refused',
    () => forge('{"alg":"RS256","kid":"rsa","alg":"none"}'),
  ],
  [
    'two algorithms, the first of which is none',
    'mismatch',
    () => forge('{"alg":"none","kid":"rsa","alg":"RS256"}'),
  ],
  ...Object.entries(publicForms).flatMap(([form, secret]) =>
    (['256', '384', '512'] as const).map(
      (size): Attack => [
        `HS${size} with the public key as ${form} for a secret`,
        'refused',
        () => forge({ ...good, alg: `HS${size}` }, byHmac(secret, `sha${size}`)),
      ],
    ),
  ),
  [
    'the algorithm of another kind of key',
    'unknown',
    () => forge({ ...good, alg: 'ES256' }, byEc('ieee-p1363')),
  ],
  [
    'another algorithm for the same key',
    'unknown',
    () =>
      forge({ ...good, alg: 'PS256' }, (signed) =>
        signBytes('sha256', Buffer.from(signed), {
          key: rsa.privateKey,
          padding: constants.RSA_PKCS1_PSS_PADDING,
          saltLength: 32,
        }),
      ),
  ],
  [
    'a key of 1024 bits, which can be broken',
    'refused',
    () => forge({ ...good, kid: 'short' }, byRsa(short.privateKey)),
  ],
  ['such a key, and no key id', 'mismatch', () => forge({ alg: 'RS256' }, byRsa(short.privateKey))],
  ['an encrypted token for a key of its own', 'malformed', () => encryptForMallory()],
];

const headers: readonly Attack[] = [
  ...[
    '../../../dev/null',
    '/dev/null',
    "x' UNION SELECT 'secret",
    'rsa\u0000',
    'RSA',
    'rsa ',
    'ｒｓａ',
    '__proto__',
    'constructor',
    'k'.repeat(1_000),
  ].map(
    (kid): Attack => [
      `the key id ${JSON.stringify(kid.slice(0, 30))}`,
      'unknown',
      () => forge({ ...good, kid }, byRsa()),
    ],
  ),
  ...[0, true, {}, ['rsa']].map(
    (kid): Attack => [
      `the key id ${JSON.stringify(kid)}`,
      'unknown|malformed|mismatch',
      () => forge({ ...good, kid }, byRsa(theirs.privateKey)),
    ],
  ),
  ['another tenant’s key of the same id', 'mismatch', () => forge(good, byRsa(theirs.privateKey))],
  ...(['jku', 'x5u'] as const).map(
    (name): Attack => [
      `a key at an address in ${name}`,
      'mismatch',
      () => forge({ ...good, [name]: mallory.url }, byRsa(theirs.privateKey)),
    ],
  ),
  [
    'a key in jwk',
    'mismatch',
    () => forge({ ...good, jwk: theirs.publicKey.export({ format: 'jwk' }) }, byRsa(theirs.privateKey)),
  ],
  [
    'a key in jwk, and none by id',
    'mismatch|unknown',
    () => forge({ alg: 'RS256', jwk: theirs.publicKey.export({ format: 'jwk' }) }, byRsa(theirs.privateKey)),
  ],
  [
    'a certificate in x5c, with its hashes',
    'mismatch',
    () => {
      const der = theirs.publicKey.export({ type: 'spki', format: 'der' });
      const hash = (name: string) => createHash(name).update(der).digest('base64url');
      const certificate = { x5c: [der.toString('base64')], x5t: hash('sha1'), 'x5t#S256': hash('sha256') };
      return forge({ ...good, ...certificate }, byRsa(theirs.privateKey));
    },
  ],
  ...[[], ['exp'], ['b64'], ['alg'], ['kid'], [''], [1], 'b64', {}, null, [['b64']]].map(
    (crit): Attack => [
      `the critical extensions ${JSON.stringify(crit)}, signed rightly`,
      'malformed',
      () => forge({ ...good, crit, exp: 1 }, byRsa()),
    ],
  ),
  [
    'a payload that is not encoded, signed rightly',
    'malformed',
    () => {
      const signed = `${encode(JSON.stringify({ ...good, b64: false, crit: ['b64'] }))}.{"disabled":true}`;
      return `${signed}.${encode(byRsa()(signed))}`;
    },
  ],
  [
    'a header of 4 KiB, which none needs, signed rightly',
    'malformed',
    () => forge({ ...good, x5u: 'x'.repeat(4_096) }, byRsa()),
  ],
  ...['[]', 'null', '"RS256"', '{', '', `${'['.repeat(3_000)}`, `${'['.repeat(100_000)}`].map(
    (header): Attack => [
      `the header ${JSON.stringify(header.slice(0, 30))}`,
      'malformed',
      () => forge(header, byRsa()),
    ],
  ),
  [
    'a header with a prototype for its algorithm',
    'malformed|refused',
    () => forge('{"__proto__":{"alg":"none"},"kid":"rsa"}'),
  ],
];

const signatures: readonly Attack[] = [
  ['no signature', 'mismatch', () => forge(good)],
  ['no part for a signature', 'malformed', () => `${goodHeader}.${payload}`],
  ['an empty payload', 'mismatch', () => `${goodHeader}..${goodSignature}`],
  ['a second signature behind a dot', 'malformed', () => `${goodToken()}.${goodSignature}`],
  ['its signature twice', 'mismatch', () => `${goodToken()}${goodSignature}`],
  ['a signature of zeros', 'mismatch', () => forge(good, () => Buffer.alloc(256))],
  [
    'the signature of another token',
    'mismatch',
    () => forge({ ...good, cty: 'x' }, () => Buffer.from(goodSignature, 'base64url')),
  ],
  ['a signature over the payload alone', 'mismatch', () => forge(good, () => byRsa()(payload))],
  ['a payload with padding', 'mismatch', () => `${goodHeader}.${payload}==.${goodSignature}`],
  [
    'a payload with a line end in it',
    'mismatch|malformed',
    () => `${goodHeader}.\n${payload}.${goodSignature}`,
  ],
  ['dots that only look like it', 'malformed', () => goodToken().replaceAll('.', '．')],
  [
    'ECDSA with r and s of zero',
    'mismatch',
    () => forge({ alg: 'ES256', kid: 'ec' }, () => Buffer.alloc(64)),
  ],
  [
    'ECDSA with r and s of the order of the curve',
    'mismatch',
    () => forge({ alg: 'ES256', kid: 'ec' }, () => Buffer.concat([order, order])),
  ],
  ['ECDSA in DER', 'mismatch', () => forge({ alg: 'ES256', kid: 'ec' }, byEc('der'))],
  ['EdDSA of zeros', 'mismatch', () => forge({ alg: 'EdDSA', kid: 'ed' }, () => Buffer.alloc(64))],
  ['the flattened JSON form, signed rightly', 'malformed', async () => JSON.stringify(await flattened())],
  ['the general JSON form, signed rightly', 'malformed', async () => JSON.stringify(await general())],
];

function flattened() {
  return new FlattenedSign(Buffer.from(JSON.stringify(claims))).setProtectedHeader(good).sign(rsa.privateKey);
}

function general() {
  const sign = new GeneralSign(Buffer.from(JSON.stringify(claims)));
  return sign.addSignature(rsa.privateKey).setProtectedHeader(good).sign();
}

function encryptForMallory(): Promise<string> {
  return new CompactEncrypt(Buffer.from(JSON.stringify(claims)))
    .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM' })
    .encrypt(theirs.publicKey);
}

const codes: Readonly<Record<string, string>> = {
  refused: 'algorithm_refused',
  malformed: 'signature_malformed',
  mismatch: 'signature_mismatch',
  unknown: 'key_unknown',
};

describe('a token is refused that has', () => {
  test.each([...algorithms, ...headers, ...signatures])('%s: %s', async (_name, expected, make) => {
    const error = await keys(await make()).then(
      ({ claims }) => new Error(`it was taken: ${JSON.stringify(claims)}`),
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ name: 'RejectedError', message: expect.stringMatching(/\w/) });
    expect(expected.split('|').map((name) => codes[name])).toContain((error as { code: string }).code);
  });
});

test('and no address that a token names is ever asked', () => {
  expect(mallory.requests()).toBe(0);
});

// Wycheproof, json_web_signature, tcId 360 to 375: the same bytes by another text.
const otherForms: readonly (readonly [how: string, change: (text: string) => string])[] = [
  ['with a space in it', (text) => `${text.slice(0, 8)} ${text.slice(8)}`],
  ['with a line end in it', (text) => `${text.slice(0, 8)}\n${text.slice(8)}`],
  ['with a letter of no alphabet in it', (text) => `${text.slice(0, 8)}!${text.slice(8)}`],
  ['with padding, or with more of it', (text) => `${text}==`],
  ['with other bits in what its last letter leaves over', changeLeftOver],
];

describe.each(otherForms)('a signature %s is none', (_how, change) => {
  const refused = { code: 'signature_malformed' };

  test('of a token', async () => {
    for (const token of rightTokens())
      await expect(keys(changeSignature(token, change))).rejects.toMatchObject(refused);
    const shared = secretKeys([secret])(changeSignature(forge({ alg: 'HS256' }, byHmac(secret)), change));
    await expect(shared).rejects.toMatchObject(refused);
  });

  test('of an encrypted token, nor is such a part of one', async () => {
    const token = await new CompactEncrypt(Buffer.from(forge({ alg: 'HS256' }, byHmac(secret))))
      .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM' })
      .encrypt(rsa.publicKey);
    const privateKeys = rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const verify = verifyJweBody({ keys: secretKeys([secret]), privateKeys });
    const read = (parts: readonly string[]) =>
      verify({ headers: {}, body: Buffer.from(parts.join('.')) }, nowMs);
    const parts = token.split('.');
    expect(await read(parts)).toEqual(claims);
    for (const [i, part] of parts.entries()) {
      if (i === 0 || change(part) === part) continue;
      await expect(read(parts.with(i, change(part))), `part ${i}`).rejects.toMatchObject(refused);
    }
  });

  test('of a body, in base64', async () => {
    const check = verifyHmac({ header: 'signature', secrets: [secret], encoding: 'base64' });
    const read = (signature: string) => check({ headers: { signature }, body });
    const right = createHmac('sha256', secret).update(body).digest('base64');
    await read(right);
    await expect(read(change(right))).rejects.toMatchObject(refused);
  });

  test('of a message of Standard Webhooks', async () => {
    const verify = verifyStandardWebhooks({ secrets: [`whsec_${Buffer.from(secret).toString('base64')}`] });
    const at = { 'webhook-id': 'id', 'webhook-timestamp': String(nowMs / 1000) };
    const read = (signature: string) =>
      verify({ headers: { ...at, 'webhook-signature': `v1,${signature}` }, body }, nowMs);
    const signed = Buffer.concat([Buffer.from(`id.${nowMs / 1000}.`), body]);
    const right = createHmac('sha256', secret).update(signed).digest('base64');
    expect(await read(right)).toBe('id');
    // A space ends an entry, whose beginning is then a signature that is too short.
    await expect(read(change(right))).rejects.toMatchObject({ name: 'RejectedError' });
  });
});

test.each<[string, (text: string) => string]>([
  ['with a space behind it', (text) => `${text} `],
  ['with a line end behind it', (text) => `${text}\n`],
  ['in the other alphabet of base64', (text) => text.replaceAll('-', '+').replaceAll('_', '/')],
])('a signature %s is none of a token', async (_how, change) => {
  const changed = rightTokens().filter((token) => changeSignature(token, change) !== token);
  expect(changed).not.toEqual([]);
  for (const token of changed)
    await expect(keys(changeSignature(token, change))).rejects.toMatchObject({ code: 'signature_malformed' });
});

test.each<[string, (text: string) => string]>([
  ['cut in the middle of a byte', (text) => text.slice(0, -1)],
  ['with a letter too many', (text) => `${text}0`],
  ['with a space in it', (text) => `${text.slice(0, 8)} ${text.slice(8)}`],
  ['with something behind it', (text) => `${text}zz`],
])('a signature in hex %s is none of a body', async (_how, change) => {
  const plain = verifyHmac({ header: 'signature', secrets: [secret], encoding: 'hex' });
  const timestamped = verifyTimestampedHmac({ header: 'signature', secrets: [secret], unit: 'ms' });
  const read = (signature: string) => plain({ headers: { signature }, body });
  const readTimed = (text: string) =>
    timestamped({ headers: { signature: `t=${nowMs},v1=${text}` }, body }, nowMs);
  const right = createHmac('sha256', secret).update(body).digest('hex');
  const rightTimed = createHmac('sha256', secret).update(`${nowMs}.`).update(body).digest('hex');
  await Promise.all([read(right), readTimed(rightTimed)]);
  for (const sent of [read(change(right)), readTimed(change(rightTimed))])
    await expect(sent).rejects.toMatchObject({ code: 'signature_malformed' });
});

function rightTokens(): readonly string[] {
  return [
    goodToken(),
    forge({ alg: 'ES256', kid: 'ec' }, byEc('ieee-p1363')),
    forge({ alg: 'EdDSA', kid: 'ed' }, (signed) => signBytes(null, Buffer.from(signed), ed.privateKey)),
  ];
}

function changeSignature(token: string, change: (text: string) => string): string {
  const at = token.lastIndexOf('.') + 1;
  return `${token.slice(0, at)}${change(token.slice(at))}`;
}

/** Another last letter for the same bytes; the same text where no bits are left over. */
function changeLeftOver(text: string): string {
  const letters = text.replace(/=+$/, '');
  if (letters.length % 4 === 0) return text;
  const bytes = Buffer.from(text, 'base64');
  const others = [...alphabet].map((letter) => `${letters.slice(0, -1)}${letter}`);
  const other = others.find((one) => one !== letters && bytes.equals(Buffer.from(one, 'base64')));
  return `${other}${text.slice(letters.length)}`;
}

describe('an RSA key of the exponent', () => {
  // By the exponent 1 a signature is the padded hash itself, so that nobody needs a private key.
  const byNobody = (signed: string) => {
    const sha256 = Buffer.from('3031300d060960864801650304020105000420', 'hex');
    const hash = createHash('sha256').update(signed).digest();
    const padding = Buffer.alloc(256 - 3 - sha256.length - hash.length, 0xff);
    return Buffer.concat([Buffer.of(0, 1), padding, Buffer.of(0), sha256, hash]);
  };
  const publish = (e: string) => ({ ...rsa.publicKey.export({ format: 'jwk' }), e, alg: 'RS256' });

  test.each([
    ['1', 'AQ'],
    ['1, in two bytes', 'AAE'],
    ['2', 'Ag'],
    ['65536', 'AQAA'],
  ])('%s verifies nothing', async (_exponent, e) => {
    await using named = await startKeyServer({ ...publish(e), kid: 'weak' });
    const forged = remoteKeys(named.url)(forge({ alg: 'RS256', kid: 'weak' }, byNobody));
    await expect(forged).rejects.toMatchObject({ code: 'algorithm_refused' });
    await using unnamed = await startKeyServer(publish(e), publish('AQAB'));
    const verify = remoteKeys(unnamed.url);
    await expect(verify(forge({ alg: 'RS256' }, byNobody))).rejects.toMatchObject({
      code: 'signature_mismatch',
    });
    expect(await verify(forge({ alg: 'RS256' }, byRsa()))).toMatchObject({ claims });
  });

  test('3 verifies what it signed', async () => {
    const three = generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 });
    await using server = await startKeyServer(three.publicKey.export({ format: 'jwk' }));
    const token = forge({ alg: 'RS256' }, byRsa(three.privateKey));
    expect(await remoteKeys(server.url)(token)).toMatchObject({ claims });
  });
});

test('and what is signed rightly is taken, so that the refusals above mean something', async () => {
  for (const token of rightTokens()) expect(await keys(token)).toMatchObject({ claims });
});

test('a shared secret is never taken for a key, nor a key for a secret', async () => {
  const shared = secretKeys([secret]);
  await expect(shared(forge({ alg: 'HS256' }, byHmac(secret)))).resolves.toMatchObject({ claims });
  for (const token of [goodToken(), forge({ alg: 'none' }), forge({ alg: 'HS1' }, byHmac(secret, 'sha1'))])
    await expect(shared(token)).rejects.toMatchObject({ code: 'algorithm_refused' });
  await expect(shared(forge({ alg: 'HS256' }, byHmac('')))).rejects.toMatchObject({
    code: 'signature_mismatch',
  });
});
