// What somebody makes of a signed request, or of a token, who has not the key.

import type { WebhookRequest } from '../../lib/event.ts';
import { nowMs, user } from './sent.ts';

type Claims = Readonly<Record<string, unknown>>;

/** Another letter for the first one after that part of the body. */
export function changeLetter(body: Uint8Array, part: number): Uint8Array {
  const changed = Buffer.from(body);
  const isLetter = (byte: number) => /[A-Za-z]/.test(String.fromCharCode(byte));
  const start = Math.floor(body.length * part);
  const index = start + changed.subarray(start).findIndex(isLetter);
  changed.write(changed.toString('latin1', index, index + 1) === 'A' ? 'B' : 'A', index, 'latin1');
  return changed;
}

const tokenPattern = /(eyJ[\w-]*)\.([\w-]+)\.[\w-]+/;

/** The request with the token in its header unsigned. */
export function unsign(request: WebhookRequest): WebhookRequest {
  const strip = (text: string) =>
    text.replace(tokenPattern, (_token, header: string, claims: string) => {
      const named = JSON.parse(Buffer.from(header, 'base64url').toString());
      return `${toBase64url({ ...named, alg: 'none' })}.${claims}.`;
    });
  const headers = Object.entries(request.headers).map(([name, value]) => [name, value && strip(value)]);
  return { ...request, headers: Object.fromEntries(headers) };
}

/** A token of these claims up to its signature; of the algorithm none, unless the header names another. */
export function toUnsigned(claims: Claims, header: object = {}): string {
  return `${toBase64url({ typ: 'JWT', alg: 'none', ...header })}.${toBase64url(claims)}`;
}

function toBase64url(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** The claims of a token that the same provider gives to a signed-in user. */
export function userClaims(iss: unknown, aud: unknown): Claims {
  const iat = Math.floor(nowMs / 1000);
  const rights = { azp: 'app', scope: 'openid profile', email: user.email };
  return { iss, ...(aud !== undefined && { aud }), sub: user.id, iat, exp: iat + 3_600, ...rights };
}
