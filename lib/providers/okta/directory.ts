// Okta's Users API: everybody, the deactivated too, in the order in which they were created.
// https://developer.okta.com/docs/api/openapi/okta-management/management/tag/User/
//
// Without a search Okta leaves out who is deactivated. A search reads an index that lags behind.

import * as v from 'valibot';
import { secretText, url, vouchedEmails } from '../../config/settings.ts';
import { hourMs } from '../../directory.ts';
import { parseJson } from '../../json.ts';
import { type DirectoryProvider, expectUser, type RowShape, readRows, toProfile } from '../directory.ts';
import { askDirectory, expectAnswer, nextLink } from '../directory-api.ts';
import { vouchFor } from '../payload.ts';
import { oktaExport } from './export.ts';

const settings = {
  OKTA_API_URL: url('Address of your Okta organization, https://<name>.okta.com.'),
  OKTA_API_TOKEN: secretText('API token of an admin who may read users, and no more.'),
  OKTA_EMAILS_ARE_VERIFIED: vouchedEmails('Okta'),
};

const pageSize = 200;

export const oktaDirectory: DirectoryProvider<typeof settings> = {
  name: 'okta',
  title: 'Okta',
  settings,
  pageSize,
  // Sign-ins use up the same limits: a quarter of 600 a minute.
  requestsPerSecond: 2.5,
  maxKnown: 0,
  lagMs: 5 * 60_000,
  isGoneEstablished: true,
  secondLookMs: hourMs,
  connect({ OKTA_API_URL, OKTA_API_TOKEN, OKTA_EMAILS_ARE_VERIFIED: isVouched }) {
    const headers = {
      accept: 'application/json',
      authorization: `SSWS ${OKTA_API_TOKEN}`,
      // Pages are smaller without: https://developer.okta.com/docs/api/openapi/okta-management/management/tag/User/
      'content-type': 'application/json; okta-response=omitCredentials,omitCredentialsLinks',
    };
    const ask = (path: string, signal: AbortSignal) =>
      askDirectory(new URL(path, OKTA_API_URL), { headers, signal }, 'unixSeconds');
    const user: RowShape = {
      ...(oktaExport as RowShape),
      toUser: (row, atMs) => {
        const exported = (oktaExport as RowShape).toUser(row, atMs);
        return exported && { ...exported, told: vouchFor(exported.told, isVouched) };
      },
    };
    return {
      async list(cursor, signal) {
        const query = new URLSearchParams({
          search: 'lastUpdated gt "1970-01-01T00:00:00.000Z"',
          sortBy: 'created',
          sortOrder: 'asc',
          limit: String(pageSize),
        });
        const answer = await ask(`/api/v1/users?${cursor ?? query}`, signal);
        const { at } = answer;
        const rows = expectAnswer(v.array(v.unknown()), answer);
        const next = nextLink(answer.headers);
        return {
          ...readRows(rows, (row) => toProfile(user, row, at)),
          // Of the link only the question counts: no answer may lead the token elsewhere.
          next: next === null ? null : new URL(next, OKTA_API_URL).searchParams.toString(),
          total: null,
          at,
        };
      },
      async get(reference, signal) {
        const answer = await ask(`/api/v1/users/${encodeURIComponent(reference)}`, signal);
        if (answer.status === 404 && v.is(notFound, parseJson(answer.body)))
          return { profile: null, at: answer.at };
        const row = expectAnswer(v.looseObject({}), answer);
        // Okta takes names, and "me", in place of ids.
        return { profile: expectUser(reference, () => toProfile(user, row, answer.at)), at: answer.at };
      },
    };
  },
};

// https://developer.okta.com/docs/reference/error-codes/
const notFound = v.looseObject({ errorCode: v.literal('E0000007') });
