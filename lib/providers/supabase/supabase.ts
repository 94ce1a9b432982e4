// Supabase's auth hooks over HTTP: Standard Webhooks, with secrets written `v1,whsec_…`. The sign-up waits for the answer,
// though the row is committed by then: after anything but 2xx the user sees an error, and exists all the same.
// https://github.com/supabase/auth/blob/master/internal/hooks/hookshttp/hookshttp.go
//
// Only one hook is about users that exist; what happens to them later comes to supabase-db from the database.

import * as v from 'valibot';
import { secrets } from '../../config/settings.ts';
import { RejectedError } from '../../errors.ts';
import { verifyStandardWebhooks, webhookSecret } from '../../signatures/standard-webhooks.ts';
import { eventId, name, parseJson, parsePayload, toInstant } from '../payload.ts';
import { findKind, ignoredEvent, type Kinds, listKinds, type Provider, withUnread } from '../provider.ts';
import { supabaseMetadata, supabaseUser, toTold } from './user.ts';

const settings = {
  SUPABASE_SECRETS: secrets(
    "The hook's secret, v1,whsec_…; several, separated by spaces, while you replace one.",
    webhookSecret,
  ),
};

const envelope = v.object({
  metadata: v.object({ uuid: eventId(), time: v.optional(v.unknown()), name: name() }),
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
    // The auth server leaves out what is empty.
    tells: ({ user, at }) =>
      toTold({ email_confirmed_at: null, banned_until: null, ...user }, user.user_metadata, at),
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
      const unread = new Set<string>();
      const { metadata, ...members } = parsePayload(envelope, parseJson(request.body), unread);
      // The message's own id differs at every attempt; the body is written once.
      const { uuid: id, name: type } = metadata;
      const time = toInstant(metadata.time);
      const kind = findKind(kinds, type);
      if (!kind) return [ignoredEvent({ id, kind: type, at: time ?? nowMs })];
      const { user } = parsePayload(v.object({ user: createdUser }), members, unread);
      // The row's own time, which the database's events have too, or the hook's where the row has none yet.
      const at = toInstant(user.updated_at) ?? time;
      if (at === undefined)
        throw new RejectedError('payload_invalid', 'neither the user nor the hook has a time');
      return [
        withUnread(
          { id, kind: type, reference: user.id, at, told: kind.tells({ user, at }) },
          unread,
          members.user,
        ),
      ];
    };
  },
};
