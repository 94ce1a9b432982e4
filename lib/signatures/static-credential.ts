// The family whose senders repeat one agreed header value; also a second check beside a signature.

import { ConfigError, RejectedError } from '../errors.ts';
import type { WebhookRequest } from '../providers/provider.ts';
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
  if (credentials.length === 0 || credentials.includes('')) throw new ConfigError(['a credential is empty']);
  return async (request: WebhookRequest): Promise<void> => {
    const value = soleHeader(request, header);
    // Every credential is compared, so that the time does not tell which one was right.
    const matches = credentials.filter((credential) => isSameText(value, credential));
    if (matches.length === 0)
      throw new RejectedError('credential_mismatch', `the header ${header} is not as agreed`);
  };
}
