// The attributes of a user of a Cognito user pool, as its triggers send them and its API lists them. All are text.
// https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-settings-attributes.html

import * as v from 'valibot';
import type { Told } from '../../user.ts';
import { emailAddress, reference, tell, text, webAddress } from '../payload.ts';

export const cognitoAttributes = v.object({
  sub: reference(),
  email: emailAddress(),
  email_verified: v.nullish(v.picklist(['true', 'false'])),
  phone_number: text(),
  given_name: text(),
  family_name: text(),
  locale: text(),
  zoneinfo: text(),
  picture: webAddress(),
});

export type CognitoAttributes = v.InferOutput<typeof cognitoAttributes>;

export function toTold(user: CognitoAttributes): Told {
  return tell({
    email: user.email,
    emailVerified: user.email_verified ? user.email_verified === 'true' : undefined,
    phone: user.phone_number,
    firstName: user.given_name,
    lastName: user.family_name,
    locale: user.locale,
    timezone: user.zoneinfo,
    avatarUrl: user.picture,
  });
}
