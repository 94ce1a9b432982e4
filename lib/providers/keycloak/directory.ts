// Keycloak's Admin API, as a client with a service account. Users come in the order of their names: who is renamed or made
// meanwhile moves others over the border of a page, and is asked for by itself, or met by the next run.
// https://www.keycloak.org/docs-api/latest/rest-api/index.html#_users
//
// A user has no time of change. The answers are read from the database, and of federated users from where they are kept.

import * as v from 'valibot';
import { secretText, text, url } from '../../config/settings.ts';
import { hourMs } from '../../directory.ts';
import { parseJson } from '../../json.ts';
import { readOwnToken } from '../../signatures/own-token.ts';
import { type DirectoryProvider, expectUser, type RowShape, readRows, toProfile } from '../directory.ts';
import { askDirectory, expectAnswer } from '../directory-api.ts';
import { directoryTokens } from '../directory-token.ts';
import { keycloakExport } from './export.ts';
import { type KeycloakUser, toUpdateTold } from './user.ts';

const settings = {
  KEYCLOAK_URL: url('Address of Keycloak, up to where /realms/… begins.'),
  KEYCLOAK_REALM: text('Name of the realm whose users are asked for.'),
  KEYCLOAK_CLIENT_ID: text('The client whose service account asks.'),
  KEYCLOAK_CLIENT_SECRET: secretText("That client's secret."),
};

// Larger ones were slow with users of an LDAP: https://github.com/keycloak/keycloak/issues/42225
const pageSize = 200;

const user: RowShape = {
  ...(keycloakExport as RowShape),
  toUser: (row) => {
    const { serviceAccountClientId, ...rest } = row as KeycloakUser & {
      readonly serviceAccountClientId?: unknown;
    };
    // A client's own account, by which no person signs in.
    if (serviceAccountClientId) return null;
    // The whole user: what is left out is empty, attributes included.
    return { told: toUpdateTold({ ...rest, attributes: rest.attributes ?? {} }), at: null };
  },
};

export const keycloakDirectory: DirectoryProvider<typeof settings> = {
  name: 'keycloak',
  title: 'Keycloak',
  settings,
  pageSize,
  requestsPerSecond: 2,
  leastRights: ['view-users', 'query-users', 'query-groups'],
  maxKnown: 0,
  lagMs: 0,
  isGoneEstablished: true,
  secondLookMs: hourMs,
  connect({ KEYCLOAK_URL, KEYCLOAK_REALM, KEYCLOAK_CLIENT_ID, KEYCLOAK_CLIENT_SECRET }) {
    const base = KEYCLOAK_URL.replace(/\/+$/, '');
    const realm = encodeURIComponent(KEYCLOAK_REALM);
    const tokens = directoryTokens(new URL(`${base}/realms/${realm}/protocol/openid-connect/token`), () => ({
      grant_type: 'client_credentials',
      client_id: KEYCLOAK_CLIENT_ID,
      client_secret: KEYCLOAK_CLIENT_SECRET,
    }));

    async function ask(path: string, signal: AbortSignal) {
      const headers = { accept: 'application/json', authorization: `Bearer ${await tokens.get()}` };
      return askDirectory(new URL(`${base}/admin/realms/${realm}/users${path}`), { headers, signal });
    }

    return {
      async rights() {
        const token = v.safeParse(serviceToken, readOwnToken(await tokens.get()));
        return token.success ? (token.output.resource_access['realm-management']?.roles ?? []) : null;
      },
      async list(cursor, signal) {
        const first = Number(cursor ?? 0);
        const query = new URLSearchParams({
          first: String(first),
          max: String(pageSize),
          briefRepresentation: 'false',
        });
        const answer = await ask(`?${query}`, signal);
        const rows = expectAnswer(v.array(v.unknown()), answer);
        return {
          ...readRows(rows, (row) => toProfile(user, row, answer.at)),
          // A page may lack users whom the client may not see, so that only one without any is the end.
          next: rows.length === 0 ? null : String(first + pageSize),
          total: null,
          at: answer.at,
        };
      },
      async get(reference, signal) {
        const answer = await ask(`/${encodeURIComponent(reference)}`, signal);
        if (answer.status === 404 && v.is(notFound, parseJson(answer.body)))
          return { profile: null, at: answer.at };
        const row = expectAnswer(v.looseObject({}), answer);
        return { profile: expectUser(reference, () => toProfile(user, row, answer.at)), at: answer.at };
      },
    };
  },
};

const serviceToken = v.object({
  resource_access: v.record(v.string(), v.object({ roles: v.array(v.string()) })),
});

// A realm that is not there is 404 as well, with another text.
// https://github.com/keycloak/keycloak/blob/main/services/src/main/java/org/keycloak/services/resources/admin/UsersResource.java
const notFound = v.looseObject({ error: v.literal('User not found') });
