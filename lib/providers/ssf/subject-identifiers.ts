// Subject identifiers (RFC 9493, and those that SSF, SCIM and Google add): which user one means.

import { isObject } from '../../json.ts';

/** Which members of a subject name a user. */
export type SubjectRules = {
  /** The issuer whose `sub` is a reference; another issuer may use the same one for another person. */
  readonly issuer: string;
  readonly scimMember: 'id' | 'externalId';
};

/**
 * The immutable id in a subject, or null where there is none.
 * E-mail addresses, phone numbers and accounts are never read: they pass from one person to another.
 */
export function findReference(subject: unknown, rules: SubjectRules, nesting = 2): string | null {
  if (!isObject(subject) || nesting < 0) return null;
  switch (toFormat(subject)) {
    case 'iss_sub':
      return subject.iss === rules.issuer ? toText(subject.sub) : null;
    case 'opaque':
      return toText(subject.id);
    case 'scim':
      return rules.scimMember === 'id' ? toScimId(subject) : toText(subject.externalId);
    case 'complex':
      return findReference(subject.user, rules, nesting - 1);
    case 'aliases':
      return findAmong(subject.identifiers, rules, nesting - 1);
    default:
      return null;
  }
}

/**
 * Whether a subject is named by anything but an id of this issuer's, such as an address: no fault of the sender's, but
 * nobody whom we know by it.
 */
export function isNamedOtherwise(subject: unknown, rules: SubjectRules, nesting = 2): boolean {
  if (!isObject(subject) || nesting < 0) return false;
  const isOtherwise = (part: unknown) => isNamedOtherwise(part, rules, nesting - 1);
  switch (toFormat(subject)) {
    case '':
    case 'opaque':
      return false;
    case 'iss_sub':
      return typeof subject.iss === 'string' && subject.iss !== rules.issuer;
    case 'scim':
      return rules.scimMember === 'externalId' && subject.externalId === undefined;
    case 'complex':
      return subject.user === undefined || isOtherwise(subject.user);
    case 'aliases': {
      const { identifiers } = subject;
      return Array.isArray(identifiers) && identifiers.length > 0 && identifiers.every(isOtherwise);
    }
    default:
      return true;
  }
}

/** Whether a subject is something other than a user, such as a SCIM group. */
export function isNoUser(subject: unknown): boolean {
  if (!isObject(subject) || toFormat(subject) !== 'scim' || typeof subject.uri !== 'string') return false;
  return !/(?:^|\/)Users\b/i.test(subject.uri);
}

const userUri = /(?:^|\/)Users\/([^/?#]+)$/i;

function findAmong(identifiers: unknown, rules: SubjectRules, nesting: number): string | null {
  if (!Array.isArray(identifiers)) return null;
  for (const identifier of identifiers) {
    const found = findReference(identifier, rules, nesting);
    if (found !== null) return found;
  }
  return null;
}

// Google writes `subject_type` and "iss-sub"; before SSF 1.0, a complex subject named no format.
function toFormat({ format, subject_type, user }: Readonly<Record<string, unknown>>): string {
  const named = format ?? subject_type;
  if (typeof named === 'string') return named.replaceAll('-', '_');
  return isObject(user) ? 'complex' : '';
}

function toScimId({ id, uri }: Readonly<Record<string, unknown>>): string | null {
  if (typeof id === 'string') return toText(id);
  const [, segment] = (typeof uri === 'string' && userUri.exec(uri)) || [];
  try {
    return segment === undefined ? null : decodeURIComponent(segment);
  } catch (error) {
    if (error instanceof URIError) return null;
    throw error;
  }
}

function toText(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
