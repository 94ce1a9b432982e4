// The webhook's own handler behind every provider, on a DynamoDB in memory, with all that it stores and says.

import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { expect } from 'vitest';
import type { WebhookRequest } from '../../lib/event.ts';
import { createHandler as createWebhook } from '../../lib/handlers/webhook.ts';
import type { LogLine } from '../../lib/observability/log-line.ts';
import type { Provider } from '../../lib/providers/provider.ts';
import type { Facts } from '../../lib/user.ts';
import { connect, nowMs } from './sent.ts';
import { startWorld } from './world.ts';

/** What a request came to. */
export type Outcome = {
  readonly status: number;
  readonly body: string;
  /** What was folded, and for whom. */
  readonly folded: readonly (readonly [string, Facts])[];
  readonly lines: readonly LogLine[];
};

export type Knocked = Partial<Pick<APIGatewayProxyEventV2, 'body' | 'isBase64Encoded' | 'rawQueryString'>> & {
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
  /** What else the event has otherwise; undefined: it has not. */
  readonly event?: { readonly [Member in keyof APIGatewayProxyEventV2]?: unknown };
};

export type Door = Awaited<ReturnType<typeof openDoor>>;

export async function openDoor() {
  const world = await startWorld({ isInProcess: true });
  world.pass(nowMs - world.now());
  const { ports } = world;
  const folded: (readonly [string, Facts])[] = [];
  const known = new Set<string>();
  const store: typeof ports.store = {
    ...ports.store,
    fold: async (reference, facts, ...rest) => {
      folded.push([reference, facts]);
      known.add(reference);
      return ports.store.fold(reference, facts, ...rest);
    },
  };

  /** What sends one request to a provider of these settings; ROQ is given no time, and so is never called. */
  function behind(provider: Provider, settings: Readonly<Record<string, string>>) {
    const { name, answers, challenge } = provider;
    const connected = { name, answers, challenge, read: connect(provider, settings), lookUp: null };
    const config = { providers: new Map([[name, connected]]), inlineBudgetMs: 0, isExclusive: false };
    const handler = createWebhook({ ...ports, store }, config);
    return async ({ headers = {}, method = 'POST', event = {}, ...request }: Knocked): Promise<Outcome> => {
      folded.length = 0;
      world.lines.length = 0;
      const { statusCode = 0, body = '' } = await handler(
        {
          version: '2.0',
          routeKey: '',
          rawPath: '',
          rawQueryString: '',
          isBase64Encoded: false,
          pathParameters: { provider: name },
          headers: { ...headers },
          ...request,
          requestContext: { http: { method } } as APIGatewayProxyEventV2['requestContext'],
          ...(event as Partial<APIGatewayProxyEventV2>),
        },
        { getRemainingTimeInMillis: () => 10_000 },
      );
      return { status: statusCode, body, folded: [...folded], lines: [...world.lines] };
    };
  }

  return {
    behind,
    close: world.close,
    /** Who is in the table and was never folded: nobody, unless something wrote past the fold. */
    strangers: async () => {
      const { records } = await ports.queries.page(null, 1_000_000);
      return records.map(({ reference }) => reference).filter((reference) => !known.has(reference));
    },
  };
}

/** A request as the gateway would hand it over. */
export function toKnock({ headers, body }: WebhookRequest, encoding: 'utf8' | 'base64' = 'base64'): Knocked {
  const given = Object.entries(headers).map(([name, value = '']) => [name, value] as const);
  return {
    headers: Object.fromEntries(given),
    body: Buffer.from(body).toString(encoding),
    isBase64Encoded: encoding === 'base64',
  };
}

export function isAccepted({ status }: Outcome): boolean {
  return status === 200 || status === 202;
}

const documented = [200, 202, 400, 401, 404, 413, 503];
const inherited = Object.getOwnPropertyNames(Object.prototype).sort();

/** Holds for every request whatever; `canary` stands in all that a sender tells of a user, but for his id. */
export function expectHarmless(outcome: Outcome): void {
  expect(documented).toContain(outcome.status);
  expect(outcome.body).not.toMatch(/canary/i);
  expect(Object.getOwnPropertyNames(Object.prototype).sort()).toEqual(inherited);
  if (!isAccepted(outcome)) {
    expect(outcome.folded).toEqual([]);
    expect(outcome.lines).toMatchObject([{ eventId: null, kind: null, reference: null }]);
  }
  // The names and ids of what was accepted are the sender's own, and belong into the log.
  const said = outcome.lines.map((line) => ({ ...line, eventId: null, kind: null, reference: null }));
  expect(JSON.stringify(said)).not.toMatch(/canary/i);
}
