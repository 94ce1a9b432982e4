// Verifies compact JWS with keys from a key set on the web, or with shared secrets.

import { type CompactVerifyGetKey, compactVerify, createLocalJWKSet, errors, type JSONWebKeySet } from 'jose';
import { isSecureUrl, type SecretFormat } from '../config/settings.ts';
import { ConfigError, RejectedError, UnavailableError } from '../errors.ts';
import { createKeepAliveFetch } from '../http/keep-alive.ts';
import { log } from '../observability/log.ts';
import type { Claims, Jws } from './claims.ts';
import { checkCompact } from './compact.ts';

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
// A key must be as long as the hash at least: https://www.rfc-editor.org/rfc/rfc7518#section-3.2
const minSecretBytes: Readonly<Record<string, number>> = { HS256: 32, HS384: 48, HS512: 64 };
const secretAlgorithms = Object.keys(minSecretBytes);

/** What a secret that signs tokens looks like, for the settings that hold them. */
export const tokenSecret: SecretFormat = {
  matches: (secret) => Buffer.byteLength(secret) >= 32,
  description: 'texts of 32 bytes or more, as the hash in the signature has',
};

const fetchTimeoutMs = 1_500;
const maxKeySetBytes = 256 * 1024;
const send = createKeepAliveFetch(maxKeySetBytes);
// A key that the sender withdraws is refused after this long at the latest.
const freshMs = 10 * 60_000;
// Known keys outlive their server for this long: an outage is far likelier than a key that was withdrawn during one.
const outliveMs = 24 * 3_600_000;
// A sender's new key is found after this long at the latest, and a flood of made-up key ids costs one request in that
// time.
const cooldownMs = 5_000;
// A server that is down is asked once in this time, however many requests come in. A sender that has to try again comes
// back later than that.
const pauseMs = 1_000;
// Where the keys are known, a server that hangs must not keep every event waiting.
const outlivedPauseMs = 30_000;
// https://www.rfc-editor.org/rfc/rfc7518#section-3.3
const minModulusBits = 2048;
// A token that names none of several keys costs a verification by each.
const maxCandidates = 4;

/** Keys published at a JWKS address; build it once, because it caches them. */
export function remoteKeys(url: string, algorithms: readonly KeySetAlgorithm[] = keySetAlgorithms): Keys {
  if (!isSecureUrl(url)) throw new ConfigError(['the address of a key set must begin with https://']);
  const keySet = createKeySet(url);
  return async (token) => {
    try {
      return await verify(token, keySet.find, [...algorithms]);
    } catch (error) {
      // Its keys may have been replaced since they were read, so that they say nothing against a token.
      const isDoubtful = error instanceof RejectedError && error.code === 'signature_mismatch';
      throw isDoubtful && keySet.isOutdated() ? unavailable(error) : error;
    }
  };
}

type Look = (...args: Parameters<CompactVerifyGetKey>) => Promise<Key | null>;
type Known = { readonly find: CompactVerifyGetKey; readonly readAtMs: number };

/** The keys at an address as they were read last. */
function createKeySet(url: string) {
  let known: Known | null = null;
  let failure: { readonly error: unknown; readonly atMs: number } | null = null;
  let reading: Promise<void> | null = null;

  const isOutdated = () => known !== null && !isWithin(freshMs, known.readAtMs);

  async function read(): Promise<void> {
    try {
      known = { find: createLocalJWKSet(await fetchKeySet(url)), readAtMs: Date.now() };
      failure = null;
    } catch (error) {
      failure = { error, atMs: Date.now() };
      if (known)
        log({
          message: 'failure',
          code: 'keys_unavailable',
          cause: error instanceof Error ? error.name : null,
        });
    }
  }

  /** Unless that failed a moment ago; `known` is left as it is where it fails. */
  async function readAgain(afterMs: number): Promise<void> {
    if (failure && isWithin(afterMs, failure.atMs)) return;
    reading ??= read().finally(() => {
      reading = null;
    });
    await reading;
  }

  const look: Look = async (header, token) => {
    try {
      return known ? await known.find(header, token) : null;
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) return null;
      throw error instanceof errors.JWKSMultipleMatchingKeys ? error : unavailable(error);
    }
  };

  const find: CompactVerifyGetKey = async (header, token) => {
    if (isOutdated()) await readAgain(outlivedPauseMs);
    if (known && !isWithin(outliveMs, known.readAtMs)) known = null;
    const found = await look(header, token);
    if (found) return found;
    const isJustRead = !failure && known !== null && isWithin(cooldownMs, known.readAtMs);
    if (!isJustRead) await readAgain(pauseMs);
    if (failure || !known) throw unavailable(failure?.error);
    const added = isJustRead ? null : await look(header, token);
    if (!added) throw new RejectedError('key_unknown', 'the token names a key that is not in the key set');
    return added;
  };

  return { find, isOutdated };
}

/** Shared secrets, any of which may have signed: two while one is being replaced by another. */
export function secretKeys(secrets: readonly string[]): Keys {
  if (secrets.length === 0 || !secrets.every(tokenSecret.matches))
    throw new ConfigError([`secrets must be ${tokenSecret.description}`]);
  const keys = secrets.map((secret) => new TextEncoder().encode(secret));
  return (token) => verifyWithAny(token, keys, secretAlgorithms);
}

async function verify(token: string, find: CompactVerifyGetKey, algorithms: string[]): Promise<Jws> {
  checkCompact(token, 3);
  const findStrong: CompactVerifyGetKey = async (header, given) => {
    const key = await find(header, given);
    if (isWeak(key, header.alg))
      throw new RejectedError('algorithm_refused', 'the key that the token names is too weak');
    return key;
  };
  try {
    const { protectedHeader, payload } = await compactVerify(token, findStrong, { algorithms });
    // The one extension that jose knows, b64, has no place in a token of claims: RFC 7797.
    if (protectedHeader.crit)
      throw new RejectedError('signature_malformed', 'the token uses an unknown extension');
    return { typ: protectedHeader.typ, claims: toClaims(payload) };
  } catch (error) {
    // Only a token that names no key has several candidates.
    if (error instanceof errors.JWKSMultipleMatchingKeys)
      return verifyWithAny(token, firstOf(error, maxCandidates), algorithms);
    throw toRejection(error);
  }
}

type Key = Awaited<ReturnType<CompactVerifyGetKey>>;

async function verifyWithAny(
  token: string,
  keys: Iterable<Key> | AsyncIterable<Key>,
  algorithms: string[],
): Promise<Jws> {
  let verified: Jws | null = null;
  // Every key is tried, whichever is right, so that refusing costs no more than accepting.
  for await (const key of keys) {
    const findKey: CompactVerifyGetKey = ({ alg }) => {
      if (isWeak(key, alg)) throw new RejectedError('signature_mismatch', 'a key of ours is too weak');
      return key;
    };
    try {
      const jws = await verify(token, findKey, algorithms);
      verified ??= jws;
    } catch (error) {
      if (!(error instanceof RejectedError && error.code === 'signature_mismatch')) throw error;
    }
  }
  if (!verified) throw new RejectedError('signature_mismatch', 'no key of ours signed the token');
  return verified;
}

async function* firstOf(keys: AsyncIterable<Key>, count: number): AsyncGenerator<Key> {
  let left = count;
  for await (const key of keys) {
    yield key;
    left -= 1;
    if (left === 0) return;
  }
}

// What a weak key verifies, anybody can sign: a short secret is guessed, a short modulus broken, and an RSA signature by
// the exponent 1 is the very text that it signs. https://www.rfc-editor.org/rfc/rfc8017#section-3.1
function isWeak(key: Key, algorithm: string): boolean {
  if (key instanceof Uint8Array) return key.length < (minSecretBytes[algorithm] ?? Number.POSITIVE_INFINITY);
  const details: object = 'algorithm' in key ? key.algorithm : {};
  if (!('modulusLength' in details && 'publicExponent' in details)) return false;
  const exponent = BigInt(`0x${Buffer.from(details.publicExponent as Uint8Array).toString('hex')}`);
  return Number(details.modulusLength) < minModulusBits || exponent < 3n || exponent % 2n === 0n;
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

function unavailable(cause: unknown): UnavailableError {
  return new UnavailableError('keys_unavailable', 'the key set could not be read', { cause });
}

// A clock that was set back makes nothing last longer.
function isWithin(ms: number, ofMs: number): boolean {
  return Math.abs(Date.now() - ofMs) < ms;
}

function toRejection(error: unknown): unknown {
  if (!(error instanceof errors.JOSEError)) return error;
  switch (error.code) {
    case 'ERR_JOSE_ALG_NOT_ALLOWED':
      return new RejectedError('algorithm_refused', 'the token names an algorithm that is not ours', {
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

async function fetchKeySet(url: string): Promise<JSONWebKeySet> {
  const signal = AbortSignal.timeout(fetchTimeoutMs);
  const headers = { accept: 'application/json, application/jwk-set+json' };
  const response = await send(url, { redirect: 'manual', headers, signal });
  if (response.status !== 200) throw new Error(`the key set was answered ${response.status}`);
  // Whether it is a key set, jose sees when it takes it.
  return (await response.json()) as JSONWebKeySet;
}
