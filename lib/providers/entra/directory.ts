// Microsoft Graph's users, as an app of its own. A user has no time of change, and the list lags behind changes.
// https://learn.microsoft.com/graph/api/user-list, https://learn.microsoft.com/graph/api/directory-deleteditems-get

import * as v from 'valibot';
import { optionalSecretText, optionalUrl, secretText, text, vouchedEmails } from '../../config/settings.ts';
import { type Got, hourMs, type Profile } from '../../directory.ts';
import { ConfigError } from '../../errors.ts';
import type { Row } from '../../exports/shape.ts';
import { parseJson } from '../../json.ts';
import { readOwnToken } from '../../signatures/own-token.ts';
import {
  type DirectoryProvider,
  expectUser,
  invalidAnswer,
  type RowShape,
  readRows,
  toProfile,
} from '../directory.ts';
import { askDirectory, type DirectoryAnswer, expectAnswer } from '../directory-api.ts';
import { directoryTokens } from '../directory-token.ts';
import { vouchFor } from '../payload.ts';
import { type EntraUser, entraSelect, entraUser, toTold } from './user.ts';

const settings = {
  ENTRA_TENANT_ID: text('Id of the tenant.'),
  ENTRA_CLIENT_ID: text('Id of the app by which users are read.'),
  ENTRA_CLIENT_SECRET: secretText("That app's client secret."),
  ENTRA_EMAILS_ARE_VERIFIED: vouchedEmails('Entra'),
  ENTRA_NOTIFICATION_URL: optionalUrl(
    'Address of your webhook, https://…/webhooks/entra: the subscription is made and renewed by it. Empty: you do so yourself.',
  ),
  ENTRA_CLIENT_STATES: optionalSecretText(
    'The clientState of that subscription: one of those that the webhook has. Both or neither.',
  ),
  ENTRA_GRAPH_URL: optionalUrl('Address of Microsoft Graph; empty: https://graph.microsoft.com.'),
  ENTRA_LOGIN_URL: optionalUrl('Where tokens are fetched; empty: https://login.microsoftonline.com.'),
};

// So few that each could be read back within one run.
const pageSize = 200;

export const entraDirectory: DirectoryProvider<typeof settings> = {
  name: 'entra',
  title: 'Microsoft Entra',
  settings,
  pageSize,
  requestsPerSecond: 2,
  leastRights: ['User.Read.All'],
  maxKnown: 0,
  lagMs: hourMs,
  isGoneEstablished: true,
  // A new user is not in every replica yet, nor is one who was restored.
  secondLookMs: 24 * hourMs,
  connect(configured) {
    const { ENTRA_TENANT_ID, ENTRA_CLIENT_ID, ENTRA_CLIENT_SECRET, ENTRA_EMAILS_ARE_VERIFIED } = configured;
    const graphUrl = configured.ENTRA_GRAPH_URL || 'https://graph.microsoft.com';
    const loginUrl = configured.ENTRA_LOGIN_URL || 'https://login.microsoftonline.com';
    const tokens = directoryTokens(
      new URL(`/${encodeURIComponent(ENTRA_TENANT_ID)}/oauth2/v2.0/token`, loginUrl),
      () => ({
        grant_type: 'client_credentials',
        client_id: ENTRA_CLIENT_ID,
        client_secret: ENTRA_CLIENT_SECRET,
        scope: new URL('/.default', graphUrl).href,
      }),
    );
    const { ENTRA_NOTIFICATION_URL: notificationUrl, ENTRA_CLIENT_STATES } = configured;
    if (Boolean(notificationUrl) !== Boolean(ENTRA_CLIENT_STATES))
      throw new ConfigError(['ENTRA_NOTIFICATION_URL and ENTRA_CLIENT_STATES must be set both, or neither']);
    const user: RowShape = {
      id: 'id',
      row: entraUser,
      decisive: ['accountEnabled'],
      toUser: (row) => ({ told: vouchFor(toTold(row as EntraUser), ENTRA_EMAILS_ARE_VERIFIED), at: null }),
    };

    async function ask(path: string, signal: AbortSignal, change?: Change): Promise<DirectoryAnswer> {
      const headers = {
        accept: 'application/json',
        authorization: `Bearer ${await tokens.get()}`,
        ...(change && { 'content-type': 'application/json' }),
      };
      const request = {
        headers,
        signal,
        ...(change && { method: change.method, body: JSON.stringify(change.body) }),
      };
      return askDirectory(new URL(path, graphUrl), request);
    }

    // https://learn.microsoft.com/graph/api/resources/subscription
    async function listen(signal: AbortSignal, isUrged: boolean): Promise<void> {
      const { value } = expectAnswer(subscriptions, await ask('/v1.0/subscriptions', signal));
      const ours = value.find((one) => one.resource === 'users' && one.notificationUrl === notificationUrl);
      const endsAtMs = Date.parse(ours?.expirationDateTime ?? '');
      if (!isUrged && endsAtMs > Date.now() + renewBeforeMs) return;
      const expirationDateTime = new Date(Date.now() + lifeMs).toISOString();
      const answer = ours
        ? await ask(`/v1.0/subscriptions/${encodeURIComponent(ours.id)}`, signal, {
            method: 'PATCH',
            body: { expirationDateTime },
          })
        : await ask('/v1.0/subscriptions', signal, {
            method: 'POST',
            body: {
              changeType: 'updated,deleted',
              resource: 'users',
              notificationUrl,
              lifecycleNotificationUrl: notificationUrl,
              clientState: ENTRA_CLIENT_STATES.split(/\s+/)[0],
              expirationDateTime,
            },
          });
      if (answer.status >= 300) throw invalidAnswer(`Graph does not take the subscription: ${answer.status}`);
    }

    return {
      async rights() {
        const token = v.safeParse(appToken, readOwnToken(await tokens.get()));
        return token.success ? token.output.roles : null;
      },
      async list(cursor, signal) {
        const answer = await ask(cursor ?? `/v1.0/users?$select=${entraSelect}&$top=${pageSize}`, signal);
        const { value, '@odata.nextLink': next } = expectAnswer(listed, answer);
        return {
          ...readRows(value, (row) => toProfile(user, row, answer.at)),
          // Of the link only path and question count: no answer may lead the token elsewhere.
          next: next ? toPath(new URL(next, graphUrl)) : null,
          total: null,
          at: answer.at,
        };
      },
      async get(reference, signal): Promise<Got> {
        const id = encodeURIComponent(reference);
        const answer = await ask(`/v1.0/users/${id}?$select=${entraSelect}`, signal);
        const { at } = answer;
        if (!isNotFound(answer)) {
          const row = expectAnswer(v.looseObject({}), answer);
          // Graph takes names in place of ids.
          return { profile: expectUser(reference, () => toProfile(user, row, at)), at };
        }
        // A user in the recycle bin can be restored for 30 days, so is disabled until then, and not gone.
        const removed = await ask(`/v1.0/directory/deletedItems/${id}`, signal);
        if (isNotFound(removed)) return { profile: null, at };
        const row = expectAnswer(v.looseObject({}), removed);
        return { profile: expectUser(reference, () => toRemoved(row)), at };
      },
      ...(notificationUrl && { listen }),
    };
  },
};

const appToken = v.object({ roles: v.array(v.string()) });

type Change = { readonly method: 'POST' | 'PATCH'; readonly body: object };

// Graph lets one of users live for 29 days at most.
const lifeMs = 28 * 24 * hourMs;
const renewBeforeMs = 7 * 24 * hourMs;

const subscriptions = v.looseObject({
  value: v.array(
    v.looseObject({
      id: v.string(),
      resource: v.nullish(v.string()),
      notificationUrl: v.nullish(v.string()),
      expirationDateTime: v.nullish(v.string()),
    }),
  ),
});

const listed = v.looseObject({ value: v.array(v.unknown()), '@odata.nextLink': v.nullish(v.string()) });

const notFound = v.object({ error: v.looseObject({ code: v.literal('Request_ResourceNotFound') }) });

function isNotFound({ status, body }: DirectoryAnswer): boolean {
  return status === 404 && v.is(notFound, parseJson(body));
}

function toRemoved({ id }: Row): Profile {
  return { reference: String(id), told: { disabled: true }, at: null, unread: [] };
}

function toPath({ pathname, search }: URL): string {
  return `${pathname}${search}`;
}
