// Clerk's Backend API: users in the order in which they were created, which never changes; a row is the webhook's user.
// https://clerk.com/docs/reference/backend-api/tag/users/get/users

import * as v from 'valibot';
import { optionalUrl, secretText } from '../../config/settings.ts';
import { hourMs } from '../../directory.ts';
import { parseJson } from '../../json.ts';
import { type DirectoryProvider, expectUser, type RowShape, readRows, toProfile } from '../directory.ts';
import { askDirectory, expectAnswer } from '../directory-api.ts';
import { clerkExport } from './export.ts';

const settings = {
  CLERK_API_KEY: secretText(
    "The instance's secret key, sk_…, which can do everything: Clerk has none that may only read.",
  ),
  CLERK_API_URL: optionalUrl("Address of Clerk's API; empty: https://api.clerk.com."),
};

const apiUrl = 'https://api.clerk.com';

// One that has the cursor, so that the shape stays as it is.
const apiVersion = '2025-11-10';

const pageSize = 250;
const maxKnown = 100;

const user: RowShape = clerkExport as RowShape;

export const clerkDirectory: DirectoryProvider<typeof settings> = {
  name: 'clerk',
  title: 'Clerk',
  settings,
  pageSize,
  requestsPerSecond: 3,
  leastRights: null,
  maxKnown,
  lagMs: 60_000,
  isGoneEstablished: true,
  secondLookMs: hourMs,
  connect({ CLERK_API_KEY, CLERK_API_URL }) {
    const headers = {
      accept: 'application/json',
      authorization: `Bearer ${CLERK_API_KEY}`,
      'clerk-api-version': apiVersion,
    };
    const ask = (path: string, signal: AbortSignal) =>
      askDirectory(new URL(path, CLERK_API_URL || apiUrl), { headers, signal });
    return {
      async list(cursor, signal) {
        const query = new URLSearchParams({ limit: String(pageSize), order_by: '+created_at' });
        if (cursor !== null) query.set('starting_after', cursor);
        const answer = await ask(`/v1/users?${query}`, signal);
        const rows = expectAnswer(v.array(v.unknown()), answer);
        const { profiles, unreadable } = readRows(rows, (row) => toProfile(user, row, answer.at));
        const last = v.safeParse(v.object({ id: v.string() }), rows.at(-1));
        // A page that is not full is the last one: https://clerk.com/docs/reference/backend-api/tag/users/get/users
        const next = rows.length < pageSize || !last.success ? null : last.output.id;
        return { profiles, unreadable, next, total: null, at: answer.at };
      },
      async get(reference, signal) {
        const answer = await ask(`/v1/users/${encodeURIComponent(reference)}`, signal);
        if (answer.status === 404 && v.is(notFound, parseJson(answer.body)))
          return { profile: null, at: answer.at };
        const row = expectAnswer(v.looseObject({}), answer);
        return { profile: expectUser(reference, () => toProfile(user, row, answer.at)), at: answer.at };
      },
      async known(references, signal) {
        const query = new URLSearchParams({ limit: String(maxKnown) });
        for (const reference of references) query.append('user_id', reference);
        const answer = await ask(`/v1/users?${query}`, signal);
        return new Set(expectAnswer(v.array(v.looseObject({ id: v.string() })), answer).map(({ id }) => id));
      },
    };
  },
};

const notFound = v.object({
  errors: v.looseTuple([v.looseObject({ code: v.literal('resource_not_found') })]),
});
