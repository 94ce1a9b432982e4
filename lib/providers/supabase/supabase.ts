// Supabase's auth hooks over HTTP: Standard Webhooks, with secrets written `v1,whsec_…`. The sign-up waits for the
// answer. https://github.com/supabase/auth/blob/master/internal/hooks/hookshttp/hookshttp.go
//
// Only one hook tells of users that are there: what happens to them later, supabase-db hears from the database.

import * as v from 'valibot';
import { secrets } from '../../config/settings.ts';
import { verifyStandardWebhooks, webhookSecret } from '../../signatures/standard-webhooks.ts';
import type { Told } from '../../user.ts';
import { instant, name, parseJson, parsePayload, toInstant } from '../payload.ts';
import { findKind, ignoredEvent, type Kinds, listKinds, type Provider } from '../provider.ts';
import { supabaseMetadata, supabaseUser, toSupabaseTold } from './user.ts';

const settings = {
  SUPABASE_SECRETS: secrets(
    "The hook's secret, v1,whsec_…; several, separated by spaces, while you replace one.",
    webhookSecret,
  ),
};

const envelope = v.object({
  metadata: v.object({ uuid: name(), time: instant(), name: name() }),
  user: v.optional(v.unknown()),
});

const subject = v.object({
  ...supabaseUser.entries,
  user_metadata: supabaseMetadata,
  updated_at: v.optional(v.unknown()),
});

type Subject = { readonly user: v.InferOutput<typeof subject>; readonly at: number };

const kinds: Kinds<Subject> = {
  'after-user-created': { means: 'signed up', tells: toTold },
};

export const supabase: Provider<typeof settings> = {
  name: 'supabase',
  title: 'Supabase, auth hooks',
  family: 'Standard Webhooks',
  settings,
  mirrored: listKinds(kinds),
  // The first is sent before the user is there, and may come to nothing.
  ignored: ['before-user-created', 'send-email', 'send-sms', 'customize-access-token', '*-verification'],
  answers: 'plain',
  connect({ SUPABASE_SECRETS }) {
    const verify = verifyStandardWebhooks({ secrets: SUPABASE_SECRETS, allowsCommas: true });
    return async (request, nowMs) => {
      await verify(request, nowMs);
      const { metadata, user } = parsePayload(envelope, parseJson(request.body));
      // The message's own id is another one on every attempt, but the body is written once.
      const { uuid: id, name: type, time } = metadata;
      const kind = findKind(kinds, type);
      if (!kind) return [ignoredEvent({ id, kind: type, at: time })];
      const known = parsePayload(v.object({ user: subject }), { user }).user;
      // The row's own time, so that the database's events have the same; the hook's where the row has none yet.
      const at = toInstant(known.updated_at) ?? time;
      return [{ id, kind: type, reference: known.id, at, told: kind.tells({ user: known, at }) }];
    };
  },
};

function toTold({ user, at }: Subject): Told {
  return toSupabaseTold(user, user.user_metadata, at);
}
