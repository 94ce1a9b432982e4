// Clerk's events as API Gateway hands them over, signed as Clerk signs.

import { clerk } from '../local/providers/clerk/clerk.ts';
import { sampleUser } from '../local/providers/sender.ts';
import { newWebhookSecret, signWebhook } from '../local/providers/signing.ts';

/** In the order in which a user meets them. */
export const kinds = {
  'signed up': 'user.created',
  verified: 'user.updated-verified',
  disabled: 'user.updated-banned',
} as const;

export type Kind = keyof typeof kinds;

export type GatewayEvent = ReturnType<typeof toGatewayEvent>;

/** One event about each of the users. */
export function signedEvents(kind: Kind, references: readonly string[], secret: string): GatewayEvent[] {
  const example = clerk.examples[kinds[kind]];
  if (!example) throw new Error(`Clerk sends no ${kind}`);
  return references.map((reference) => {
    const atMs = Date.now() + Object.keys(kinds).indexOf(kind);
    const user = sampleUser(reference, `${reference}@bench.example`);
    return toGatewayEvent(signWebhook(example.payload(user, atMs), secret, Date.now(), 'svix'));
  });
}

/** The same events, signed by somebody else. */
export function forgedEvents(references: readonly string[]): GatewayEvent[] {
  return signedEvents('verified', references, newWebhookSecret());
}

function toGatewayEvent({ headers, body }: ReturnType<typeof signWebhook>) {
  return {
    version: '2.0',
    rawPath: '/webhooks/clerk',
    rawQueryString: '',
    pathParameters: { provider: 'clerk' },
    headers,
    requestContext: { http: { method: 'POST', path: '/webhooks/clerk' } },
    body: Buffer.from(body).toString(),
    isBase64Encoded: false,
  };
}
