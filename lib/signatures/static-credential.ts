// The family whose senders repeat an agreed text, in a header or in the body; also a second check beside a signature.

import { ConfigError, RejectedError } from '../errors.ts';
import type { WebhookRequest } from '../event.ts';
import { isSameText } from './bytes.ts';
import { soleHeader } from './header.ts';

export type StaticCredentialOptions = {
  /** In lower case. */
  readonly header: string;
  /** Any of these is right: two while one is being replaced by another. */
  readonly credentials: readonly string[];
};

/**
 * Builds a check of the header's value.
 * @throws (the check) RejectedError signature_missing, header_duplicated, credential_mismatch
 */
export function verifyStaticCredential({ header, credentials }: StaticCredentialOptions) {
  const check = verifyCredentialText(credentials);
  return async (request: WebhookRequest): Promise<void> => check(soleHeader(request, header));
}

/**
 * Builds a check of a text that the body holds, any of `credentials` being right.
 * @throws (the check) RejectedError signature_missing, credential_mismatch
 */
export function verifyCredentialText(credentials: readonly string[]) {
  if (credentials.length === 0 || credentials.includes('')) throw new ConfigError(['a credential is empty']);
  return (text: string | null | undefined): void => {
    if (!text) throw new RejectedError('signature_missing', 'the credential is missing');
    // Every credential is compared, so that the time does not tell which one matched.
    const matches = credentials.filter((credential) => isSameText(text, credential));
    if (matches.length === 0)
      throw new RejectedError('credential_mismatch', 'the credential is not as agreed');
  };
}
