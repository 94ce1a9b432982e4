// Firebase Authentication and Identity Platform: a project's accounts. They have no time of change.
// https://cloud.google.com/identity-platform/docs/reference/rest/v1/projects.accounts/batchGet
// https://cloud.google.com/identity-platform/docs/reference/rest/v1/projects.accounts/lookup

import * as v from 'valibot';
import { isSecureUrl, optionalUrl, secretText } from '../../config/settings.ts';
import { hourMs, type Profile } from '../../directory.ts';
import { ConfigError } from '../../errors.ts';
import type { Row } from '../../exports/shape.ts';
import { parseJson } from '../../json.ts';
import { type ServiceAccount, signStatement } from '../../signatures/service-account.ts';
import { type DirectoryProvider, expectUser, type RowShape, readRows, toProfile } from '../directory.ts';
import { askDirectory, expectAnswer } from '../directory-api.ts';
import { directoryTokens } from '../directory-token.ts';
import { firebaseExport } from './export.ts';

const settings = {
  FIREBASE_SERVICE_ACCOUNT: secretText("The JSON of a service account's key, as Google Cloud gives it."),
  FIREBASE_API_URL: optionalUrl('Address of the API; empty: https://identitytoolkit.googleapis.com.'),
};

// So few that each could be read back within one run.
const pageSize = 200;
const maxKnown = 100;

const account = firebaseExport as RowShape;

/** The whole account: what there is none of, or is false, is left out. */
function toUser(row: Row, atMs: number): Profile | null {
  const empty = { email: null, emailVerified: false, phoneNumber: null, photoUrl: null, disabled: false };
  return toProfile(account, { ...empty, ...row }, atMs);
}

export const firebaseDirectory: DirectoryProvider<typeof settings> = {
  name: 'firebase',
  title: 'Firebase, Identity Platform',
  settings,
  pageSize,
  requestsPerSecond: 2,
  leastRights: ['firebaseauth.users.get'],
  maxKnown,
  lagMs: 60_000,
  isGoneEstablished: true,
  secondLookMs: hourMs,
  connect({ FIREBASE_SERVICE_ACCOUNT, FIREBASE_API_URL }) {
    const { projectId, ...serviceAccount } = readServiceAccount(FIREBASE_SERVICE_ACCOUNT);
    const base = (FIREBASE_API_URL || 'https://identitytoolkit.googleapis.com').replace(/\/+$/, '');
    const tokens = directoryTokens(new URL(serviceAccount.tokenUrl), () =>
      signStatement(serviceAccount, 'https://www.googleapis.com/auth/identitytoolkit'),
    );

    async function ask(path: string, signal: AbortSignal, body?: object) {
      const url = new URL(`${base}/v1/projects/${encodeURIComponent(projectId)}/accounts:${path}`);
      const headers = {
        authorization: `Bearer ${await tokens.get()}`,
        'content-type': 'application/json',
      };
      return askDirectory(url, {
        headers,
        signal,
        ...(body && { method: 'POST', body: JSON.stringify(body) }),
      });
    }

    async function lookUp(localId: readonly string[], signal: AbortSignal) {
      const answer = await ask('lookup', signal, { localId });
      // Who is not there is left out, and where nobody is, so is the list.
      const { users } = expectAnswer(found, answer);
      return { users, at: answer.at };
    }

    return {
      async list(cursor, signal) {
        const query = new URLSearchParams({ maxResults: String(pageSize) });
        if (cursor !== null) query.set('nextPageToken', cursor);
        const answer = await ask(`batchGet?${query}`, signal);
        const { users = [], nextPageToken } = expectAnswer(listed, answer);
        return {
          ...readRows(users, (row) => toUser(row, answer.at)),
          next: nextPageToken || null,
          total: null,
          at: answer.at,
        };
      },
      async get(reference, signal) {
        const { users, at } = await lookUp([reference], signal);
        const [row] = users;
        return { profile: row ? expectUser(reference, () => toUser(row, at)) : null, at };
      },
      async known(references, signal) {
        const { users } = await lookUp(references, signal);
        return new Set(users.map(({ localId }) => localId));
      },
    };
  },
};

// Both name themselves, so that nothing else passes for an answer without users.
const listed = v.looseObject({
  kind: v.literal('identitytoolkit#DownloadAccountResponse'),
  users: v.optional(v.array(v.unknown())),
  nextPageToken: v.nullish(v.string()),
});
const found = v.looseObject({
  kind: v.literal('identitytoolkit#GetAccountInfoResponse'),
  users: v.optional(v.array(v.looseObject({ localId: v.string() })), []),
});

const keyFile = v.object({
  project_id: v.pipe(v.string(), v.minLength(1)),
  client_email: v.pipe(v.string(), v.minLength(1)),
  private_key: v.pipe(v.string(), v.minLength(1)),
  token_uri: v.pipe(v.string(), v.check(isSecureUrl)),
});

/** @throws ConfigError */
function readServiceAccount(text: string): ServiceAccount & { readonly projectId: string } {
  const parsed = v.safeParse(keyFile, parseJson(text));
  if (!parsed.success)
    throw new ConfigError(["FIREBASE_SERVICE_ACCOUNT must be the JSON of a service account's key"]);
  const {
    project_id: projectId,
    client_email: email,
    private_key: privateKey,
    token_uri: tokenUrl,
  } = parsed.output;
  return { projectId, email, privateKey, tokenUrl };
}
