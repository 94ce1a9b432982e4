import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { CompactEncrypt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ConfigError } from '../../../lib/errors.ts';
import { zitadel } from '../../../lib/providers/zitadel/zitadel.ts';
import { desired, fold, toFacts } from '../../../lib/user.ts';
import { type SigningKeys, startSigningKeys } from '../../../local/providers/keys.ts';
import { signTimestampedHmac } from '../../../local/providers/signing.ts';
import { connect } from '../reader.ts';

const nowMs = Date.parse('2026-05-04T12:00:00Z');
const at = nowMs - 1_000 + 0.412;
const secrets = { ZITADEL_SECRETS: 'next current' };

const deactivation = {
  aggregateID: 'u_1',
  aggregateType: 'user',
  instanceID: 'i_1',
  sequence: 7,
  userID: 'admin_1',
  event_type: 'user.deactivated',
  created_at: '2026-05-04T13:59:59.000412+02:00',
};
const deactivated = {
  id: 'i_1:u_1:7',
  kind: 'user.deactivated',
  reference: 'u_1',
  at,
  told: { disabled: true },
};

const sign = (payload: object, secret = 'current') =>
  signTimestampedHmac(payload, secret, 'ZITADEL-Signature', 's', nowMs);

let keys: SigningKeys;
beforeAll(async () => {
  keys = await startSigningKeys();
});
afterAll(() => keys.close());

describe('Zitadel, by JSON', () => {
  const read = connect(zitadel, secrets);
  const send = (more: object) => read(sign({ ...deactivation, ...more }), nowMs);

  test('is read by either of two signing keys, with any number of signatures', async () => {
    const { headers, body } = sign(deactivation);
    const several = `${headers['ZITADEL-Signature']},v1=${'0'.repeat(64)}`;
    expect(await read({ headers: { 'ZITADEL-Signature': several }, body }, nowMs)).toEqual([deactivated]);
    expect(await read(sign(deactivation, 'next'), nowMs)).toEqual([deactivated]);
    await expect(read(sign(deactivation, 'retired'), nowMs)).rejects.toMatchObject({
      code: 'signature_mismatch',
    });
  });

  test('may have its payload in base64, or as it is, or have none', async () => {
    const payload = { email: 'ada@example.com' };
    const base64 = Buffer.from(JSON.stringify(payload)).toString('base64');
    for (const event_payload of [payload, base64]) {
      expect(await send({ event_type: 'user.human.email.changed', event_payload })).toMatchObject([
        { told: { email: 'ada@example.com', emailVerified: false } },
      ]);
    }
    for (const event_payload of [undefined, null, '', {}, 'e30=', 'bnVsbA==']) {
      expect(await send({ event_payload })).toEqual([deactivated]);
    }
    for (const event_payload of ['not base64 of JSON', 7]) {
      expect(await send({ event_payload })).toEqual([{ ...deactivated, unread: ['event_payload'] }]);
    }
    expect(await send({ event_payload: { email: 7 } })).toEqual([
      { ...deactivated, unread: ['event_payload.email'] },
    ]);
  });

  test('needs neither its instance nor its sequence, which are for the log', async () => {
    expect(await send({ instanceID: 7, sequence: 'x' })).toEqual([
      { ...deactivated, id: null, unread: ['instanceID', 'sequence'] },
    ]);
  });

  describe('of an address and a verification, in any order,', () => {
    const email = 'ada@example.com';
    const isOptedIn = async (event_type: string, changed_at: string) => {
      const [told] = await send({ event_type, created_at: changed_at, event_payload: { email } });
      const [verified] = await send({ event_type: 'user.human.email.verified', sequence: 8 });
      const [first = {}, second = {}] = [told, verified].map((event) =>
        toFacts(event?.told ?? {}, event?.at ?? 0),
      );
      expect(desired(fold(second, first))).toEqual(desired(fold(first, second)));
      return desired(fold(first, second)).isOptedIn;
    };

    test.each(['user.human.added', 'user.human.selfregistered', 'user.human.email.changed'])(
      'opts in by %s and a verification of one command',
      async (event_type) => {
        expect(await isOptedIn(event_type, deactivation.created_at)).toBe(true);
      },
    );

    test('opts nobody in for an address that a later command of the same millisecond changed', async () => {
      const later = deactivation.created_at.replace('000412', '000413');
      expect(await isOptedIn('user.human.email.changed', later)).toBe(false);
      const earlier = deactivation.created_at.replace('000412', '000411');
      expect(await isOptedIn('user.human.email.changed', earlier)).toBe(true);
    });
  });

  test('is never about whoever did it, nor about anything but a user', async () => {
    await expect(send({ aggregateID: undefined })).rejects.toMatchObject({ code: 'payload_invalid' });
    expect(await send({ aggregateType: 'org' })).toMatchObject([{ reference: null, told: null }]);
  });

  test('can not be set up without a signing key', () => {
    expect(() => connect(zitadel, {})).toThrow(ConfigError);
  });
});

describe('Zitadel, by JWT', () => {
  const connectJwt = (more = {}) =>
    connect(zitadel, { ZITADEL_PAYLOAD: 'jwt', ZITADEL_JWKS_URL: keys.jwksUrl, ...more });
  const toRequest = (token: string) => ({ headers: {}, body: Buffer.from(token) });

  test('is read by the keys of the instance', async () => {
    const token = await keys.sign({ ...deactivation, event_payload: {} });
    expect(await connectJwt()(toRequest(token), nowMs)).toEqual([deactivated]);
  });

  test("is refused as a token of a user's, whatever they put into it", async () => {
    const user = { iss: keys.url, sub: 'u_2', aud: 'app', exp: nowMs / 1000 + 60 };
    for (const claims of [user, { ...user, ...deactivation }, { ...deactivation, sub: 'u_2' }]) {
      const token = await keys.sign(claims);
      await expect(connectJwt()(toRequest(token), nowMs)).rejects.toMatchObject({ code: 'user_token' });
    }
    const request = await keys.sign({ fullMethod: '/zitadel.user.v2', request: deactivation });
    await expect(connectJwt()(toRequest(request), nowMs)).rejects.toMatchObject({ code: 'claim_missing' });
  });

  test('is refused a month later', async () => {
    const token = await keys.sign({ ...deactivation, created_at: '2026-04-01T00:00:00Z' });
    await expect(connectJwt()(toRequest(token), nowMs)).rejects.toMatchObject({ code: 'too_old' });
  });

  test('must have the signature in the header too, where a signing key is set', async () => {
    const token = await keys.sign(deactivation);
    await expect(connectJwt(secrets)(toRequest(token), nowMs)).rejects.toMatchObject({
      code: 'signature_missing',
    });
  });

  test('can not be set up without the address of the keys', () => {
    expect(() => connect(zitadel, { ZITADEL_PAYLOAD: 'jwt', ...secrets })).toThrow(ConfigError);
  });
});

describe('Zitadel, by JWE', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const toPem = (key: typeof rsa) => key.export({ type: 'pkcs8', format: 'pem' }).toString();

  const connectJwe = (pem: string) =>
    connect(zitadel, {
      ZITADEL_PAYLOAD: 'jwe',
      ZITADEL_JWKS_URL: keys.jwksUrl,
      ZITADEL_PRIVATE_KEYS: pem,
    });

  async function encrypt(key: typeof rsa, alg: string, claims: object = deactivation) {
    const token = await keys.sign({ ...claims });
    const jwe = await new CompactEncrypt(Buffer.from(token))
      .setProtectedHeader({ alg, enc: 'A256GCM', typ: 'JWT', cty: 'JWT', kid: 'ours' })
      .encrypt(createPublicKey(key));
    return { headers: {}, body: Buffer.from(jwe) };
  }

  test.each([
    ['RSA', rsa, 'RSA-OAEP-256'],
    ['EC', ec, 'ECDH-ES+A256KW'],
  ] as const)('is read by an %s key, or by either of two', async (_type, key, alg) => {
    const request = await encrypt(key, alg);
    expect(await connectJwe(toPem(key))(request, nowMs)).toEqual([deactivated]);
    const oneLine = `${toPem(ec)}${toPem(rsa)}`.replaceAll('\n', '\\n');
    expect(await connectJwe(oneLine)(request, nowMs)).toEqual([deactivated]);
  });

  test("is refused with a user's token in it, however well encrypted", async () => {
    const request = await encrypt(rsa, 'RSA-OAEP-256', { ...deactivation, sub: 'u_2' });
    await expect(connectJwe(toPem(rsa))(request, nowMs)).rejects.toMatchObject({ code: 'user_token' });
  });

  test('can not be set up without a private key that is one', () => {
    const pub = createPublicKey(rsa).export({ type: 'spki', format: 'pem' }).toString();
    const others = [
      generateKeyPairSync('ed25519').privateKey,
      generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey,
      generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey,
    ];
    const broken = '-----BEGIN PRIVATE KEY-----\nhush\n-----END PRIVATE KEY-----';
    for (const pem of ['', pub, broken, ...others.map(toPem)]) {
      expect(() => connectJwe(pem), pem).toThrow(ConfigError);
      expect(() => connectJwe(pem)).toThrow(
        expect.not.objectContaining({ message: expect.stringContaining('hush') }),
      );
    }
  });
});
