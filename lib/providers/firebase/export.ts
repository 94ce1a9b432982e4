// Firebase: `firebase auth:export users.json`, which has no time of change.
// https://firebase.google.com/docs/cli/auth#file_format
// https://github.com/firebase/firebase-tools/blob/master/src/accountExporter.ts
//
// Its CSV is not read: without a header or escaping, a display name with a line break, which users choose themselves,
// could add a row about another user.

import type { ExportShape } from '../../exports/shape.ts';
import { firebaseAccount, toAccountTold } from './user.ts';

export const firebaseExport: ExportShape<typeof firebaseAccount> = {
  name: 'firebase',
  title: 'Firebase, Identity Platform',
  source: 'https://firebase.google.com/docs/cli/auth#file_format',
  formats: ['ndjson', 'json'],
  member: 'users',
  id: 'localId',
  row: firebaseAccount,
  decisive: ['disabled'],
  toUser: (account) => ({ told: toAccountTold(account), at: null }),
};
