import { CompactSign, SignJWT, UnsecuredJWT } from 'jose';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { ConfigError } from '../../lib/errors.ts';
import { remoteKeys, secretKeys } from '../../lib/signatures/keys.ts';
import { createSigner, startKeyServer } from './key-server.ts';

const claims = { hello: 'world' };

afterEach(() => vi.useRealTimers());

describe('a key set', () => {
  test.each(['RS256', 'PS384', 'ES256', 'ES512', 'EdDSA'])('verifies a token signed with %s', async (alg) => {
    const signer = await createSigner('key-1', alg);
    await using server = await startKeyServer(signer.jwk);
    const keys = remoteKeys(server.url);
    expect(await keys(await signer.sign(claims, { typ: 'event' }))).toEqual({ typ: 'event', claims });
  });

  test('is fetched once for many tokens', async () => {
    const signer = await createSigner();
    await using server = await startKeyServer(signer.jwk);
    const keys = remoteKeys(server.url);
    const token = await signer.sign(claims);
    await Promise.all([keys(token), keys(token), keys(token)]);
    await keys(token);
    expect(server.requests()).toBe(1);
  });

  test('is not fetched for an algorithm that is refused', async () => {
    await using server = await startKeyServer();
    await expect(remoteKeys(server.url)(new UnsecuredJWT(claims).encode())).rejects.toMatchObject({
      code: 'algorithm_refused',
    });
    expect(server.requests()).toBe(0);
  });

  test('may hold several keys, of which a token without a key id was signed by any', async () => {
    const [first, second, stranger] = await Promise.all([
      createSigner(''),
      createSigner(''),
      createSigner(''),
    ]);
    await using server = await startKeyServer(first.jwk, second.jwk);
    const keys = remoteKeys(server.url);
    expect((await keys(await second.sign(claims))).claims).toEqual(claims);
    await expect(keys(await stranger.sign(claims))).rejects.toMatchObject({ code: 'signature_mismatch' });
  });

  test('that was rotated is fetched again after 5 seconds', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_780_000_000_000 });
    const [old, fresh] = await Promise.all([createSigner('old'), createSigner('fresh')]);
    await using server = await startKeyServer(old.jwk);
    const keys = remoteKeys(server.url);
    await keys(await old.sign(claims));
    server.keys = [old.jwk, fresh.jwk];
    await expect(keys(await fresh.sign(claims))).rejects.toMatchObject({ code: 'key_unknown' });
    vi.setSystemTime(1_780_000_005_000);
    expect((await keys(await fresh.sign(claims))).claims).toEqual(claims);
  });

  test('loses a key that was withdrawn after 10 minutes', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_780_000_000_000 });
    const [leaked, fresh] = await Promise.all([createSigner('leaked'), createSigner('fresh')]);
    await using server = await startKeyServer(leaked.jwk, fresh.jwk);
    const keys = remoteKeys(server.url);
    const token = await leaked.sign(claims);
    await keys(token);
    server.keys = [fresh.jwk];
    vi.setSystemTime(1_780_000_600_000);
    await expect(keys(token)).rejects.toMatchObject({ code: 'key_unknown' });
  });

  test('is fetched once in 5 seconds for a flood of made-up key ids', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_780_000_000_000 });
    const [signer, forger] = await Promise.all([createSigner(), createSigner()]);
    await using server = await startKeyServer(signer.jwk);
    const keys = remoteKeys(server.url);
    await keys(await signer.sign(claims));
    for (let second = 0; second < 12; second += 1) {
      vi.setSystemTime(1_780_000_000_000 + second * 1_000);
      const made = Array.from({ length: 10 }, (_, i) =>
        forger.sign(claims, { kid: `made-up-${second}-${i}` }),
      );
      const answers = await Promise.allSettled((await Promise.all(made)).map(keys));
      expect(answers).toSatisfy((all: typeof answers) => all.every(({ status }) => status === 'rejected'));
    }
    // At the start, after 5 seconds and after 10.
    expect(server.requests()).toBe(3);
  });

  const broken: Record<string, NonNullable<Awaited<ReturnType<typeof startKeyServer>>['instead']>> = {
    'answers 500': (response) => response.writeHead(500).end(),
    'answers 404 with a key set': (response) => response.writeHead(404).end('{"keys":[]}'),
    'answers 204': (response) => response.writeHead(204).end(),
    'sends us elsewhere': (response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
    'sends a page': (response) => response.end('<html></html>'),
    'sends JSON that is no key set': (response) => response.end('{"keys":{}}'),
    'sends a key set of 300 KiB': (response) => response.end(`{"keys":[],"x":"${'x'.repeat(300 * 1024)}"}`),
    'hangs up': (response) => response.destroy(),
    'hangs up in the middle': (response) => {
      response.writeHead(200, { 'content-length': 100 }).write('{"keys":');
      response.destroy();
    },
    'never answers': () => {},
    'never ends its answer': (response) => response.write('{"keys":'),
  };

  test.each(Object.entries(broken))(
    'whose server %s is unavailable, until it recovers',
    async (_how, instead) => {
      vi.useFakeTimers({ toFake: ['Date'], now: 1_780_000_000_000 });
      const signer = await createSigner();
      await using server = await startKeyServer(signer.jwk);
      server.instead = instead;
      const keys = remoteKeys(server.url);
      const token = await signer.sign(claims);
      await expect(keys(token)).rejects.toMatchObject({ name: 'UnavailableError', code: 'keys_unavailable' });
      server.instead = null;
      vi.setSystemTime(1_780_000_001_000);
      expect((await keys(token)).claims).toEqual(claims);
    },
  );

  test('whose server is down is asked once in a second, however many requests come in', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_780_000_000_000 });
    const signer = await createSigner();
    await using server = await startKeyServer(signer.jwk);
    server.instead = (response) => response.writeHead(500).end();
    const keys = remoteKeys(server.url);
    const token = await signer.sign(claims);
    for (const second of [0, 1, 2]) {
      vi.setSystemTime(1_780_000_000_000 + second * 1_000);
      for (let i = 0; i < 10; i++)
        await expect(keys(token)).rejects.toMatchObject({ code: 'keys_unavailable' });
    }
    expect(server.requests()).toBe(3);
  });

  test('whose server goes down is still used until its keys run out', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_780_000_000_000 });
    const [signer, stranger] = await Promise.all([createSigner(), createSigner('stranger')]);
    await using server = await startKeyServer(signer.jwk);
    const keys = remoteKeys(server.url);
    const token = await signer.sign(claims);
    await keys(token);
    server.instead = (response) => response.writeHead(500).end();
    vi.setSystemTime(1_780_000_010_000);
    await expect(keys(await stranger.sign(claims))).rejects.toMatchObject({ code: 'keys_unavailable' });
    expect((await keys(token)).claims).toEqual(claims);
  });

  describe('whose server is down for hours', () => {
    const startMs = 1_780_000_000_000;
    const hours = (count: number) => startMs + count * 3_600_000;
    const down = (response: { writeHead(status: number): { end(): void } }) => response.writeHead(500).end();

    async function startOutage(kid = 'known') {
      vi.useFakeTimers({ toFake: ['Date'], now: startMs });
      const signer = await createSigner(kid);
      const server = await startKeyServer(signer.jwk);
      const keys = remoteKeys(server.url);
      const token = await signer.sign(claims);
      await keys(token);
      server.instead = down;
      return { server, keys, token };
    }

    test.each([1, 23])('is still used after %i hours for the keys that it had', async (count) => {
      const { server, keys, token } = await startOutage();
      await using _ = server;
      vi.setSystemTime(hours(count));
      expect((await keys(token)).claims).toEqual(claims);
    });

    test('is used no longer after a day', async () => {
      const { server, keys, token } = await startOutage();
      await using _ = server;
      vi.setSystemTime(hours(24));
      await expect(keys(token)).rejects.toMatchObject({ code: 'keys_unavailable' });
    });

    test('says nothing against a key that it did not have, nor one that has taken a known place', async () => {
      const { server, keys } = await startOutage();
      await using _ = server;
      const [added, replaced] = await Promise.all([createSigner('added'), createSigner('known')]);
      vi.setSystemTime(hours(1));
      for (const signer of [added, replaced]) {
        const token = await signer.sign(claims);
        await expect(keys(token)).rejects.toMatchObject({ code: 'keys_unavailable' });
      }
    });

    test('without key ids is used in the same way', async () => {
      const { server, keys, token } = await startOutage('');
      await using _ = server;
      const stranger = await createSigner('');
      vi.setSystemTime(hours(1));
      expect((await keys(token)).claims).toEqual(claims);
      await expect(keys(await stranger.sign(claims))).rejects.toMatchObject({ code: 'keys_unavailable' });
    });

    test('loses a key that was withdrawn meanwhile as soon as it can be read again', async () => {
      const { server, keys, token } = await startOutage();
      await using _ = server;
      const fresh = await createSigner('fresh');
      server.keys = [fresh.jwk];
      vi.setSystemTime(hours(5));
      expect((await keys(token)).claims).toEqual(claims);
      server.instead = null;
      vi.setSystemTime(hours(5) + 30_000);
      await expect(keys(token)).rejects.toMatchObject({ code: 'key_unknown' });
      server.instead = down;
      await expect(keys(token)).rejects.toMatchObject({ code: 'key_unknown' });
    });

    test('is asked twice in a minute for keys that are known, so that one that hangs keeps few events waiting', async () => {
      const { server, keys, token } = await startOutage();
      await using _ = server;
      for (let second = 0; second < 60; second += 1) {
        vi.setSystemTime(hours(1) + second * 1_000);
        expect((await keys(token)).claims).toEqual(claims);
      }
      expect(server.requests()).toBe(1 + 2);
    });
  });

  test('whose server is not there is unavailable', async () => {
    const signer = await createSigner();
    const server = await startKeyServer();
    await server[Symbol.asyncDispose]();
    await expect(remoteKeys(server.url)(await signer.sign(claims))).rejects.toMatchObject({
      code: 'keys_unavailable',
    });
  });

  test('that publishes the private half of its key is not used', async () => {
    const signer = await createSigner();
    await using server = await startKeyServer({ ...signer.jwk, d: 'AQAB' });
    await expect(remoteKeys(server.url)(await signer.sign(claims))).rejects.toMatchObject({
      code: 'keys_unavailable',
    });
  });

  test.each([
    'http://idp.example/jwks',
    'ftp://idp.example/jwks',
    'https://me:secret@idp.example/jwks',
    'jwks',
  ])('can not be at %s', (url) => {
    expect(() => remoteKeys(url)).toThrow(
      expect.objectContaining({ name: 'ConfigError', faults: [expect.stringMatching(/\w/)] }),
    );
  });
});

describe('the published examples', () => {
  // RFC 7515, A.3, and RFC 8037, A.4: what the second one signs is not a set of claims, so only its signature passes.
  const es256 = {
    jwk: {
      kty: 'EC',
      crv: 'P-256',
      x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
      y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
    },
    token:
      'eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q',
  };
  const eddsa = {
    jwk: { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' },
    token:
      'eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg',
  };

  test('verify', async () => {
    await using server = await startKeyServer(es256.jwk, eddsa.jwk);
    const keys = remoteKeys(server.url);
    expect((await keys(es256.token)).claims).toMatchObject({ iss: 'joe', exp: 1_300_819_380 });
    await expect(keys(eddsa.token)).rejects.toMatchObject({ code: 'body_malformed' });
    await expect(keys(eddsa.token.replace('hgyY', 'hgyZ'))).rejects.toMatchObject({
      code: 'signature_mismatch',
    });
  });
});

describe('a forged token', () => {
  test('is refused with a code that says why', async () => {
    const [signer, forger] = await Promise.all([createSigner(), createSigner()]);
    await using server = await startKeyServer(signer.jwk);
    const keys = remoteKeys(server.url);
    const token = await signer.sign(claims);
    const [header, , signature] = token.split('.');
    const changed = Buffer.from('{"hello":"mallory"}').toString('base64url');
    const publicPem = new TextEncoder().encode(JSON.stringify(signer.jwk));
    const byPublicKey = new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', kid: 'key-1' })
      .sign(publicPem);
    const forged: Record<string, [string, string]> = {
      'without a signature, as alg none': [new UnsecuredJWT(claims).encode(), 'algorithm_refused'],
      'with its signature cut off': [`${header}.${changed}.`, 'signature_mismatch'],
      'with the public key as an HMAC secret': [await byPublicKey, 'algorithm_refused'],
      'with its key in the header': [await forger.sign(claims, { jwk: forger.jwk }), 'signature_mismatch'],
      'with its key at an address in the header': [
        await forger.sign(claims, { jku: 'https://mallory.example/jwks' }),
        'signature_mismatch',
      ],
      'with a key that we do not know': [await forger.sign(claims, { kid: 'forged' }), 'key_unknown'],
      'with other claims': [`${header}.${changed}.${signature}`, 'signature_mismatch'],
      'of two parts': [`${header}.${changed}`, 'signature_malformed'],
      'of four parts': [`${token}.x`, 'signature_malformed'],
      'of no parts': ['not a token', 'signature_malformed'],
      'as an encrypted token': ['a.b.c.d.e', 'signature_malformed'],
      'with a header that is not JSON': [`e30x.${changed}.${signature}`, 'signature_malformed'],
      'with an extension that we must know and do not': [
        craft({ alg: 'RS256', kid: 'key-1', crit: ['exp'], exp: 1 }, claims, signature),
        'signature_malformed',
      ],
    };
    for (const [how, [text, code]] of Object.entries(forged)) {
      await expect(keys(text), how).rejects.toMatchObject({
        name: 'RejectedError',
        code,
        message: expect.stringMatching(/\w/),
      });
    }
  });

  test('is refused when its algorithm is not among those of the provider', async () => {
    const signer = await createSigner();
    await using server = await startKeyServer(signer.jwk);
    await expect(remoteKeys(server.url, ['ES256'])(await signer.sign(claims))).rejects.toMatchObject({
      code: 'algorithm_refused',
    });
  });

  test('is refused when what was signed is not an object of claims', async () => {
    const secret = 'a secret of some length, for the sake of it';
    const keys = secretKeys([secret]);
    const noText = Buffer.concat([Buffer.from('{"name":"'), Buffer.of(0xff), Buffer.from('"}')]);
    for (const payload of ['[]', 'null', '"text"', '{', '\u{fffd}', noText]) {
      const token = await new CompactSign(typeof payload === 'string' ? Buffer.from(payload) : payload)
        .setProtectedHeader({ alg: 'HS256' })
        .sign(new TextEncoder().encode(secret));
      await expect(keys(token), String(payload)).rejects.toMatchObject({
        code: 'body_malformed',
        message: expect.stringMatching(/\w/),
      });
    }
  });
});

describe('shared secrets', () => {
  const next = 'next'.padEnd(64, '.');
  const current = 'current'.padEnd(64, '.');
  const retired = 'retired'.padEnd(64, '.');
  const sign = (secret: string, alg = 'HS256') =>
    new SignJWT(claims).setProtectedHeader({ alg }).sign(new TextEncoder().encode(secret));

  test.each(['HS256', 'HS384', 'HS512'])('verify %s', async (alg) => {
    expect((await secretKeys([current])(await sign(current, alg))).claims).toEqual(claims);
  });

  test('may be several, while one replaces another', async () => {
    const keys = secretKeys([next, current]);
    await keys(await sign(next));
    await keys(await sign(current));
    await expect(keys(await sign(retired))).rejects.toMatchObject({ code: 'signature_mismatch' });
  });

  // https://www.rfc-editor.org/rfc/rfc7518#section-3.2
  test.each([
    ['HS256', 32],
    ['HS384', 48],
    ['HS512', 64],
  ])('verify %s from %i bytes on, and by a shorter one nothing', async (alg, bytes) => {
    const [long, short] = ['é'.repeat(bytes / 2), 'x'.repeat(bytes - 1)];
    expect((await secretKeys([long])(await sign(long, alg))).claims).toEqual(claims);
    const keys = () => secretKeys([short, long]);
    if (bytes === 32) expect(keys).toThrow(ConfigError);
    else await expect(keys()(await sign(short, alg))).rejects.toMatchObject({ code: 'signature_mismatch' });
  });

  test('do not verify what a key pair signed, nor what nobody did', async () => {
    const signer = await createSigner();
    const keys = secretKeys([current, JSON.stringify(signer.jwk)]);
    await expect(keys(await signer.sign(claims))).rejects.toMatchObject({ code: 'algorithm_refused' });
    await expect(keys(new UnsecuredJWT(claims).encode())).rejects.toMatchObject({
      code: 'algorithm_refused',
    });
    await expect(keys(await sign('A'.repeat(32)))).rejects.toMatchObject({ code: 'signature_mismatch' });
  });

  test.each([[[]], [['']], [[current, '']], [['a']], [[current, 'x'.repeat(31)]]])(
    'can not be %j',
    (secrets) => {
      expect(() => secretKeys(secrets)).toThrow(
        expect.objectContaining({ name: 'ConfigError', faults: [expect.stringMatching(/\w/)] }),
      );
    },
  );
});

function craft(header: object, payload: object, signature = ''): string {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  return `${encode(header)}.${encode(payload)}.${signature}`;
}
