// Amazon Cognito: two triggers of a user pool, and what CloudTrail reports of its administrators.
// No webhooks: AWS lets none but Cognito and EventBridge call functions/cognito.ts, so that nothing is signed.
// https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-post-confirmation.html
// https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-post-authentication.html
// https://docs.aws.amazon.com/cognito/latest/developerguide/logging-using-cloudtrail.html
//
// A trigger has no time: Cognito waits for the answer, so that what it tells is true when it calls, and the time of
// the call is the event's. CloudTrail's events have their eventTime, in whole seconds. Of profiles that change and of
// users whom an administrator creates Cognito tells nothing before the next sign-in: AdminCreateUser confirms nobody.

import * as v from 'valibot';
import { words } from '../../config/settings.ts';
import { RejectedError } from '../../errors.ts';
import type { UserEvent } from '../../event.ts';
import type { Told } from '../../user.ts';
import { instant, name, parsePayload, reference, tell, text } from '../payload.ts';
import { findKind, ignoredEvent, type Kinds, listKinds } from '../provider.ts';

export const cognitoSettings = {
  COGNITO_USER_POOL_IDS: words('Ids of the user pools that are mirrored, separated by spaces.'),
};

const attributes = v.object({
  sub: reference(),
  email: text(),
  email_verified: v.nullish(v.string()),
  phone_number: text(),
  given_name: text(),
  family_name: text(),
  locale: text(),
  zoneinfo: text(),
  picture: text(),
});

type Attributes = v.InferOutput<typeof attributes>;

// A new password is no sign-up, but its trigger shows the user as he is now just the same.
const triggers: Kinds<Attributes> = {
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
  const { userAttributes: user } = parsePayload(v.object({ userAttributes: attributes }), request);
  return { id: null, kind: triggerSource, reference: user.sub, at: nowMs, told: kind.tells(user) };
}

const calls: Kinds<null> = {
  AdminDisableUser: { means: 'disabled', tells: () => ({ disabled: true }) },
  AdminEnableUser: { means: 'enabled', tells: () => ({ disabled: false }) },
  AdminDeleteUser: { means: 'deleted by an administrator', tells: () => ({ deleted: true }) },
  DeleteUser: { means: 'deleted by himself', tells: () => ({ deleted: true }) },
};

const call = v.object({
  eventID: name(),
  eventName: name(),
  eventTime: instant(),
  errorCode: v.nullish(v.string()),
  // A user who deletes himself names no pool.
  requestParameters: v.nullish(v.object({ userPoolId: v.nullish(v.string()) })),
  // CloudTrail hides the user's name, and gives the id of the user who is acted upon here.
  additionalEventData: v.nullish(v.object({ sub: v.optional(v.unknown()) })),
});

/**
 * What an API call that CloudTrail reports tells; the user who made it is never the subject.
 * @throws RejectedError payload_invalid
 */
export function readCall(detail: unknown, poolIds: readonly string[]): UserEvent {
  const { eventID: id, eventName, eventTime: at, ...rest } = parsePayload(call, detail);
  const kind = findKind(calls, eventName);
  const poolId = rest.requestParameters?.userPoolId;
  const isOurs = !poolId || poolIds.includes(poolId);
  // An error: the call was refused, and nothing happened.
  if (!kind || !isOurs || rest.errorCode) return ignoredEvent({ id, kind: eventName, at });
  const { sub } = rest.additionalEventData ?? {};
  if (sub === undefined)
    throw new RejectedError('payload_invalid', 'the call does not say of which user it was');
  const subject = parsePayload(v.object({ sub: reference() }), { sub });
  return { id, kind: eventName, reference: subject.sub, at, told: kind.tells(null) };
}

/** Everything that is mirrored, for the documents. */
export const cognitoKinds = [...listKinds(triggers), ...listKinds(calls)];

function toTold(user: Attributes): Told {
  return tell({
    email: user.email,
    // Every attribute is text.
    emailVerified: user.email_verified ? user.email_verified === 'true' : undefined,
    phone: user.phone_number,
    firstName: user.given_name,
    lastName: user.family_name,
    locale: user.locale,
    timezone: user.zoneinfo,
    avatarUrl: user.picture,
  });
}
