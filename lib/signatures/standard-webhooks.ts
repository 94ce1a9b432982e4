// The Standard Webhooks family: id, time and raw body signed by HMAC-SHA256 (v1) or ed25519 (v1a).
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

import { createPublicKey, createSecretKey, type KeyObject, verify } from 'node:crypto';
import type { SecretFormat } from '../config/settings.ts';
import { ConfigError, RejectedError } from '../errors.ts';
import type { WebhookRequest } from '../event.ts';
import { checkAge } from './age.ts';
import { isSignedByAny, maxSignatures } from './any-secret.ts';
import { decode } from './bytes.ts';
import { soleHeader } from './header.ts';

/** What a secret of this family looks like, for the settings that hold them. */
export const webhookSecret: SecretFormat = {
  matches: (secret) => {
    const { kind, bytes } = parseSecret(secret);
    return kind === 'whpk'
      ? bytes.length === 32
      : kind === 'whsec' && bytes.length >= 24 && bytes.length <= 64;
  },
  description: '"whsec_" and the base64 of 24 to 64 bytes, or a public key, "whpk_" and the base64 of 32',
};

export type StandardWebhooksOptions = {
  /** `whsec_…` (also as Supabase writes it, `v1,whsec_…`) or `whpk_…`; any of them may have signed. */
  readonly secrets: readonly string[];
  readonly toleranceMs?: number;
  /** Whether ", " may separate entries too, as Supabase does; without it, a repeated header is noticed. */
  readonly allowsCommas?: boolean;
};

/**
 * Builds a verifier that returns the message's id, which is covered by the signature.
 * @throws ConfigError for a secret that can't be one; (the verifier) RejectedError
 */
export function verifyStandardWebhooks({
  secrets,
  toleranceMs = 300_000,
  ...options
}: StandardWebhooksOptions) {
  if (secrets.length === 0) throw new ConfigError(['no secret is set']);
  if (!secrets.every(webhookSecret.matches))
    throw new ConfigError([`a secret must be ${webhookSecret.description}`]);
  const parsed = secrets.map(parseSecret);
  const bytesOf = (kind: 'whsec' | 'whpk') =>
    parsed.filter((one) => one.kind === kind).map(({ bytes }) => bytes);
  // Bytes would be made a key of for each request, which takes four times as long as the HMAC.
  const hmacKeys = bytesOf('whsec').map((bytes) => createSecretKey(bytes));
  const publicKeys = bytesOf('whpk').map(toPublicKey);
  return async (request: WebhookRequest, nowMs: number): Promise<string> => {
    const prefix = toPrefix(request);
    const id = soleHeader(request, `${prefix}-id`);
    const timestamp = soleHeader(request, `${prefix}-timestamp`);
    const entries = toEntries(request.headers[`${prefix}-signature`], options.allowsCommas ?? false);
    checkAge(toMs(timestamp), nowMs, toleranceMs);
    const of = (version: string) =>
      entries.filter((entry) => entry.version === version).map(({ bytes }) => bytes);
    const parts = [`${id}.${timestamp}.`, request.body];
    // Both are tried, so that refusing costs no more than accepting.
    const isSigned = [
      isSignedByAny(hmacKeys, of('v1'), { hash: 'sha256', parts }),
      isSignedByAnyKey(publicKeys, of('v1a'), parts),
    ];
    if (!isSigned.includes(true)) {
      throw new RejectedError('signature_mismatch', 'no secret of ours signed the message');
    }
    return id;
  };
}

type Entry = { readonly version: string; readonly bytes: Buffer };

/** A request is signed under one name or the other; the three headers of one set belong together. */
function toPrefix({ headers }: WebhookRequest): 'svix' | 'webhook' {
  const isWhole = (prefix: string) =>
    ['id', 'timestamp', 'signature'].every((part) => headers[`${prefix}-${part}`]);
  if (isWhole('svix')) return 'svix';
  if (isWhole('webhook')) return 'webhook';
  throw new RejectedError(
    'signature_missing',
    'the headers with id, timestamp and signature are not all there',
  );
}

/** The entries of the header that are "version,base64"; what else stands there may be another scheme's, and harms none. */
function toEntries(header: string | undefined, allowsCommas: boolean): readonly Entry[] {
  const texts = (header ?? '').split(allowsCommas ? /,? +/ : / +/).filter(Boolean);
  const entries = texts.length > maxSignatures ? [] : texts.map(toEntry);
  const known = entries.filter((entry) => entry !== null);
  if (known.length === 0) {
    throw new RejectedError(
      'signature_malformed',
      'the signature header has no entry that is "version,base64", or too many',
    );
  }
  return known;
}

function toEntry(entry: string): Entry | null {
  const [version = '', text = '', ...more] = entry.split(',');
  if (more.length > 0)
    throw new RejectedError('header_duplicated', 'the signature header is there more than once');
  const bytes = /^v\d+[a-z]?$/.test(version) ? decode(text, 'base64') : null;
  return bytes?.length ? { version, bytes } : null;
}

// Only plain decimal seconds: a lenient parser could read another time than was signed.
function toMs(timestamp: string): number | undefined {
  return /^[1-9]\d{0,11}$/.test(timestamp) ? Number(timestamp) * 1000 : undefined;
}

function parseSecret(secret: string): { kind: string | undefined; bytes: Buffer } {
  const [, kind, text = ''] = /^(?:v1a?,)?(whsec|whpk)_(.*)$/.exec(secret) ?? [];
  return { kind, bytes: /^[A-Za-z0-9+/]+={0,2}$/.test(text) ? Buffer.from(text, 'base64') : Buffer.alloc(0) };
}

function toPublicKey(bytes: Buffer): KeyObject {
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: bytes.toString('base64url') };
  return createPublicKey({ key: jwk, format: 'jwk' });
}

// Each takes a pass over the whole body, which no two share: one is sent, and two while a key is being replaced.
const maxKeySignatures = 2;
const keySignatureBytes = 64;

/** As `isSignedByAny`, at the cost of one verification for each key and each of the first two signatures. */
function isSignedByAnyKey(
  keys: readonly KeyObject[],
  signatures: readonly Buffer[],
  parts: readonly (string | Uint8Array)[],
): boolean {
  const candidates = signatures
    .filter(({ length }) => length === keySignatureBytes)
    .slice(0, maxKeySignatures);
  if (keys.length === 0 || candidates.length === 0) return false;
  const signed = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
  const verdicts = candidates.flatMap((bytes) => keys.map((key) => verify(null, signed, key, bytes)));
  return verdicts.includes(true);
}
