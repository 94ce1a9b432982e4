// WorkOS: the users of AuthKit, and after them those of every directory, each oldest first by a cursor.
// https://workos.com/docs/reference/authkit/user/list, https://workos.com/docs/reference/directory-sync/directory-user/list

import * as v from 'valibot';
import { optionalUrl, secretText, vouchedEmails } from '../../config/settings.ts';
import { hourMs, type ListedPage } from '../../directory.ts';
import { parseJson } from '../../json.ts';
import {
  type DirectoryProvider,
  expectUser,
  invalidAnswer,
  type RowShape,
  readRows,
  toProfile,
} from '../directory.ts';
import { askDirectory, expectAnswer } from '../directory-api.ts';
import { optionalInstant, reference, vouchFor } from '../payload.ts';
import { workosExport } from './export.ts';
import { toDirectoryUserTold, workosDirectoryUser } from './user.ts';

const settings = {
  WORKOS_API_KEY: secretText(
    'An API key of the environment, sk_…: WorkOS has none that may only read users.',
  ),
  WORKOS_API_URL: optionalUrl("Address of WorkOS' API; empty: https://api.workos.com."),
  WORKOS_DIRECTORY_EMAILS_ARE_VERIFIED: vouchedEmails('A directory'),
};

const apiUrl = 'https://api.workos.com';
const pageSize = 100;

const authKitUser = workosExport as RowShape;

const directoryRow = v.object({
  id: reference(),
  ...workosDirectoryUser.entries,
  updated_at: optionalInstant(),
});

function directoryUser(isVouched: boolean): RowShape {
  return {
    id: 'id',
    row: directoryRow,
    decisive: ['state', 'updated_at'],
    toUser: (row) => {
      const user = row as v.InferOutput<typeof directoryRow>;
      return { told: vouchFor(toDirectoryUserTold(user), isVouched), at: user.updated_at };
    },
  };
}

const listed = v.object({
  data: v.array(v.unknown()),
  list_metadata: v.object({ after: v.nullish(v.string(), null) }),
});

const directoryPrefix = 'directory_user_';

export const workosDirectory: DirectoryProvider<typeof settings> = {
  name: 'workos',
  title: 'WorkOS',
  settings,
  pageSize,
  // A directory takes 4 requests a second: https://workos.com/docs/reference/rate-limits
  requestsPerSecond: 2,
  leastRights: null,
  maxKnown: 0,
  lagMs: 60_000,
  isGoneEstablished: true,
  secondLookMs: hourMs,
  connect({ WORKOS_API_KEY, WORKOS_API_URL, WORKOS_DIRECTORY_EMAILS_ARE_VERIFIED: isVouched }) {
    const headers = { accept: 'application/json', authorization: `Bearer ${WORKOS_API_KEY}` };
    const ask = (path: string, signal: AbortSignal) =>
      askDirectory(new URL(path, WORKOS_API_URL || apiUrl), { headers, signal });

    async function listSome(place: Place, signal: AbortSignal) {
      const query = new URLSearchParams({ limit: String(pageSize), order: 'asc' });
      if (place.after) query.set('after', place.after);
      if (place.directory) query.set('directory', place.directory);
      const path = place.directory ? '/directory_users' : '/user_management/users';
      const answer = await ask(`${path}?${query}`, signal);
      const { data, list_metadata } = expectAnswer(listed, answer);
      const shape = place.directory ? directoryUser(isVouched) : authKitUser;
      return {
        ...readRows(data, (row) => toProfile(shape, row, answer.at)),
        after: list_metadata.after,
        at: answer.at,
      };
    }

    /** The directory that comes after this one; null after the last. */
    async function nextDirectory(after: string | null, signal: AbortSignal): Promise<string | null> {
      const query = new URLSearchParams({ limit: '1', order: 'asc', ...(after && { after }) });
      const { data } = expectAnswer(listed, await ask(`/directories?${query}`, signal));
      if (data.length === 0) return null;
      const [first] = v.parse(v.array(v.looseObject({ id: v.string() })), data);
      return first?.id ?? null;
    }

    return {
      async list(cursor, signal): Promise<ListedPage> {
        const place = readPlace(cursor);
        const { after, ...page } = await listSome(place, signal);
        if (after !== null) return { ...page, next: JSON.stringify({ ...place, after }), total: null };
        const directory = await nextDirectory(place.directory, signal);
        const next = directory === null ? null : JSON.stringify({ directory, after: null } satisfies Place);
        return { ...page, next, total: null };
      },
      async get(id, signal) {
        const isOfDirectory = id.startsWith(directoryPrefix);
        const path = isOfDirectory ? '/directory_users' : '/user_management/users';
        const answer = await ask(`${path}/${encodeURIComponent(id)}`, signal);
        if (answer.status === 404 && v.is(notFound, parseJson(answer.body)))
          return { profile: null, at: answer.at };
        const row = expectAnswer(v.looseObject({}), answer);
        const shape = isOfDirectory ? directoryUser(isVouched) : authKitUser;
        return { profile: expectUser(id, () => toProfile(shape, row, answer.at)), at: answer.at };
      },
    };
  },
};

/** Where a list stands: among AuthKit's users (`directory` null) or a directory's. */
const place = v.object({ directory: v.nullable(v.string()), after: v.nullable(v.string()) });

type Place = v.InferOutput<typeof place>;

function readPlace(cursor: string | null): Place {
  if (cursor === null) return { directory: null, after: null };
  const parsed = v.safeParse(place, parseJson(cursor));
  if (!parsed.success) throw invalidAnswer('the cursor is none of ours');
  return parsed.output;
}

// The service says the one, WorkOS' own emulator the other.
const notFound = v.looseObject({ code: v.picklist(['entity_not_found', 'not_found']) });
