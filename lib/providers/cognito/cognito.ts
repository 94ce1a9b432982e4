// Amazon Cognito: two triggers of a user pool, and what CloudTrail reports of its administrators.
// These are no webhooks: AWS lets only Cognito and EventBridge call functions/cognito.ts, so nothing is signed.
// https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-post-confirmation.html
// https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-post-authentication.html
// https://docs.aws.amazon.com/cognito/latest/developerguide/logging-using-cloudtrail.html
//
// A trigger has no time. Cognito waits for the answer, so what it tells is true when it calls, and the time of the call
// is the event's. CloudTrail's events have their eventTime, in whole seconds. A changed profile, or a user whom an
// administrator created, shows only at the next sign-in: AdminCreateUser confirms nobody.
//
// A trigger has the whole user, so that `email_verified` stands beside the address that it is about.

import * as v from 'valibot';
import { words } from '../../config/settings.ts';
import { RejectedError } from '../../errors.ts';
import type { UserEvent } from '../../event.ts';
import { eventId, instant, name, object, parsePayload, reference } from '../payload.ts';
import { findKind, ignoredEvent, type Kinds, listKinds, withUnread } from '../provider.ts';
import { type CognitoAttributes, cognitoAttributes, toTold } from './user.ts';

export const cognitoSettings = {
  COGNITO_USER_POOL_IDS: words('Ids of the user pools that are mirrored, separated by spaces.'),
};

// A new password is no sign-up, but its trigger carries the whole user too.
const triggers: Kinds<CognitoAttributes> = {
  PostConfirmation_ConfirmSignUp: { means: 'signed up, e-mail address verified', tells: toTold },
  PostConfirmation_ConfirmForgotPassword: { means: 'chose a new password', tells: toTold },
  PostAuthentication_Authentication: { means: 'signed in, with whatever has changed', tells: toTold },
};

const trigger = v.object({
  triggerSource: name(),
  userPoolId: name(),
  request: v.object({ userAttributes: v.optional(v.unknown()) }),
});

/**
 * What the trigger tells.
 * @param nowMs our clock at the call
 * @throws RejectedError payload_invalid
 */
export function readTrigger(event: unknown, poolIds: readonly string[], nowMs: number): UserEvent {
  const { triggerSource, userPoolId, request } = parsePayload(trigger, event);
  const kind = findKind(triggers, triggerSource);
  if (!kind || !poolIds.includes(userPoolId))
    return ignoredEvent({ id: null, kind: triggerSource, at: nowMs });
  const unread = new Set<string>();
  const { userAttributes: user } = parsePayload(
    v.object({ userAttributes: cognitoAttributes }),
    request,
    unread,
  );
  const told = kind.tells(user);
  return withUnread(
    { id: null, kind: triggerSource, reference: user.sub, at: nowMs, told },
    unread,
    request.userAttributes,
  );
}

const calls: Kinds<null> = {
  AdminDisableUser: { means: 'disabled', tells: () => ({ disabled: true }) },
  AdminEnableUser: { means: 'enabled', tells: () => ({ disabled: false }) },
  AdminDeleteUser: { means: 'deleted by an administrator', tells: () => ({ deleted: true }) },
  DeleteUser: { means: 'deleted by the user', tells: () => ({ deleted: true }) },
};

const call = v.object({
  eventID: eventId(),
  eventName: name(),
  eventTime: instant(),
  errorCode: v.optional(v.unknown()),
  requestParameters: v.nullish(object({ userPoolId: v.optional(v.unknown()) })),
  // CloudTrail hides the user's name; the id of the user whom the call is about is here.
  additionalEventData: v.nullish(object({ sub: v.optional(v.unknown()) })),
});

/**
 * What an API call that CloudTrail reports tells about the user whom it changed, who need not be its caller.
 * @throws RejectedError payload_invalid
 */
export function readCall(detail: unknown, poolIds: readonly string[]): UserEvent {
  const unread = new Set<string>();
  const { eventID: id, eventName, eventTime: at, ...rest } = parsePayload(call, detail, unread);
  const kind = findKind(calls, eventName);
  const poolId = rest.requestParameters?.userPoolId ?? null;
  // Every call bears the pool that it is about, but for the one by which users delete themselves: it names none.
  const isOurs = poolId === null ? eventName === 'DeleteUser' : poolIds.some((ours) => ours === poolId);
  // With an error code, the call was refused and nothing changed.
  if (!kind || !isOurs || rest.errorCode) return ignoredEvent({ id, kind: eventName, at });
  const { sub } = rest.additionalEventData ?? {};
  if (sub === undefined) throw new RejectedError('payload_invalid', 'the call does not name its user');
  const user = parsePayload(v.object({ sub: reference() }), { sub });
  const told = kind.tells(null);
  return withUnread({ id, kind: eventName, reference: user.sub, at, told }, unread);
}

/** Everything that is mirrored, for the documents. */
export const cognitoKinds = [...listKinds(triggers), ...listKinds(calls)];
