// Supabase's auth hooks over HTTP: Standard Webhooks, with secrets written `v1,whsec_…`. The sign-up waits for the
// answer. https://github.com/supabase/auth/blob/master/internal/hooks/hookshttp/hookshttp.go
//
// Only one hook is about users that exist; what happens to them later comes to supabase-db from the database.

import * as v from 'valibot';
import { secrets } from '../../config/settings.ts';
import { verifyStandardWebhooks, webhookSecret } from '../../signatures/standard-webhooks.ts';
import { instant, name, parseJson, parsePayload, toInstant } from '../payload.ts';
import { findKind, ignoredEvent, type Kinds, listKinds, type Provider } from '../provider.ts';
import { supabaseMetadata, supabaseUser, toTold } from './user.ts';

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

const createdUser = v.object({
  ...supabaseUser.entries,
  user_metadata: supabaseMetadata,
  updated_at: v.optional(v.unknown()),
});

type Created = { readonly user: v.InferOutput<typeof createdUser>; readonly at: number };

const kinds: Kinds<Created> = {
  'after-user-created': {
    means: 'signed up',
    tells: ({ user, at }) => toTold(user, user.user_metadata, at),
  },
};

export const supabase: Provider<typeof settings> = {
  name: 'supabase',
  title: 'Supabase, auth hooks',
  family: 'Standard Webhooks',
  settings,
  mirrored: listKinds(kinds),
  // before-user-created comes before the user exists, and the sign-up may still fail.
  ignored: ['before-user-created', 'send-email', 'send-sms', 'customize-access-token', '*-verification'],
  answers: 'plain',
  connect({ SUPABASE_SECRETS }) {
    const verify = verifyStandardWebhooks({ secrets: SUPABASE_SECRETS, allowsCommas: true });
    return async (request, nowMs) => {
      await verify(request, nowMs);
      const { metadata, ...members } = parsePayload(envelope, parseJson(request.body));
      // The message's own id differs at every attempt; the body is written once.
      const { uuid: id, name: type, time } = metadata;
      const kind = findKind(kinds, type);
      if (!kind) return [ignoredEvent({ id, kind: type, at: time })];
      const { user } = parsePayload(v.object({ user: createdUser }), members);
      // The row's own time, which the database's events have too, or the hook's where the row has none yet.
      const at = toInstant(user.updated_at) ?? time;
      return [{ id, kind: type, reference: user.id, at, told: kind.tells({ user, at }) }];
    };
  },
};
