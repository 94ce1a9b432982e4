// Okta's Users API: everybody, the deactivated too, in the order in which they were created.
// https://developer.okta.com/docs/api/openapi/okta-management/management/tag/User/
//
// Without a search Okta leaves out who is deactivated. A search reads an index that lags behind.

import * as v from 'valibot';
import { optionalSecretText, optionalText, url, vouchedEmails } from '../../config/settings.ts';
import { hourMs } from '../../directory.ts';
import { ConfigError } from '../../errors.ts';
import type { TokenCache } from '../../http/token-cache.ts';
import { parseJson } from '../../json.ts';
import { readPrivateKey, signClientAssertion } from '../../signatures/client-assertion.ts';
import { readOwnToken } from '../../signatures/own-token.ts';
import { type DirectoryProvider, expectUser, type RowShape, readRows, toProfile } from '../directory.ts';
import { askDirectory, expectAnswer, nextLink } from '../directory-api.ts';
import { directoryTokens } from '../directory-token.ts';
import { vouchFor } from '../payload.ts';
import { oktaExport } from './export.ts';

const settings = {
  OKTA_API_URL: url('Address of your Okta organization, https://<name>.okta.com.'),
  OKTA_CLIENT_ID: optionalText('The API service app that asks.'),
  OKTA_PRIVATE_KEY: optionalSecretText("That app's private RSA key, as JSON."),
  OKTA_API_TOKEN: optionalSecretText(
    'Or else an API token, of an admin who may read users and no more; either this or the other two.',
  ),
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
  leastRights: ['okta.users.read'],
  maxKnown: 0,
  lagMs: 5 * 60_000,
  isGoneEstablished: true,
  secondLookMs: hourMs,
  connect({ OKTA_API_URL, OKTA_EMAILS_ARE_VERIFIED: isVouched, ...credentials }) {
    const tokens = toTokens(OKTA_API_URL, credentials);
    async function ask(path: string, signal: AbortSignal) {
      const headers = {
        accept: 'application/json',
        authorization: tokens ? `Bearer ${await tokens.get()}` : `SSWS ${credentials.OKTA_API_TOKEN}`,
        // Pages are smaller without: https://developer.okta.com/docs/api/openapi/okta-management/management/tag/User/
        'content-type': 'application/json; okta-response=omitCredentials,omitCredentialsLinks',
      };
      return askDirectory(new URL(path, OKTA_API_URL), { headers, signal }, 'unixSeconds');
    }
    const user: RowShape = {
      ...(oktaExport as RowShape),
      toUser: (row, atMs) => {
        const exported = (oktaExport as RowShape).toUser(row, atMs);
        return exported && { ...exported, told: vouchFor(exported.told, isVouched) };
      },
    };
    return {
      // An API token may whatever its admin may, and does not say it.
      ...(tokens && {
        async rights() {
          const token = v.safeParse(appToken, readOwnToken(await tokens.get()));
          return token.success ? token.output.scp : null;
        },
      }),
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

type Credentials = {
  readonly OKTA_CLIENT_ID: string;
  readonly OKTA_PRIVATE_KEY: string;
  readonly OKTA_API_TOKEN: string;
};

/** Tokens of an app that may read users alone; null where an API token is configured. @throws ConfigError */
function toTokens(
  url: string,
  { OKTA_CLIENT_ID: clientId, OKTA_PRIVATE_KEY: key, OKTA_API_TOKEN: token }: Credentials,
): TokenCache | null {
  const ofApp = [clientId, key];
  if (token ? ofApp.some(Boolean) : !ofApp.every(Boolean))
    throw new ConfigError(['either OKTA_API_TOKEN must be set, or OKTA_CLIENT_ID and OKTA_PRIVATE_KEY']);
  if (token) return null;
  const privateKey = readPrivateKey(key, 'OKTA_PRIVATE_KEY');
  const tokenUrl = new URL('/oauth2/v1/token', url);
  // https://developer.okta.com/docs/guides/implement-oauth-for-okta-serviceapp/main/
  return directoryTokens(tokenUrl, async () => ({
    grant_type: 'client_credentials',
    scope: 'okta.users.read',
    ...(await signClientAssertion(clientId, privateKey, tokenUrl)),
  }));
}

const appToken = v.object({ scp: v.array(v.string()) });

// https://developer.okta.com/docs/reference/error-codes/
const notFound = v.looseObject({ errorCode: v.literal('E0000007') });
