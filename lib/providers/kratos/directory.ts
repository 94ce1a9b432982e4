// Ory Kratos' admin API: identities in the order of their ids, which never change, so that nobody moves between pages. One
// who signs up meanwhile may come before the cursor, and is met by the next run.
// https://github.com/ory/kratos/blob/master/identity/handler.go
//
// Up to 1.3.1 updated_at does not move with every change, and a verification moves its address alone: no time is the
// user's own. The answers are read from the database itself.

import * as v from 'valibot';
import { optionalSecretText, url } from '../../config/settings.ts';
import { hourMs } from '../../directory.ts';
import { parseJson } from '../../json.ts';
import {
  type DirectoryProvider,
  expectUser,
  invalidAnswer,
  type RowShape,
  readRows,
  toProfile,
} from '../directory.ts';
import { askDirectory, expectAnswer, nextLink } from '../directory-api.ts';
import { kratosIdentity, toTold } from './user.ts';

const settings = {
  KRATOS_ADMIN_URL: url("Address of Kratos' admin API, as your functions reach it."),
  KRATOS_ADMIN_TOKEN: optionalSecretText(
    'API key of the project on the Ory Network. A Kratos of your own has none: its network guards it.',
  ),
};

const pageSize = 250;

const identity: RowShape = {
  id: 'id',
  row: kratosIdentity,
  decisive: ['state'],
  toUser: (user) => ({ told: toTold(user as v.InferOutput<typeof kratosIdentity>), at: null }),
};

// Any other id is looked up as the nil UUID, which nobody has.
const uuid = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

export const kratosDirectory: DirectoryProvider<typeof settings> = {
  name: 'kratos',
  title: 'Ory Kratos',
  settings,
  pageSize,
  requestsPerSecond: 3,
  leastRights: null,
  maxKnown: 250,
  lagMs: 0,
  isGoneEstablished: true,
  secondLookMs: hourMs,
  connect({ KRATOS_ADMIN_URL, KRATOS_ADMIN_TOKEN }) {
    const headers = {
      accept: 'application/json',
      ...(KRATOS_ADMIN_TOKEN && { authorization: `Bearer ${KRATOS_ADMIN_TOKEN}` }),
    };
    const ask = (path: string, signal: AbortSignal) =>
      askDirectory(new URL(path, KRATOS_ADMIN_URL), { headers, signal });
    return {
      async list(cursor, signal) {
        const answer = await ask(`/admin/identities?${cursor ?? `page_size=${pageSize}`}`, signal);
        const rows = expectAnswer(v.array(v.unknown()), answer);
        const { at } = answer;
        const next = nextLink(answer.headers);
        return {
          ...readRows(rows, (row) => toProfile(identity, row, at)),
          // Of the link only the question counts: its host is the one by which Kratos knows itself.
          next: next === null ? null : new URL(next, KRATOS_ADMIN_URL).searchParams.toString(),
          total: null,
          at,
        };
      },
      async get(reference, signal) {
        if (!uuid.test(reference)) throw invalidAnswer('the reference is no id of Kratos');
        const answer = await ask(`/admin/identities/${reference}`, signal);
        if (answer.status === 404 && isKratosError(answer.body)) return { profile: null, at: answer.at };
        const row = expectAnswer(v.looseObject({}), answer);
        return { profile: expectUser(reference, () => toProfile(identity, row, answer.at)), at: answer.at };
      },
      async known(references, signal) {
        const query = new URLSearchParams({ page_size: String(pageSize) });
        for (const id of references.filter((reference) => uuid.test(reference))) query.append('ids', id);
        if (!query.has('ids')) return new Set();
        const answer = await ask(`/admin/identities?${query}`, signal);
        const rows = expectAnswer(v.array(v.looseObject({ id: v.string() })), answer);
        return new Set(rows.map(({ id }) => id));
      },
    };
  },
};

const kratosError = v.object({ error: v.object({ code: v.literal(404), status: v.literal('Not Found') }) });

// A proxy's 404, or that of another path, is none of Kratos'.
function isKratosError(body: string): boolean {
  return v.is(kratosError, parseJson(body));
}
