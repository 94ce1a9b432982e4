// The compact form of a token: parts in base64url between dots. https://www.rfc-editor.org/rfc/rfc7515#section-7.1

import { RejectedError } from '../errors.ts';
import { decode } from './bytes.ts';

// A header is a few names, or a certificate; what is larger is refused before anything of it is decoded.
const maxHeaderChars = 4_096;
// As long as a signature by an RSA key of 16,384 bits; the tag of an encrypted token is shorter.
const maxLastChars = 2_731;

/**
 * Refuses what is not a token of so many parts, 3 if it is signed and 5 if it is encrypted, before it is decoded. Parts
 * that are not signed as the text that they are must be in their one right form, or another text would pass for them.
 * @throws RejectedError signature_malformed
 */
export function checkCompact(token: string, count: 3 | 5): void {
  // One more than there may be is enough to know: a body can be nothing but dots.
  const parts = token.split('.', count + 1);
  const decoded = count === 3 ? parts.slice(2) : parts.slice(1);
  const isInForm =
    parts.length === count &&
    (parts.at(0) ?? '').length <= maxHeaderChars &&
    (parts.at(-1) ?? '').length <= maxLastChars &&
    decoded.every((part) => decode(part, 'base64url') !== null);
  if (!isInForm) throw new RejectedError('signature_malformed', 'this is not a token in its compact form');
}
