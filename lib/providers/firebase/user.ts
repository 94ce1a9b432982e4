// A user as Firebase writes it, in two shapes: the record that blocking functions get, and the account that the command
// line exports. The one display name is not taken apart.
// https://firebase.google.com/docs/functions/auth-blocking-events
// https://firebase.google.com/docs/cli/auth#file_format

import * as v from 'valibot';
import type { Told } from '../../user.ts';
import { reference, tell, text, yesNo } from '../payload.ts';

export const firebaseRecord = v.object({
  uid: reference(),
  email: text(),
  email_verified: yesNo(),
  phone_number: text(),
  photo_url: text(),
  disabled: yesNo(),
});

export type FirebaseRecord = v.InferOutput<typeof firebaseRecord>;

/** A record is always whole: a member that it leaves out is empty, or false. */
export function toRecordTold(record: FirebaseRecord): Told {
  return tell({
    email: record.email ?? null,
    emailVerified: record.email_verified ?? false,
    phone: record.phone_number ?? null,
    avatarUrl: record.photo_url ?? null,
    disabled: record.disabled ?? false,
  });
}

export const firebaseAccount = v.object({
  localId: reference(),
  email: text(),
  emailVerified: yesNo(),
  phoneNumber: text(),
  photoUrl: text(),
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
