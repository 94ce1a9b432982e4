// The family whose body is one compact JWE with a compact JWS in it: decrypted first, then verified like any other JWS.

import { createPrivateKey, type KeyObject } from 'node:crypto';
import { compactDecrypt, errors } from 'jose';
import { ConfigError, RejectedError } from '../errors.ts';
import type { WebhookRequest } from '../event.ts';
import { toLatin1 } from './bytes.ts';
import type { Claims } from './claims.ts';
import { checkCompact } from './compact.ts';
import { type JwsTextOptions, verifyJwsText } from './jws-in-json.ts';

export type JweBodyOptions = JwsTextOptions & {
  /** Private keys in PEM, one after another, RSA or EC: two while one is being replaced by another. */
  readonly privateKeys: string;
};

/**
 * Builds a verifier that returns the claims of the token in a body that was encrypted for one of our keys.
 * @throws ConfigError for keys that can't be read; (the verifier) RejectedError, or UnavailableError where the keys of
 *   the signature can't be reached
 */
export function verifyJweBody({ privateKeys, ...options }: JweBodyOptions) {
  const keys = parseKeys(privateKeys);
  const verify = verifyJwsText(options);
  return async (request: WebhookRequest, nowMs: number): Promise<Claims> => {
    const token = toLatin1(request.body).trim();
    if (token === '') throw new RejectedError('signature_missing', 'the body is empty');
    checkCompact(token, 5);
    return verify(await decryptWithAny(token, keys), nowMs);
  };
}

type DecryptionKey = { readonly key: KeyObject; readonly algorithm: string };

async function decryptWithAny(token: string, keys: readonly DecryptionKey[]): Promise<string> {
  let refusal = new RejectedError('signature_malformed', 'the body is not a JWE');
  let decrypted: string | null = null;
  // Every key is tried, whichever is right, so that refusing costs no more than accepting.
  for (const { key, algorithm } of keys) {
    try {
      const { plaintext } = await compactDecrypt(token, key, {
        keyManagementAlgorithms: [algorithm],
        contentEncryptionAlgorithms: ['A256GCM'],
        // A small body must not unpack into a large one.
        maxDecompressedLength: 0,
      });
      decrypted ??= toLatin1(plaintext);
    } catch (error) {
      refusal = toRejection(error);
    }
  }
  if (decrypted === null) throw refusal;
  return decrypted;
}

function parseKeys(pem: string): readonly DecryptionKey[] {
  const blocks = pem.match(/-----BEGIN ([A-Z ]*PRIVATE KEY)-----[\s\S]+?-----END \1-----/g) ?? [];
  if (blocks.length === 0) throw new ConfigError(['no private key in PEM is set']);
  return blocks.map(parseKey);
}

function parseKey(block: string): DecryptionKey {
  try {
    const key = createPrivateKey(block);
    const algorithm = toAlgorithm(key);
    if (algorithm) return { key, algorithm };
  } catch {
    // Thrown below, without what Node says about the key.
  }
  throw new ConfigError([
    'a private key is not an RSA key of 2048 bits or more, or an EC key of a NIST curve, in PEM without a passphrase',
  ]);
}

/** The algorithm belongs to the key, never to the token; undefined for a key that has none here. */
function toAlgorithm({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string | undefined {
  const { modulusLength = 0, namedCurve = '' } = asymmetricKeyDetails ?? {};
  if (asymmetricKeyType === 'rsa' && modulusLength >= 2048) return 'RSA-OAEP-256';
  const isNist = ['prime256v1', 'secp384r1', 'secp521r1'].includes(namedCurve);
  return asymmetricKeyType === 'ec' && isNist ? 'ECDH-ES+A256KW' : undefined;
}

function toRejection(error: unknown): RejectedError {
  const code = error instanceof errors.JOSEError ? error.code : null;
  if (code === 'ERR_JOSE_ALG_NOT_ALLOWED') {
    return new RejectedError('algorithm_refused', 'the body is encrypted by an algorithm that is not ours', {
      cause: error,
    });
  }
  if (code === 'ERR_JWE_DECRYPTION_FAILED') {
    return new RejectedError('signature_mismatch', 'the body is not encrypted for a key of ours', {
      cause: error,
    });
  }
  // Our keys have been checked, so any other error is about the token, such as a key in its header.
  return new RejectedError('signature_malformed', 'the body is not a JWE as we know it', { cause: error });
}
