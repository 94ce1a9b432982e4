// POST /webhooks/{provider}: an HTTP API event in, a signed request to receive(), its answer out.

import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { type App, leaseMsFor } from '../app.ts';
import { type ErrorCode, RejectedError, type RejectionCode, UnavailableError } from '../errors.ts';
import { sourceOf, type WebhookRequest } from '../event.ts';
import { mapEach, mapLookUp } from '../mapping/mapping.ts';
import { causeName, log } from '../observability/log.ts';
import type { ConnectedProvider, WebhookCore } from '../providers/connect.ts';
import type { ChallengeAnswer } from '../providers/provider.ts';
import { receive } from '../sync/receive.ts';

export type Handler = (
  event: APIGatewayProxyEventV2,
  context: Pick<Context, 'getRemainingTimeInMillis'>,
  /** By our clock in milliseconds: what it takes to get ready is time that the sender waits. */
  receivedAtMs?: number,
) => Promise<Answer>;

/** The handler as soon as its settings can be read; until then senders are told to come again. */
export function whenReady(ready: () => Promise<Handler>): Handler {
  // Lambda gives a handler of three parameters a callback.
  return async (event, context) => {
    const receivedAtMs = Date.now();
    try {
      return await (await ready())(event, context, receivedAtMs);
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
      log({ message: 'failure', code: error.code, cause: causeName(error) });
      return tryAgain();
    }
  };
}

type Answer = APIGatewayProxyStructuredResultV2;

const maxBodyBytes = 1024 * 1024;

type Options = {
  /** The providers that are configured, by name; null: its settings can't work. */
  readonly providers: ReadonlyMap<string, ConnectedProvider | null>;
  readonly inlineBudgetMs: number;
  /** Whether a provider leaves users alone that another one reported first. */
  readonly isExclusive: boolean;
  /** The providers whose directories another function asks, and when. */
  readonly asked?: WebhookCore['asked'];
};

export function createHandler(
  app: App,
  { providers, inlineBudgetMs, isExclusive, asked = new Map() }: Options,
): Handler {
  return async (event, context, receivedAtMs = app.now()) => {
    const name = event.pathParameters?.provider ?? lastSegment(event.rawPath);
    const provider = providers.get(name);
    try {
      if (provider === undefined)
        throw new RejectedError('provider_unknown', 'no such provider is configured');
      if (provider === null)
        throw new UnavailableError('provider_misconfigured', "the provider's settings can't work");
      const request = toRequest(event);
      const challenge = provider.challenge?.(request);
      if (challenge) return text(challenge);
      const source = sourceOf(name);
      const asks = asked.get(source) ?? null;
      const mapping = app.mapping.get(name);
      const lookUp = mapLookUp(mapping, provider.lookUp);
      const sender = { ...provider, lookUp, source, prefix: app.prefixOf(name), isExclusive, asks };
      await receive(app, sender, async (nowMs) => mapEach(mapping, await provider.read(request, nowMs)), {
        deadline: receivedAtMs + inlineBudgetMs,
        leaseMs: leaseMsFor(context.getRemainingTimeInMillis()),
      });
      return provider.answers === 'set' ? { statusCode: 202 } : json(200, { status: 'accepted' });
    } catch (error) {
      if (!(error instanceof RejectedError || error instanceof UnavailableError)) throw error;
      app.log({
        message: 'event',
        // What somebody made up must not become a metric's dimension.
        provider: providers.has(name) ? name : 'unknown',
        eventId: null,
        kind: null,
        reference: null,
        outcome: error instanceof RejectedError ? 'rejected' : 'unavailable',
        code: error.code,
        ...(error instanceof RejectedError && { isUnsigned: error.isUnsigned }),
        cause: causeName(error),
        roqMs: 0,
        storeMs: 0,
      });
      return provider?.answers === 'set' ? setAnswer(error.code) : plainAnswer(error.code);
    }
  };
}

// A function's own address has no routes, and so names no part of the path.
function lastSegment(path = ''): string {
  return /^\/webhooks\/([^/]+)$/.exec(path)?.[1] ?? '';
}

function toRequest(event: APIGatewayProxyEventV2): WebhookRequest {
  const text = event.body ?? '';
  // No encoding has fewer bytes than this, so that a huge body is refused before it is copied.
  const atLeastBytes = event.isBase64Encoded ? Math.floor(text.length * 0.75) - 2 : text.length;
  const body =
    atLeastBytes > maxBodyBytes ? null : Buffer.from(text, event.isBase64Encoded ? 'base64' : 'utf8');
  if (!body || body.length > maxBodyBytes)
    throw new RejectedError('body_too_large', 'the body is over 1 MiB');
  return {
    method: event.requestContext?.http?.method ?? '',
    // What API Gateway has parsed leaves it open what became of a "+".
    query: Object.fromEntries(new URLSearchParams(event.rawQueryString)),
    // Who may invoke the function itself can leave out what a gateway always gives: no bug of ours, and no alarm.
    headers: joinHeaders(event.headers ?? {}),
    body,
  };
}

// The case of a name does not count. A header that is there twice stays recognizable as one, as API Gateway writes it.
function joinHeaders(given: APIGatewayProxyEventV2['headers']): WebhookRequest['headers'] {
  const headers: Record<string, string> = Object.create(null);
  for (const [name, value = ''] of Object.entries(given)) {
    const known = headers[name.toLowerCase()];
    headers[name.toLowerCase()] = known === undefined ? value : `${known},${value}`;
  }
  return headers;
}

function plainAnswer(code: ErrorCode): Answer {
  switch (code) {
    case 'provider_unknown':
      return json(404, { status: 'not found' });
    case 'body_too_large':
      return json(413, { status: 'too large' });
    case 'body_malformed':
    case 'payload_invalid':
    case 'subject_unsupported':
    case 'email_missing':
      return json(400, { status: 'malformed' });
    case 'keys_unavailable':
    case 'profile_unavailable':
    case 'provider_misconfigured':
    case 'settings_unavailable':
    case 'store_unavailable':
      return tryAgain();
    default:
      return json(401, { status: 'unauthorized' });
  }
}

// https://www.rfc-editor.org/rfc/rfc8935#section-2.4 names the errors that a sender of security event tokens knows.
const setErrors: Partial<Record<ErrorCode, string>> = {
  issuer_mismatch: 'invalid_issuer',
  audience_mismatch: 'invalid_audience',
  key_unknown: 'invalid_key',
  signature_mismatch: 'invalid_key',
  algorithm_refused: 'invalid_key',
  signature_missing: 'authentication_failed',
  credential_mismatch: 'authentication_failed',
} satisfies Partial<Record<RejectionCode, string>>;

function setAnswer(code: ErrorCode): Answer {
  const plain = plainAnswer(code);
  if (plain.statusCode === 413 || plain.statusCode === 503) return plain;
  const err = setErrors[code] ?? 'invalid_request';
  const answer = json(400, { err, description: 'The security event token was not accepted.' });
  return { ...answer, headers: { ...answer.headers, 'content-language': 'en' } };
}

function tryAgain(): Answer {
  const answer = json(503, { status: 'try again' });
  // Some senders retry a 503 only where this header stands.
  return { ...answer, headers: { ...answer.headers, 'retry-after': '5' } };
}

// It goes back to whoever asked: a browser must not take it for a page.
function text({ contentType, body }: ChallengeAnswer): Answer {
  const headers = {
    'content-type': contentType,
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  };
  return { statusCode: 200, headers, body };
}

function json(statusCode: number, body: object): Answer {
  return { statusCode, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
