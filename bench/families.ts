// One signed request of each family of signatures, how we verify it, and the least that anybody has to do.

import {
  createHash,
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto';
import { CompactEncrypt, compactDecrypt, compactVerify, importJWK, type JWK } from 'jose';
import { verifyBareJws } from '../lib/signatures/bare-jws.ts';
import { verifyHmac } from '../lib/signatures/hmac.ts';
import { verifyJweBody } from '../lib/signatures/jwe-body.ts';
import { verifyJwsBody } from '../lib/signatures/jws-body.ts';
import { verifyJwsHeader } from '../lib/signatures/jws-header.ts';
import { remoteKeys } from '../lib/signatures/keys.ts';
import { verifyStandardWebhooks } from '../lib/signatures/standard-webhooks.ts';
import { verifyStaticCredential } from '../lib/signatures/static-credential.ts';
import { verifyTimestampedHmac } from '../lib/signatures/timestamped-hmac.ts';
import { clerk } from '../local/providers/clerk/clerk.ts';
import type { SigningKeys } from '../local/providers/keys.ts';
import { sampleUser } from '../local/providers/sender.ts';
import {
  newSecret,
  newWebhookSecret,
  signHmac,
  signTimestampedHmac,
  signWebhook,
} from '../local/providers/signing.ts';

export type Verification = {
  readonly family: string;
  readonly floorIs: string;
  readonly ours: () => Promise<unknown>;
  readonly floor: () => Promise<unknown>;
};

const nowMs = Date.now();
const payload = clerk.examples['user.created']?.payload(sampleUser('user_1'), nowMs) ?? {};
const body = Buffer.from(JSON.stringify(payload));

export async function families(keys: SigningKeys): Promise<readonly Verification[]> {
  return [
    ...[standardWebhooks(), ed25519(), timestamped(), plain(), credential()],
    ...[await jwsBody(keys), await jwsHeader(keys), await bareJws(keys), await jweBody(keys)],
  ];
}

function standardWebhooks(): Verification {
  const secret = newWebhookSecret();
  const request = signWebhook(payload, secret, nowMs, 'webhook');
  const check = verifyStandardWebhooks({ secrets: [secret] });
  const {
    'webhook-id': id,
    'webhook-timestamp': time,
    'webhook-signature': signature = '',
  } = request.headers;
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  return {
    family: 'Standard Webhooks, HMAC',
    floorIs: 'HMAC-SHA256',
    ours: () => check(request, nowMs),
    floor: async () => {
      const hmac = createHmac('sha256', key).update(`${id}.${time}.`).update(request.body);
      return isSame(hmac.digest(), Buffer.from(signature.slice(3), 'base64'));
    },
  };
}

function ed25519(): Verification {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
  const time = String(Math.floor(nowMs / 1_000));
  const signed = Buffer.concat([Buffer.from(`msg.${time}.`), body]);
  const signature = sign(null, signed, privateKey);
  const check = verifyStandardWebhooks({ secrets: [`whpk_${raw.toString('base64')}`] });
  const headers = {
    'webhook-id': 'msg',
    'webhook-timestamp': time,
    'webhook-signature': `v1a,${signature.toString('base64')}`,
  };
  return {
    family: 'Standard Webhooks, ed25519',
    floorIs: 'ed25519',
    ours: () => check({ headers, body }, nowMs),
    floor: async () => isTrue(verify(null, signed, publicKey, signature)),
  };
}

function timestamped(): Verification {
  const secret = newSecret();
  const request = signTimestampedHmac(payload, secret, 'signature', 'ms', nowMs);
  const check = verifyTimestampedHmac({ header: 'signature', secrets: [secret], unit: 'ms' });
  const signature = Buffer.from(request.headers.signature?.split('v1=')[1] ?? '', 'hex');
  return {
    family: 'timestamped HMAC',
    floorIs: 'HMAC-SHA256',
    ours: () => check(request, nowMs),
    floor: async () =>
      isSame(createHmac('sha256', secret).update(`${nowMs}.`).update(request.body).digest(), signature),
  };
}

function plain(): Verification {
  const secret = newSecret();
  const request = signHmac(payload, secret, 'signature', 'hex');
  const check = verifyHmac({ header: 'signature', secrets: [secret], encoding: 'hex' });
  const signature = Buffer.from(request.headers.signature ?? '', 'hex');
  return {
    family: 'plain HMAC',
    floorIs: 'HMAC-SHA256',
    ours: () => check(request),
    floor: async () => isSame(createHmac('sha256', secret).update(request.body).digest(), signature),
  };
}

function credential(): Verification {
  const secret = newSecret();
  const check = verifyStaticCredential({ header: 'authorization', credentials: [secret] });
  const headers = { authorization: secret };
  return {
    family: 'static credential',
    floorIs: 'two SHA-256',
    ours: () => check({ headers, body }),
    floor: async () => isSame(sha256(headers.authorization), sha256(secret)),
  };
}

async function jwsBody(keys: SigningKeys): Promise<Verification> {
  const token = await keys.sign({ iat: Math.floor(nowMs / 1_000), event: payload });
  const check = verifyJwsBody({ keys: remoteKeys(keys.jwksUrl) });
  const key = await publicKeyOf(keys);
  return {
    family: 'JWS body',
    floorIs: "jose's compactVerify, RS256",
    ours: () => check({ headers: {}, body: Buffer.from(token) }, nowMs),
    floor: () => compactVerify(token, key),
  };
}

async function jwsHeader(keys: SigningKeys): Promise<Verification> {
  const token = await keys.sign({ hash: sha256(body).toString('base64') });
  const check = verifyJwsHeader({
    keys: remoteKeys(keys.jwksUrl),
    header: 'signature',
    hashClaim: 'hash',
    hashEncoding: 'base64',
  });
  const key = await publicKeyOf(keys);
  return {
    family: 'JWS header',
    floorIs: 'compactVerify and a SHA-256',
    ours: () => check({ headers: { signature: token }, body }, nowMs),
    floor: async () => [await compactVerify(token, key), sha256(body)],
  };
}

async function bareJws(keys: SigningKeys): Promise<Verification> {
  const token = await keys.sign({ iat: Math.floor(nowMs / 1_000) });
  const check = verifyBareJws({ keys: remoteKeys(keys.jwksUrl), header: 'signature' });
  const key = await publicKeyOf(keys);
  return {
    family: 'JWS header, the body unsigned',
    floorIs: 'compactVerify',
    ours: () => check({ headers: { signature: token }, body }, nowMs),
    floor: () => compactVerify(token, key),
  };
}

async function jweBody(keys: SigningKeys): Promise<Verification> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const signed = await keys.sign({ iat: Math.floor(nowMs / 1_000), event: payload });
  const token = await new CompactEncrypt(Buffer.from(signed))
    .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM' })
    .encrypt(createPublicKey(privateKey));
  const privateKeys = String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const check = verifyJweBody({ keys: remoteKeys(keys.jwksUrl), privateKeys });
  const key = await publicKeyOf(keys);
  return {
    family: 'JWE body',
    floorIs: 'compactDecrypt and compactVerify',
    ours: () => check({ headers: {}, body: Buffer.from(token) }, nowMs),
    floor: async () => compactVerify((await compactDecrypt(token, privateKey)).plaintext, key),
  };
}

async function publicKeyOf({ jwksUrl }: SigningKeys) {
  const { keys } = (await (await fetch(jwksUrl)).json()) as { keys: readonly JWK[] };
  return importJWK(keys[0] ?? {}, 'RS256');
}

function sha256(data: string | Uint8Array): Buffer {
  return createHash('sha256').update(data).digest();
}

function isSame(one: Buffer, other: Buffer): true {
  return isTrue(one.length === other.length && timingSafeEqual(one, other));
}

// A floor that let anything pass would be none.
function isTrue(is: boolean): true {
  if (!is) throw new Error('the signature is wrong');
  return is;
}
