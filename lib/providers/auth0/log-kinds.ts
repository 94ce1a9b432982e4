// What entries of Auth0's log say of users. https://auth0.com/docs/deploy-monitor/logs/log-event-type-codes
//
// The user is in `user_id`, except in a call of the Management API (sapi), where `user_id` is the caller, and the user is
// in the path or in the answer. The shapes: https://github.com/auth0/auth0-log-schemas/tree/main/schemas/log-types

import * as v from 'valibot';
import { isObject } from '../../json.ts';
import type { Told } from '../../user.ts';
import { instant, name, parsePayload, tell, text } from '../payload.ts';
import type { Kinds } from '../provider.ts';
import { auth0User, toTold } from './user.ts';

export const logEntry = v.object({
  type: name(),
  date: instant(),
  log_id: v.optional(name()),
  user_id: v.optional(v.unknown()),
  details: v.optional(v.unknown()),
});

export type LogEntry = v.InferOutput<typeof logEntry>;

const apiCall = v.object({
  request: v.object({ method: v.string(), path: v.string(), body: v.optional(v.unknown()) }),
  response: v.object({ statusCode: v.number(), body: v.optional(v.unknown()) }),
});

const signUp = v.object({ body: v.nullish(v.omit(auth0User, ['email_verified', 'blocked'])) });

const verification = v.object({ email: text() });

const emailChange = v.object({
  body: v.nullish(v.object({ newEmail: text(), email_verified: v.optional(v.unknown()) })),
});

const phoneChange = v.object({ body: v.nullish(v.object({ new_phone_number: text() })) });

export const logKinds: Kinds<LogEntry> = {
  ss: { means: 'signed up', tells: toSignUpTold },
  sv: {
    means: 'e-mail address verified',
    tells: ({ details }) =>
      tell({ email: parsePayload(verification, details ?? {}).email ?? undefined, emailVerified: true }),
  },
  sce: { means: 'e-mail address changed', tells: toEmailTold },
  scpn: {
    means: 'phone number changed',
    tells: ({ details }) => tell({ phone: parsePayload(phoneChange, details ?? {}).body?.new_phone_number }),
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
  return (type === 'ss' && told.email === undefined) || Object.keys(told).length === 0;
}

// The body is what the person who signed up sent, so only a profile is read from it. A sign-up by another identity
// provider has no body, and so no profile.
function toSignUpTold({ details }: LogEntry): Told {
  return { disabled: false, ...toTold(parsePayload(signUp, details ?? {}).body ?? {}) };
}

// The new address is verified only where the entry says so: what was said about the old one no longer counts.
function toEmailTold({ details }: LogEntry): Told {
  const { newEmail, email_verified } = parsePayload(emailChange, details ?? {}).body ?? {};
  return newEmail
    ? { email: newEmail, emailVerified: email_verified === true || email_verified === 'true' }
    : {};
}

function toApiTold({ details }: LogEntry): Told {
  const call = readApiCall(details);
  if (!call || call.method === 'delete') return call ? { disabled: true } : {};
  const isAnswered = call.method === 'post' || call.answer.user_id === call.userId;
  // A changed address is not verified any more, and a call that succeeded did what it asked for.
  const unverified = 'email' in call.asked && { email_verified: false };
  const user = { ...unverified, ...call.asked, ...(isAnswered && call.answer) };
  const told = toTold(parsePayload(auth0User, user));
  return call.method === 'post' ? { disabled: false, ...told } : told;
}

type ApiCall = {
  readonly method: string;
  readonly userId: string | undefined;
  readonly asked: Readonly<Record<string, unknown>>;
  readonly answer: Readonly<Record<string, unknown>>;
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
  const [asked, answer] = [request.body, response.body].map((body) => (isObject(body) ? body : {}));
  return { method, userId, asked: asked ?? {}, answer: answer ?? {} };
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
