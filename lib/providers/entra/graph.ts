// Reads users of Microsoft Entra from Microsoft Graph, as an app of its own: the client credentials flow.
// https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
// https://learn.microsoft.com/graph/api/user-get
//
// A user has no time of change, so a profile's time is the Date of Graph's answer: the profile was so then. The Date is in
// whole seconds: of two answers within one second the later need not win, until the user changes again.

import * as v from 'valibot';
import type { LookUp, ReadUser } from '../../event.ts';
import { createTokenCache, type Token } from '../../http/token-cache.ts';
import { parseJson } from '../../json.ts';
import type { Told } from '../../user.ts';
import { vouchFor } from '../payload.ts';
import { withUnread } from '../provider.ts';
import { type ApiAnswer, apiUnavailable, askApi, expectJson, userTimeLimit } from '../provider-api.ts';
import { type EntraUser, entraSelect, entraUser, toTold } from './user.ts';

export type GraphOptions = {
  readonly graphUrl: string;
  readonly loginUrl: string;
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Whether all e-mail addresses are verified. */
  readonly isVouched: boolean;
};

/** Reads users with an app's token, which is kept until it ends. */
export function connectGraph(options: GraphOptions): LookUp {
  const tokens = createTokenCache(() => fetchToken(options), Date.now);
  const get = async (path: string, signal: AbortSignal): Promise<ApiAnswer> => {
    const token = await tokens.get();
    const headers = { authorization: `Bearer ${token}`, accept: 'application/json' };
    const answer = await askApi(new URL(path, options.graphUrl), { headers, signal });
    if (answer.status === 401) tokens.drop(token);
    return answer;
  };
  const toUserTold = (user: EntraUser) => vouchFor(toTold(user), options.isVouched);
  return async (id) => {
    const signal = userTimeLimit();
    const segment = encodeURIComponent(id);
    const answer = await get(`/v1.0/users/${segment}?$select=${entraSelect}`, signal);
    if (answer.status !== 404) return toProfile(answer, entraUser, id, toUserTold);
    // A user in the recycle bin can be restored for 30 days, so is disabled until then and not deleted.
    // https://learn.microsoft.com/graph/api/directory-deleteditems-get
    const removed = await get(`/v1.0/directory/deletedItems/${segment}`, signal);
    // A new user is not in every replica yet, and a final deletion has a notification of its own.
    // https://aaddevsup.azurewebsites.net/2021/08/why-do-i-sometimes-get-a-404-when-trying-to-update-an-azure-directory-object-after-i-just-created-it/
    if (removed.status === 404) throw apiUnavailable('Graph has no such user, or not yet');
    return toProfile(removed, v.pick(entraUser, ['id']), id, () => ({ disabled: true }));
  };
}

function toProfile<const Schema extends v.GenericSchema<unknown, { readonly id: string }>>(
  answer: ApiAnswer,
  schema: Schema,
  id: string,
  tells: (user: v.InferOutput<Schema>) => Told,
): ReadUser {
  const unread = new Set<string>();
  const found = expectJson(schema, answer, unread);
  // Graph takes names in place of ids.
  if (found.id !== id) throw apiUnavailable('the answer is of another user');
  if (answer.at === null) throw apiUnavailable('the answer has no date');
  return withUnread({ told: tells(found), at: answer.at }, unread, parseJson(answer.body));
}

const token = v.object({ access_token: v.pipe(v.string(), v.minLength(1)), expires_in: v.number() });

async function fetchToken(options: GraphOptions): Promise<Token> {
  const { loginUrl, graphUrl, tenantId, clientId, clientSecret } = options;
  const askedAtMs = Date.now();
  const url = new URL(`/${encodeURIComponent(tenantId)}/oauth2/v2.0/token`, loginUrl);
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: clientSecret,
    scope: new URL('/.default', graphUrl).href,
  });
  const request = { method: 'POST', body, signal: userTimeLimit() };
  const { access_token: text, expires_in: lifeSeconds } = expectJson(token, await askApi(url, request));
  return { text, endsAtMs: askedAtMs + lifeSeconds * 1000 };
}
