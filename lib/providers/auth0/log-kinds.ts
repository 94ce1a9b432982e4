// What entries of Auth0's log say of users. https://auth0.com/docs/deploy-monitor/logs/log-event-type-codes
//
// The user is in `user_id`, except in a call of the Management API (sapi), where `user_id` is the caller, and the user is
// in the path or in the answer. The shapes: https://github.com/auth0/auth0-log-schemas/tree/main/schemas/log-types
//
// A verified address (sv), a changed one (sce) and a call (sapi) name the address that is verified. Where they do not, or
// the stream masks it, nothing is told of its verification: other entries repeat the address, and it may be another.

import * as v from 'valibot';
import { isObject } from '../../json.ts';
import type { Told } from '../../user.ts';
import { emailAddress, eventId, instant, name, object, parsePayload, tell, text, yesNo } from '../payload.ts';
import type { Kinds } from '../provider.ts';
import { type Auth0User, auth0User, toTold } from './user.ts';

export const logEntry = v.object({
  type: name(),
  date: instant(),
  log_id: eventId(),
  user_id: v.optional(v.unknown()),
  details: v.optional(v.unknown()),
});

export type LogEntry = v.InferOutput<typeof logEntry>;

/** An entry, and where the names of those of its members go that can't be read. */
type Source = { readonly entry: LogEntry; readonly unread: Set<string> };

const apiCall = v.object({
  request: v.object({ method: v.string(), path: v.string(), body: v.optional(v.unknown()) }),
  response: v.object({ statusCode: v.number(), body: v.optional(v.unknown()) }),
});

const signUp = { body: v.nullish(object(v.omit(auth0User, ['email_verified', 'blocked']).entries)) };

const verification = { email: emailAddress() };

const emailChange = {
  body: v.nullish(object({ newEmail: emailAddress(), email_verified: yesNo() })),
};

const phoneChange = { body: v.nullish(object({ new_phone_number: text() })) };

export const logKinds: Kinds<Source> = {
  ss: { means: 'signed up', tells: toSignUpTold },
  sv: {
    means: 'e-mail address verified',
    tells: (source) =>
      tell({ email: readDetails(verification, source).email ?? undefined, emailVerified: true }),
  },
  sce: { means: 'e-mail address changed', tells: toEmailTold },
  scpn: {
    means: 'phone number changed',
    tells: (source) => tell({ phone: readDetails(phoneChange, source).body?.new_phone_number }),
  },
  // No deletion is final: see auth0.ts.
  sdu: { means: 'deleted, which is mirrored as disabled', tells: () => ({ disabled: true }) },
  sapi: {
    means: 'a user was created, changed, blocked, let back in or deleted by the Management API',
    tells: toApiTold,
  },
};

/** The id of the user that an entry is about, unchecked; undefined where it is about no user. */
export function findLogUser({ type, user_id, details }: LogEntry): unknown {
  if (type !== 'sapi') return user_id;
  const call = readApiCall(details);
  if (!call) return undefined;
  return call.method === 'post' ? call.answer.user_id : call.userId;
}

/** Whether an entry leaves out what changed. */
export function isPartialEntry({ type }: LogEntry, told: Told): boolean {
  const { email, emailVerified, ...rest } = told;
  if (email) return false;
  return emailVerified || type === 'ss' || type === 'sce' || Object.keys(rest).length === 0;
}

function readDetails<const Entries extends v.ObjectEntries>(
  entries: Entries,
  { entry, unread }: Source,
): Partial<v.InferOutput<v.ObjectSchema<Entries, undefined>>> {
  return parsePayload(v.object({ details: v.nullish(object(entries)) }), entry, unread).details ?? {};
}

// The body is what the person who signed up sent, so only a profile is read from it. A sign-up by another identity
// provider has no body, and so no profile.
function toSignUpTold(source: Source): Told {
  return { disabled: false, ...toTold(readDetails(signUp, source).body ?? {}) };
}

// The new address is verified only where the entry says so: what was said about the old one no longer counts.
function toEmailTold(source: Source): Told {
  const { newEmail, email_verified } = readDetails(emailChange, source).body ?? {};
  return newEmail ? { email: newEmail, emailVerified: email_verified === true } : {};
}

function toApiTold({ entry, unread }: Source): Told {
  const call = readApiCall(entry.details);
  if (!call || call.method === 'delete') return call ? { disabled: true } : {};
  for (const name of call.unclear) unread.add(name);
  const isAnswered = call.method === 'post' || call.answer.user_id === call.userId;
  const user = { ...toDefaults(call), ...call.asked, ...(isAnswered && call.answer) };
  return toTold(parsePayload(auth0User, user, unread));
}

// A changed address is not verified any more, and a call that succeeded did what it asked for. A user who was never blocked
// has no member `blocked`.
function toDefaults({ method, asked }: ApiCall): Auth0User {
  return { ...('email' in asked && { email_verified: false }), ...(method === 'post' && { blocked: false }) };
}

type ApiCall = {
  readonly method: string;
  readonly userId: string | undefined;
  readonly asked: Readonly<Record<string, unknown>>;
  readonly answer: Readonly<Record<string, unknown>>;
  /** Names of what is there of the two and can't be read. */
  readonly unclear: readonly string[];
};

/** A call that succeeded in creating, changing or deleting a user; null for any other. */
function readApiCall(details: unknown): ApiCall | null {
  const parsed = v.safeParse(apiCall, details);
  if (!parsed.success) return null;
  const { request, response } = parsed.output;
  const method = request.method.toLowerCase();
  const userId = decode(userPath.exec(request.path)?.[1]);
  const isOfUser = method === 'post' ? request.path === usersPath : userId !== undefined;
  if (!isOfUser || !['post', 'patch', 'delete'].includes(method)) return null;
  if (Math.floor(response.statusCode / 100) !== 2) return null;
  const unclear: string[] = [];
  const toMembers = (body: unknown, name: string) => {
    if (isObject(body)) return body;
    if (body) unclear.push(name);
    return {};
  };
  const asked = toMembers(request.body, 'details.request.body');
  const answer = toMembers(response.body, 'details.response.body');
  if (!['string', 'undefined'].includes(typeof answer.user_id)) unclear.push('details.response.body.user_id');
  return { method, userId, asked, answer, unclear };
}

const usersPath = '/api/v2/users';
const userPath = /^\/api\/v2\/users\/([^/]*)$/;

function decode(segment: string | undefined): string | undefined {
  try {
    return segment === undefined ? undefined : decodeURIComponent(segment);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}
