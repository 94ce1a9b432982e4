// What stands in for the API of a provider's directory: real HTTP over users who can be changed behind the webhooks' back,
// and all the ways in which such an API fails.

import { answerJson, readBody, serve } from '../server.ts';
import type { SampleUser } from './sender.ts';

/** A user as a provider's API keeps them. */
export type ApiUser = SampleUser & {
  readonly emailVerified: boolean;
  readonly disabled: boolean;
  readonly createdAtMs: number;
  readonly changedAtMs: number;
  /** Further members of the provider's own object. */
  readonly more?: Readonly<Record<string, unknown>>;
};

export type ApiRequest = {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
};

/** `body`: JSON, or text as it is. */
export type ApiAnswer = {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
};

export type ProviderApi = {
  /** As in the list of directories. */
  readonly name: string;
  /** Which credential to make, with the least right that will do, and where; for docs/providers.md. */
  readonly setUp: string;
  /** Which users and which of their members the list does not show; for docs/providers.md. */
  readonly cannotSee: string;
  /** Settings by which the directory asks this API. */
  readonly environment: (url: string) => Readonly<Record<string, string>>;
  /** The n-th id of the provider's form, in the order of its list. */
  readonly toId: (n: number) => string;
  /** What it answers while all is well; it checks the credentials of `environment`. Users are in the order of their ids. */
  readonly answer: (request: ApiRequest, users: readonly ApiUser[]) => ApiAnswer;
  /** Whether a request is for a page of the list. */
  readonly isList: (request: ApiRequest) => boolean;
  /** How it turns away who asks too often, to come back in so many seconds. */
  readonly throttled: (waitSeconds: number) => ApiAnswer;
  /** How it answers credentials that lack the right. */
  readonly forbidden: ApiAnswer;
};

/**
 * - `throttled`, `forbidden`, `unavailable`: it says so.
 * - `broken`: the connection ends within the answer.
 * - `elsewhere`: a proxy's 404, of no form of the provider's.
 * - `other shape`: JSON that is none of its answers.
 * - `empty`: a list of nobody, as some give to credentials that may see nobody.
 * - `repeats`: the list gives its first page again, whatever is asked for.
 */
export type ApiFault =
  | 'throttled'
  | 'forbidden'
  | 'unavailable'
  | 'broken'
  | 'elsewhere'
  | 'other shape'
  | 'empty'
  | 'repeats';

export type RunningApi = Awaited<ReturnType<typeof startApi>>;

const firstAtMs = Date.UTC(2026, 0, 1);

/** The n-th user of a provider's API, as made there; whoever is not yet verified or disabled is so by `changes`. */
export function apiUser(api: ProviderApi, n: number, changes: Partial<ApiUser> = {}): ApiUser {
  return {
    id: api.toId(n),
    email: `user-${n}@example.com`,
    phone: '+441234567890',
    firstName: 'Ada',
    lastName: `Lovelace ${n}`,
    emailVerified: true,
    disabled: false,
    createdAtMs: firstAtMs + n * 1000,
    changedAtMs: firstAtMs + n * 1000,
    ...changes,
  };
}

/** Serves a provider's API on 127.0.0.1. */
export async function startApi(api: ProviderApi) {
  const users = new Map<string, ApiUser>();
  const asked: string[] = [];
  let fault: ApiFault | null = null;
  let firstPage: ApiAnswer | null = null;
  const server = await serve(0, async (incoming, response) => {
    const request: ApiRequest = {
      method: incoming.method ?? 'GET',
      url: new URL(incoming.url ?? '/', `http://${incoming.headers.host}`),
      headers: incoming.headers,
      body: await readBody(incoming, 10_000_000),
    };
    asked.push(`${request.method} ${request.url.pathname}${request.url.search}`);
    if (fault === 'broken') {
      response.writeHead(200, { 'content-length': '1000' }).write('{');
      return void response.destroy();
    }
    const { status, body, headers = {} } = answerTo(request);
    if (typeof body !== 'string') return answerJson(response, status, body, { ...headers });
    response.writeHead(status, { ...headers }).end(body);
  });

  function answerTo(request: ApiRequest): ApiAnswer {
    if (fault === 'throttled') return api.throttled(7);
    if (fault === 'forbidden') return api.forbidden;
    if (fault === 'unavailable') return { status: 503, body: '<h1>Service Unavailable</h1>' };
    if (fault === 'elsewhere') return { status: 404, body: '<h1>Not Found</h1>' };
    if (fault === 'other shape') return { status: 200, body: { data: 'otherwise' } };
    const isList = api.isList(request);
    if (isList && fault === 'repeats' && firstPage) return firstPage;
    const sorted = fault === 'empty' ? [] : [...users.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    const answer = api.answer(request, sorted);
    if (isList) firstPage ??= answer;
    return answer;
  }

  return {
    url: server.url,
    environment: api.environment(server.url),
    /** The users by id: whoever is set or deleted here is so without any webhook. */
    users,
    /** Every request so far, as method, path and query. */
    asked,
    /** How it fails from now on; null: not at all. */
    failAs: (how: ApiFault | null) => {
      fault = how;
    },
    close: server.close,
  };
}
