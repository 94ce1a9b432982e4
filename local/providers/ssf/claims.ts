// The claims of the tokens that are the examples of `ssf`. https://www.rfc-editor.org/rfc/rfc8417

import { randomUUID } from 'node:crypto';

/** `subject`: the claim `sub_id`, or nothing where the subject stands in the event, as Google has it. */
export function toClaims(issuedAtMs: number, subject: { readonly sub_id?: object }, events: object): object {
  return {
    jti: randomUUID(),
    iat: Math.floor(issuedAtMs / 1000),
    txn: randomUUID(),
    ...subject,
    events,
  };
}
