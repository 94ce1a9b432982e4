// How senders sign, one function a family: written by each scheme's description, apart from lib/signatures,
// so that a mistake there is not repeated here.

import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import type { SignedRequest } from './sender.ts';

/** A new Standard Webhooks secret. */
export function newWebhookSecret(): string {
  return `whsec_${randomBytes(24).toString('base64')}`;
}

/** The first of the secrets in a setting: the one that signs. */
export function firstSecret(setting: string | undefined): string {
  return setting?.split(/\s+/)[0] ?? '';
}

/** Standard Webhooks: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
export function signWebhook(
  payload: object,
  secret: string,
  nowMs: number,
  prefix: 'svix' | 'webhook',
): SignedRequest {
  const body = Buffer.from(JSON.stringify(payload));
  const id = `msg_${randomUUID()}`;
  const timestamp = String(Math.floor(nowMs / 1000));
  const key = Buffer.from(secret.replace(/^(v1,)?whsec_/, ''), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64');
  return {
    headers: {
      'content-type': 'application/json',
      [`${prefix}-id`]: id,
      [`${prefix}-timestamp`]: timestamp,
      [`${prefix}-signature`]: `v1,${signature}`,
    },
    body,
  };
}
