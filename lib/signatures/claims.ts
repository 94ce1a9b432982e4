// Which claims a token must have once its signature is right.

import { RejectedError } from '../errors.ts';
import { checkAge, clockSkewMs } from './age.ts';

export type Claims = Readonly<Record<string, unknown>>;

/** The content of a token whose signature is right: its header's `typ`, and its claims. */
export type Jws = { readonly typ: unknown; readonly claims: Claims };

export type ClaimRules = {
  /** The `typ` that the token's header must name. */
  readonly typ?: string | undefined;
  readonly issuer?: string;
  /** Any of these must be among the token's audiences. */
  readonly audience?: readonly string[];
  readonly required?: readonly string[];
  /** Claims that only user tokens have: users must not pass their own tokens off as events. */
  readonly forbidden?: readonly string[];
  /** How old the token may be, by the time that `of` finds in it, in milliseconds. */
  readonly age?: { readonly of: (claims: Claims) => number | undefined; readonly maxAgeMs: number };
  /** Whether an expired token is accepted; it is refused by default. */
  readonly ignoresExpiry?: boolean;
};

/** @throws RejectedError for the first rule that the token breaks */
export function checkClaims({ typ, claims }: Jws, rules: ClaimRules, nowMs: number): void {
  if (rules.typ !== undefined && !isType(typ, rules.typ)) {
    throw new RejectedError('type_mismatch', `the token is not of the type ${rules.typ}`);
  }
  const userClaim = rules.forbidden?.find((name) => Object.hasOwn(claims, name));
  if (userClaim)
    throw new RejectedError('user_token', `the token has the claim ${userClaim}, which events do not have`);
  if (rules.issuer !== undefined && claims.iss !== rules.issuer) {
    throw new RejectedError('issuer_mismatch', 'the token is from another issuer');
  }
  if (rules.audience && !isFor(claims.aud, rules.audience)) {
    throw new RejectedError('audience_mismatch', 'the token is for another audience');
  }
  const missing = rules.required?.find((name) => !Object.hasOwn(claims, name));
  if (missing) throw new RejectedError('claim_missing', `the token lacks the claim ${missing}`);
  checkTimes(claims, rules, nowMs);
}

/** When the token was issued, in milliseconds. */
export function issuedAtMs(claims: Claims): number | undefined {
  return typeof claims.iat === 'number' ? claims.iat * 1000 : undefined;
}

function checkTimes(claims: Claims, { age, ignoresExpiry }: ClaimRules, nowMs: number): void {
  const { nbf, exp } = claims;
  if (nbf !== undefined && !(typeof nbf === 'number' && nbf * 1000 <= nowMs + clockSkewMs)) {
    throw new RejectedError('from_the_future', 'the token is not valid yet');
  }
  if (!ignoresExpiry && exp !== undefined && !(typeof exp === 'number' && exp * 1000 > nowMs - clockSkewMs)) {
    throw new RejectedError('too_old', 'the token has expired');
  }
  if (age) checkAge(age.of(claims), nowMs, age.maxAgeMs);
}

// The header may leave out "application/", and case does not count: RFC 7515, section 4.1.9.
function isType(typ: unknown, wanted: string): boolean {
  return typeof typ === 'string' && typ.toLowerCase().replace(/^application\//, '') === wanted;
}

function isFor(aud: unknown, wanted: readonly string[]): boolean {
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  return wanted.some((name) => audiences.includes(name));
}
