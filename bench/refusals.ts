// A megabyte of each family of signatures, rightly signed, and the dearest that anybody can send who has no key of ours.

import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { CompactEncrypt, exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { WebhookRequest } from '../lib/event.ts';
import { verifyHmac } from '../lib/signatures/hmac.ts';
import { verifyJweBody } from '../lib/signatures/jwe-body.ts';
import { verifyJwsBody } from '../lib/signatures/jws-body.ts';
import { verifyJwsHeader } from '../lib/signatures/jws-header.ts';
import { verifyJwsInJson } from '../lib/signatures/jws-in-json.ts';
import { remoteKeys } from '../lib/signatures/keys.ts';
import { verifyStandardWebhooks } from '../lib/signatures/standard-webhooks.ts';
import { verifyCredentialText, verifyStaticCredential } from '../lib/signatures/static-credential.ts';
import { verifyTimestampedHmac } from '../lib/signatures/timestamped-hmac.ts';
import { findText } from '../lib/signatures/unread-json.ts';
import type { SigningKeys } from '../local/providers/keys.ts';
import {
  newSecret,
  newWebhookSecret,
  signHmac,
  signTimestampedHmac,
  signWebhook,
} from '../local/providers/signing.ts';
import { answerJson, serve } from '../local/server.ts';

export type Refusal = {
  readonly family: string;
  readonly check: (request: WebhookRequest) => Promise<unknown>;
  readonly right: WebhookRequest;
  /** By what is wrong with each. */
  readonly wrong: Readonly<Record<string, WebhookRequest>>;
};

const megabyte = 1 << 20;
const nowMs = Date.now();
const time = String(Math.floor(nowMs / 1_000));
const payload = { data: 'x'.repeat(megabyte - 11) };
const body = Buffer.from(JSON.stringify(payload));
// Parsing these takes fifty times as long as an HMAC of as many bytes.
const manyNames = JSON.stringify(Object.fromEntries(Array.from({ length: 80_000 }, (_, i) => [`k${i}`, 0])));
const dots = Buffer.alloc(megabyte, '.');

export async function refusals(keys: SigningKeys): Promise<readonly Refusal[]> {
  return [
    standardWebhooks(),
    ed25519(),
    timestamped(),
    plain(),
    credential(),
    credentialInBody(),
    await jwsBody(keys),
    await unnamedKey(),
    await jwsInJson(keys),
    await jwsHeader(keys),
    await jweBody(keys),
  ];
}

function standardWebhooks(): Refusal {
  const secret = newWebhookSecret();
  const check = verifyStandardWebhooks({ secrets: [secret] });
  const right = signWebhook(payload, secret, nowMs, 'webhook');
  const withSignature = (text: string) => ({
    ...right,
    headers: { ...right.headers, 'webhook-signature': text },
  });
  const signature = `v1,${Buffer.alloc(32, 1).toString('base64')}`;
  return {
    family: 'Standard Webhooks, HMAC',
    check: (request) => check(request, nowMs),
    right,
    wrong: {
      'one signature': withSignature(signature),
      '16 signatures': withSignature(repeat(signature, 16)),
      '1,900 entries': withSignature(repeat('v1,A', 1_900)),
    },
  };
}

function ed25519(): Refusal {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
  const check = verifyStandardWebhooks({ secrets: [`whpk_${raw.toString('base64')}`] });
  const signed = sign(null, Buffer.concat([Buffer.from(`msg.${time}.`), body]), privateKey);
  const toRequest = (signature: string) => ({
    headers: { 'webhook-id': 'msg', 'webhook-timestamp': time, 'webhook-signature': signature },
    body,
  });
  const wrong = `v1a,${Buffer.alloc(64, 1).toString('base64')}`;
  // Two are verified, right or wrong: the sender may be replacing its key.
  return {
    family: 'Standard Webhooks, ed25519, two signatures',
    check: (request) => check(request, nowMs),
    right: toRequest(`v1a,${signed.toString('base64')} ${wrong}`),
    wrong: { 'two signatures': toRequest(repeat(wrong, 2)), '16 signatures': toRequest(repeat(wrong, 16)) },
  };
}

function timestamped(): Refusal {
  const secret = newSecret();
  const check = verifyTimestampedHmac({ header: 'signature', secrets: [secret], unit: 'ms' });
  const right = signTimestampedHmac(payload, secret, 'signature', 'ms', nowMs);
  const signatures = repeat(`v1=${'0'.repeat(64)}`, 15, ',');
  return {
    family: 'timestamped HMAC',
    check: (request) => check(request, nowMs),
    right,
    wrong: { '15 signatures': { ...right, headers: { signature: `t=${nowMs},${signatures}` } } },
  };
}

function plain(): Refusal {
  const secret = newSecret();
  const right = signHmac(payload, secret, 'signature', 'hex');
  return {
    family: 'plain HMAC',
    check: verifyHmac({ header: 'signature', secrets: [secret], encoding: 'hex' }),
    right,
    wrong: { 'another signature': { ...right, headers: { signature: '0'.repeat(64) } } },
  };
}

function credential(): Refusal {
  const secret = newSecret();
  const toRequest = (authorization: string) => ({ headers: { authorization }, body });
  return {
    family: 'static credential',
    check: verifyStaticCredential({ header: 'authorization', credentials: [secret] }),
    right: toRequest(secret),
    wrong: { 'another credential': toRequest(newSecret()) },
  };
}

function credentialInBody(): Refusal {
  const secret = newSecret();
  const check = verifyCredentialText([secret]);
  return {
    family: 'static credential in the body',
    check: async (request) => check(findText(request.body, 'clientState', 768)),
    right: toRequest(`{"x":${manyNames},"clientState":"${secret}"}`),
    wrong: {
      'another credential': toRequest(`{"x":${manyNames},"clientState":"${newSecret()}"}`),
      'many names': toRequest(manyNames),
      'a credential of a megabyte': toRequest(`{"clientState":"${payload.data}"}`),
    },
  };
}

async function jwsBody(keys: SigningKeys): Promise<Refusal> {
  const check = verifyJwsBody({ keys: remoteKeys(keys.jwksUrl) });
  const token = await keys.sign({ data: 'x'.repeat(megabyte * 0.74) });
  return {
    family: 'JWS body',
    check: (request) => check(request, nowMs),
    right: toRequest(token),
    wrong: {
      'another signature': toRequest(breakSignature(token)),
      'a header of many names': toRequest(`${encode(manyNames)}.${encode('{}')}.AAAA`),
      'a megabyte of signature': toRequest(`${token.split('.')[0]}.e30.${'A'.repeat(megabyte)}`),
      'nothing but dots': toRequest(dots),
      'no text': toRequest(Buffer.alloc(megabyte, 0xff)),
    },
  };
}

async function unnamedKey(): Promise<Refusal> {
  const create = () => generateKeyPair('RS256', { extractable: true });
  const { privateKey, publicKey } = await create();
  const others = await Promise.all(Array.from({ length: 5 }, create));
  const all = [publicKey, ...others.map((pair) => pair.publicKey)];
  const published = await Promise.all(all.map((key) => exportJWK(key)));
  const server = await serve(0, async (_, response) => answerJson(response, 200, { keys: published }));
  const check = verifyJwsBody({ keys: remoteKeys(server.url) });
  const token = await new SignJWT({ data: 'x'.repeat(megabyte * 0.74) })
    .setProtectedHeader({ alg: 'RS256' })
    .sign(privateKey);
  // The keys are known from here on.
  await check(toRequest(token), nowMs);
  await server.close();
  return {
    family: 'JWS body that names none of six keys',
    check: (request) => check(request, nowMs),
    right: toRequest(token),
    wrong: { 'another signature': toRequest(breakSignature(token)) },
  };
}

async function jwsInJson(keys: SigningKeys): Promise<Refusal> {
  const check = verifyJwsInJson({ member: 'token', keys: remoteKeys(keys.jwksUrl) });
  const token = await keys.sign({ data: 'x'.repeat(megabyte * 0.74) });
  const small = breakSignature(await keys.sign({}));
  return {
    family: 'JWS in JSON',
    check: (request) => check(request, nowMs),
    right: toRequest(`{"token":"${token}"}`),
    wrong: {
      'another signature': toRequest(`{"token":"${breakSignature(token)}"}`),
      'many names beside it': toRequest(`{"x":${manyNames},"token":"${small}"}`),
      'a header of many names': toRequest(`{"token":"${encode(manyNames)}.e30.AAAA"}`),
      'a megabyte of escapes': toRequest(`{"token":"${repeat('\\u002e', megabyte / 6, '')}"}`),
    },
  };
}

async function jwsHeader(keys: SigningKeys): Promise<Refusal> {
  const hash = (await crypto.subtle.digest('SHA-256', body)) as ArrayBuffer;
  const token = await keys.sign({ hash: Buffer.from(hash).toString('base64') });
  const check = verifyJwsHeader({
    keys: remoteKeys(keys.jwksUrl),
    header: 'signature',
    hashClaim: 'hash',
    hashEncoding: 'base64',
  });
  return {
    family: 'JWS header',
    check: (request) => check(request, nowMs),
    right: { headers: { signature: token }, body },
    wrong: {
      'another signature': { headers: { signature: breakSignature(token) }, body },
      'the token of another body': { headers: { signature: token }, body: dots },
    },
  };
}

async function jweBody(keys: SigningKeys): Promise<Refusal> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const privateKeys = String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const check = verifyJweBody({ keys: remoteKeys(keys.jwksUrl), privateKeys });
  const encrypt = (text: string, key = createPublicKey(privateKey)) =>
    new CompactEncrypt(Buffer.from(text))
      .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM' })
      .encrypt(key);
  const token = await keys.sign({ data: 'x'.repeat(megabyte * 0.55) });
  return {
    family: 'JWE body',
    check: (request) => check(request, nowMs),
    right: toRequest(await encrypt(token)),
    wrong: {
      'for another key': toRequest(await encrypt(token, stranger.publicKey)),
      'another signature in it': toRequest(await encrypt(breakSignature(token))),
      'a header of many names in it': toRequest(
        await encrypt(`${encode(manyNames.slice(0, 500_000))}.e30.AAAA`),
      ),
      'nothing but dots': toRequest(dots),
    },
  };
}

function toRequest(body: string | Uint8Array): WebhookRequest {
  return { headers: {}, body: Buffer.from(body) };
}

function repeat(entry: string, count: number, separator = ' '): string {
  return Array(Math.floor(count)).fill(entry).join(separator);
}

/** The last four letters stand for three bytes, so that what stays is in its form. */
function breakSignature(token: string): string {
  return `${token.slice(0, -8)}AAAA${token.slice(-4)}`;
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64url');
}
