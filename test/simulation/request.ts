// What a provider of a history posts to our webhook, and how it is read.

import { createHmac, createSecretKey } from 'node:crypto';
import type { UserEvent } from '../../lib/event.ts';
import type { ConnectedProvider } from '../../lib/providers/connect.ts';
import { generic } from '../../lib/providers/generic/generic.ts';
import type { EventStep } from './history.ts';
import { toldBy } from './model.ts';

/** A request to the webhook. */
export type Posted = {
  readonly provider: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** The providers of every history, with the secrets that our side knows. */
export function connectProviders(secrets: readonly string[]): ReadonlyMap<string, ConnectedProvider> {
  const settings = {
    GENERIC_SECRETS: [...secrets],
    GENERIC_JWKS_URL: '',
    GENERIC_ISSUER: '',
    GENERIC_AUDIENCE: '',
  };
  const plain = { answers: 'plain', challenge: undefined, lookUp: null } as const;
  return new Map<string, ConnectedProvider>([
    ['generic', { ...plain, name: 'generic', read: generic.connect(settings) }],
    ['feed', { ...plain, name: 'feed', read: readFeed }],
  ]);
}

// A provider of our own: several events a request, as of Okta and Auth0's logs, and verifications that name no address,
// as of Zitadel. Of signatures there is enough with the other.
async function readFeed({ body }: { readonly body: Uint8Array }): Promise<readonly UserEvent[]> {
  return JSON.parse(Buffer.from(body).toString());
}

/** The request of a step; times are in milliseconds, `nowMs` that of its signature, `startMs` where the history begins. */
export function requestOf(
  step: EventStep & { readonly id: number },
  secret: string,
  nowMs: number,
  startMs: number,
): Posted {
  if (step.provider === 'feed') return { provider: 'feed', headers: {}, body: feedBody(step, startMs) };
  const body = genericBody(step, startMs);
  const key = step.form === 'forged' ? 'whsec_forged' : secret;
  return { provider: 'generic', headers: sign(body, key, step.id, nowMs), body };
}

function feedBody({ said }: EventStep, startMs: number): string {
  const events = said.map((one): UserEvent => {
    const { kind, reference, happenedMs } = one;
    return { id: null, kind, reference, at: startMs + happenedMs, told: toldBy(one) };
  });
  return JSON.stringify(events);
}

function genericBody(
  { said: [one], form, id }: EventStep & { readonly id: number },
  startMs: number,
): string {
  if (!one || form === 'garbled') return `{"${JSON.stringify(one?.user)}`;
  const user = { ...(form !== 'shapeless' && { id: one.reference }), ...one.user };
  return JSON.stringify({ id: `event-${id}`, type: one.kind, time: startMs + one.happenedMs, user });
}

function sign(body: string, secret: string, id: number, nowMs: number): Posted['headers'] {
  const timestamp = String(Math.floor(nowMs / 1000));
  const signature = createHmac('sha256', keyOf(secret))
    .update(`message-${id}.${timestamp}.${body}`)
    .digest('base64');
  return {
    'webhook-id': `message-${id}`,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${signature}`,
  };
}

const keys = new Map<string, ReturnType<typeof createSecretKey>>();

function keyOf(secret: string): ReturnType<typeof createSecretKey> {
  const key = keys.get(secret) ?? createSecretKey(Buffer.from(secret.slice('whsec_'.length), 'base64'));
  keys.set(secret, key);
  return key;
}
