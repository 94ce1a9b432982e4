// The Standard Webhooks family: id, time and raw body signed by HMAC-SHA256 (v1) or ed25519 (v1a).
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

import { createHmac, createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { SecretFormat } from '../config/settings.ts';
import { ConfigError, RejectedError } from '../errors.ts';
import type { WebhookRequest } from '../event.ts';
import { checkAge } from './age.ts';
import { isSameBytes } from './bytes.ts';
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
  const keys = secrets.map(toKey);
  return async (request: WebhookRequest, nowMs: number): Promise<string> => {
    const prefix = toPrefix(request);
    const id = soleHeader(request, `${prefix}-id`);
    const timestamp = soleHeader(request, `${prefix}-timestamp`);
    const signatures = toSignatures(request.headers[`${prefix}-signature`], options.allowsCommas ?? false);
    checkAge(toMs(timestamp), nowMs, toleranceMs);
    const signed = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), request.body]);
    if (!signatures.some((signature) => keys.some((isSignedBy) => isSignedBy(signature, signed)))) {
      throw new RejectedError('signature_mismatch', 'no secret of ours signed the message');
    }
    return id;
  };
}

type Signature = { readonly version: string; readonly bytes: Buffer };
type Key = (signature: Signature, signed: Buffer) => boolean;

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

function toSignatures(header: string | undefined, allowsCommas: boolean): readonly Signature[] {
  const entries = (header ?? '').split(allowsCommas ? /,? +/ : / +/).filter(Boolean);
  return entries.map((entry) => {
    const [version = '', text = '', ...more] = entry.split(',');
    if (more.length > 0)
      throw new RejectedError('header_duplicated', 'the signature header is there more than once');
    if (!/^v\d+[a-z]?$/.test(version) || !isBase64(text)) {
      throw new RejectedError(
        'signature_malformed',
        'an entry of the signature header is not "version,base64"',
      );
    }
    return { version, bytes: Buffer.from(text, 'base64') };
  });
}

// Only plain decimal seconds: a lenient parser could read another time than was signed.
function toMs(timestamp: string): number | undefined {
  return /^[1-9]\d{0,11}$/.test(timestamp) ? Number(timestamp) * 1000 : undefined;
}

function toKey(secret: string): Key {
  if (!webhookSecret.matches(secret))
    throw new ConfigError([`a secret must be ${webhookSecret.description}`]);
  const { kind, bytes } = parseSecret(secret);
  return kind === 'whpk' ? ed25519Key(bytes) : hmacKey(bytes);
}

function parseSecret(secret: string): { kind: string | undefined; bytes: Buffer } {
  const [, kind, text = ''] = /^(?:v1a?,)?(whsec|whpk)_(.*)$/.exec(secret) ?? [];
  return { kind, bytes: isBase64(text) ? Buffer.from(text, 'base64') : Buffer.alloc(0) };
}

function hmacKey(secret: Buffer): Key {
  return ({ version, bytes }, signed) =>
    version === 'v1' && isSameBytes(bytes, createHmac('sha256', secret).update(signed).digest());
}

function ed25519Key(publicKey: Buffer): Key {
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: publicKey.toString('base64url') };
  const key: KeyObject = createPublicKey({ key: jwk, format: 'jwk' });
  return ({ version, bytes }, signed) => version === 'v1a' && verify(null, signed, key, bytes);
}

function isBase64(text: string): boolean {
  return /^[A-Za-z0-9+/]+={0,2}$/.test(text);
}
