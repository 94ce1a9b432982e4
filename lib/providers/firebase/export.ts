// Firebase: `firebase auth:export users.json`, which has no time of change, and one name that is not told apart.
// https://firebase.google.com/docs/cli/auth#file_format
// https://github.com/firebase/firebase-tools/blob/master/src/accountExporter.ts
//
// Not its CSV: that has no header and no escaping, so that a display name with a line break in it, which users choose
// themselves, could add the row of another user.

import * as v from 'valibot';
import { type ExportedUser, type ExportShape, fit } from '../../exports/shape.ts';
import { reference, tell, text, yesNo } from '../payload.ts';

const row = v.object({
  localId: reference(),
  email: text(),
  emailVerified: yesNo(),
  phoneNumber: text(),
  photoUrl: text(),
  disabled: yesNo(),
});

export const firebaseExport: ExportShape = {
  name: 'firebase',
  title: 'Firebase, Identity Platform',
  source: 'https://firebase.google.com/docs/cli/auth#file_format',
  formats: ['ndjson', 'json'],
  member: 'users',
  id: 'localId',
  toUser,
};

function toUser(value: unknown): ExportedUser {
  const { localId, email, emailVerified, phoneNumber, photoUrl, disabled } = fit(row, value);
  const told = tell({ email, emailVerified, phone: phoneNumber, avatarUrl: photoUrl, disabled });
  return { reference: localId, told, at: null };
}
