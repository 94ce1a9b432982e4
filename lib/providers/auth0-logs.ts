// Auth0's log streams to a custom webhook: not signed, so that a static credential stands in a header.
// https://auth0.com/docs/customize/log-streams/custom-log-streams
//
// For tenants without Event Streams, which tell more. An entry's time is its `date`, when it happened. The user is in
// `user_id`, save in a call of the Management API (sapi), where that is who called: there the path names the user.
// https://github.com/auth0/auth0-log-schemas/tree/main/schemas/log-types

import * as v from 'valibot';
import { credentials } from '../settings.ts';
import { verifyStaticCredential } from '../signatures/static-credential.ts';
import type { Told } from '../user.ts';
import { type ApiCall, findApiUser, toApiTold } from './auth0-api-call.ts';
import { readAuth0Logs } from './auth0-log-batch.ts';
import { auth0User, toAuth0Told } from './auth0-user.ts';
import { instant, name, parsePayload, reference } from './payload.ts';
import { findKind, ignoredEvent, type Kinds, listKinds, type Provider, type UserEvent } from './provider.ts';

const settings = {
  AUTH0_LOGS_CREDENTIALS: credentials(
    'The authorization token of the stream, which Auth0 sends as the whole Authorization header: long and random; several, separated by commas, while you replace one.',
  ),
};

const entry = v.object({
  type: name(),
  date: instant(),
  log_id: v.optional(name()),
  user_id: v.optional(v.unknown()),
  details: v.optional(v.unknown()),
});

type Entry = v.InferOutput<typeof entry>;

const signUp = v.object({ body: v.nullish(auth0User) });

const kinds: Kinds<Entry> = {
  ss: { means: 'signed up', tells: toSignedUp },
  sv: { means: 'e-mail address verified', tells: () => ({ emailVerified: true }) },
  sce: { means: 'e-mail address changed, to which one is not said', tells: () => ({}) },
  scpn: { means: 'phone number changed, to which one is not said', tells: () => ({}) },
  sdu: { means: 'deleted', tells: () => ({ deleted: true }) },
  sapi: {
    means: 'created, changed, blocked, let back in, or deleted by the Management API; other calls are left alone',
    tells: ({ details }) => toApiTold(parsePayload(v.custom<ApiCall>(() => true), details)),
  },
};
