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

/** The bytes of a payload in JSON; one that is bytes already stays as it is, for the tests of what is not JSON. */
export function toBody(payload: object): Buffer {
  return Buffer.from(payload instanceof Uint8Array ? payload : JSON.stringify(payload));
}

/** Standard Webhooks: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
export function signWebhook(
  payload: object,
  secret: string,
  nowMs: number,
  prefix: 'svix' | 'webhook',
): SignedRequest {
  const body = toBody(payload);
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

/** A new secret of a provider whose secrets may be any text. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** The plain HMAC-SHA256 of the body, in a header. */
export function signHmac(
  payload: object,
  secret: string,
  header: string,
  encoding: 'hex' | 'base64',
  prefix = '',
): SignedRequest {
  const body = toBody(payload);
  const signature = createHmac('sha256', secret).update(body).digest(encoding);
  return { headers: { 'content-type': 'application/json', [header]: `${prefix}${signature}` }, body };
}

/** The time, and the HMAC-SHA256 of the time, a full stop and the body: `t=…,v1=…`. */
export function signTimestampedHmac(
  payload: object,
  secret: string,
  header: string,
  unit: 's' | 'ms',
  nowMs: number,
): SignedRequest {
  const body = toBody(payload);
  const time = unit === 's' ? Math.floor(nowMs / 1000) : nowMs;
  const signature = createHmac('sha256', secret)
    .update(Buffer.concat([Buffer.from(`${time}.`), body]))
    .digest('hex');
  return { headers: { 'content-type': 'application/json', [header]: `t=${time},v1=${signature}` }, body };
}

/** Nothing is signed: a header repeats what was agreed. */
export function repeatCredential(payload: object, credential: string, header: string): SignedRequest {
  return { headers: { 'Content-Type': 'application/json', [header]: credential }, body: toBody(payload) };
}

/** The first of the credentials in a setting: the one that is sent. */
export function firstCredential(setting: string | undefined): string {
  return setting?.split(',')[0]?.trim() ?? '';
}

/** A JWT by HS256: RFC 7515. */
export function signHs256(claims: object, secret: string): string {
  const parts = [{ alg: 'HS256', typ: 'JWT' }, claims].map((part) => JSON.stringify(part));
  const signed = parts.map((part) => Buffer.from(part).toString('base64url')).join('.');
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}
