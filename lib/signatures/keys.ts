// Verifies compact JWS with keys from a key set on the web, or with shared secrets.

import { type CompactVerifyGetKey, compactVerify, createRemoteJWKSet, customFetch, errors } from 'jose';
import { isSecureUrl } from '../config/settings.ts';
import { ConfigError, RejectedError, UnavailableError } from '../errors.ts';
import type { Claims, Jws } from './claims.ts';

/**
 * Verifies the signature of one compact JWS, and nothing else of it.
 * The algorithms belong to the keys, so that a public key can never be taken for a secret.
 * @throws RejectedError, or UnavailableError where the keys can't be reached
 */
export type Keys = (token: string) => Promise<Jws>;

export type KeySetAlgorithm =
  | `${'RS' | 'PS'}${256 | 384 | 512}`
  | 'ES256'
  | 'ES384'
  | 'ES512'
  | 'EdDSA'
  | 'Ed25519';

const keySetAlgorithms: readonly KeySetAlgorithm[] = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
const secretAlgorithms = ['HS256', 'HS384', 'HS512'];

const fetchTimeoutMs = 1_500;
const maxKeySetBytes = 256 * 1024;
// A sender's new key is found after this long at the latest, and a flood of made-up key ids costs one request in that
// time.
const cooldownMs = 5_000;
// A server that is down is asked once in this time, however many requests come in. A sender that has to try again comes
// back later than that.
const pauseMs = 1_000;
// https://www.rfc-editor.org/rfc/rfc7518#section-3.3
const minModulusBits = 2048;

/** Keys published at a JWKS address; build it once, because it caches them. */
export function remoteKeys(url: string, algorithms: readonly KeySetAlgorithm[] = keySetAlgorithms): Keys {
  if (!isSecureUrl(url)) throw new ConfigError(['the address of a key set must begin with https://']);
  let failure: { readonly atMs: number; readonly error: unknown } | null = null;
  const isPausing = () => failure !== null && Math.abs(Date.now() - failure.atMs) < pauseMs;
  const keySet = createRemoteJWKSet(new URL(url), {
    timeoutDuration: fetchTimeoutMs,
    cooldownDuration: cooldownMs,
    // Here and not before the look-up, so that cached keys still verify.
    [customFetch]: async (url, options) => {
      if (isPausing()) throw failure?.error;
      return fetchBounded(url, options);
    },
  });
  const find: CompactVerifyGetKey = async (header, token) => {
    try {
      return await keySet(header, token);
    } catch (error) {
      if (isAboutTheToken(error)) throw error;
      if (!isPausing()) failure = { atMs: Date.now(), error };
      throw new UnavailableError('keys_unavailable', 'the key set could not be read', { cause: error });
    }
  };
  return (token) => verify(token, find, [...algorithms]);
}

/** Shared secrets, any of which may have signed: two while one is being replaced by another. */
export function secretKeys(secrets: readonly string[]): Keys {
  if (secrets.length === 0 || secrets.includes('')) throw new ConfigError(['a secret is empty']);
  const keys = secrets.map((secret) => new TextEncoder().encode(secret));
  return (token) => verifyWithAny(token, keys, secretAlgorithms);
}

async function verify(token: string, find: CompactVerifyGetKey, algorithms: string[]): Promise<Jws> {
  try {
    const findLong: CompactVerifyGetKey = async (...args) => checkLength(await find(...args));
    const { protectedHeader, payload } = await compactVerify(token, findLong, { algorithms });
    // The one extension that jose knows, b64, has no place in a token of claims: RFC 7797.
    if (protectedHeader.crit)
      throw new RejectedError('signature_malformed', 'the token uses an unknown extension');
    return { typ: protectedHeader.typ, claims: toClaims(payload) };
  } catch (error) {
    // Only a token that names no key has several candidates.
    if (error instanceof errors.JWKSMultipleMatchingKeys) return verifyWithAny(token, error, algorithms);
    throw toRejection(error);
  }
}

type Key = Awaited<ReturnType<CompactVerifyGetKey>>;

async function verifyWithAny(
  token: string,
  keys: Iterable<Key> | AsyncIterable<Key>,
  algorithms: string[],
): Promise<Jws> {
  for await (const key of keys) {
    if (isShort(key)) continue;
    try {
      return await verify(token, () => key, algorithms);
    } catch (error) {
      if (!(error instanceof RejectedError && error.code === 'signature_mismatch')) throw error;
    }
  }
  throw new RejectedError('signature_mismatch', 'no key of ours signed the token');
}

// A short RSA key can be broken, and then anybody can sign with it.
function checkLength(key: Key): Key {
  if (isShort(key)) throw new RejectedError('algorithm_refused', 'the key that the token names is too short');
  return key;
}

function isShort(key: Key): boolean {
  const algorithm: object = 'algorithm' in key ? key.algorithm : {};
  return 'modulusLength' in algorithm && Number(algorithm.modulusLength) < minModulusBits;
}

function toClaims(payload: Uint8Array): Claims {
  try {
    const claims: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
    if (typeof claims === 'object' && claims !== null && !Array.isArray(claims)) return { ...claims };
  } catch (cause) {
    throw new RejectedError('body_malformed', 'the payload of the token is not JSON', { cause });
  }
  throw new RejectedError('body_malformed', 'the payload of the token is not an object');
}

function isAboutTheToken(error: unknown): boolean {
  return error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys;
}

function toRejection(error: unknown): unknown {
  if (!(error instanceof errors.JOSEError)) return error;
  switch (error.code) {
    case 'ERR_JOSE_ALG_NOT_ALLOWED':
      return new RejectedError('algorithm_refused', 'the token names an algorithm that is not ours', {
        cause: error,
      });
    case 'ERR_JWKS_NO_MATCHING_KEY':
      return new RejectedError('key_unknown', 'the token names a key that is not in the key set', {
        cause: error,
      });
    case 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED':
      return new RejectedError('signature_mismatch', 'no key of ours signed the token', { cause: error });
    case 'ERR_JWS_INVALID':
    case 'ERR_JOSE_NOT_SUPPORTED':
      return new RejectedError('signature_malformed', 'the token is not a JWS as we know it', {
        cause: error,
      });
    default:
      return error;
  }
}

async function fetchBounded(url: string, options: RequestInit): Promise<Response> {
  const response = await fetch(url, options);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > maxKeySetBytes) throw new RangeError('the key set is too large');
    chunks.push(chunk);
  }
  return new Response(Buffer.concat(chunks), { status: response.status });
}
