// A user as Firebase writes it, in two shapes: the record that blocking functions get, and the account that the command
// line exports. The one display name is not taken apart.
// https://firebase.google.com/docs/functions/auth-blocking-events
// https://firebase.google.com/docs/cli/auth#file_format

import * as v from 'valibot';
import type { Told } from '../../user.ts';
import { emailAddress, reference, tell, text, webAddress, yesNo } from '../payload.ts';

export const firebaseRecord = v.object({
  uid: reference(),
  email: emailAddress(),
  email_verified: yesNo(),
  phone_number: text(),
  photo_url: webAddress(),
  disabled: yesNo(),
});

export type FirebaseRecord = v.InferOutput<typeof firebaseRecord>;

/** A record is always whole: a member that it leaves out is empty, or false. */
export function toRecordTold(record: FirebaseRecord): Told {
  const { email, email_verified, phone_number, photo_url, disabled } = { ...emptyRecord, ...record };
  return tell({
    email,
    emailVerified: email_verified,
    phone: phone_number,
    avatarUrl: photo_url,
    disabled,
  });
}

const emptyRecord = {
  email: null,
  email_verified: false,
  phone_number: null,
  photo_url: null,
  disabled: false,
};

export const firebaseAccount = v.object({
  localId: reference(),
  email: emailAddress(),
  emailVerified: yesNo(),
  phoneNumber: text(),
  photoUrl: webAddress(),
  disabled: yesNo(),
});

export function toAccountTold(account: v.InferOutput<typeof firebaseAccount>): Told {
  return tell({
    email: account.email,
    emailVerified: account.emailVerified,
    phone: account.phoneNumber,
    avatarUrl: account.photoUrl,
    disabled: account.disabled,
  });
}
