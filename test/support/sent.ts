// What senders send, as the webhook hands it to a provider, and the provider that reads it.

import type * as v from 'valibot';
import { expect } from 'vitest';
import { type Environment, readSettings } from '../../lib/config/settings.ts';
import { RejectedError, type RejectionCode } from '../../lib/errors.ts';
import type { LookUp, WebhookRequest } from '../../lib/event.ts';
import type { Provider, Read } from '../../lib/providers/provider.ts';
import { providers } from '../../lib/providers/registry.ts';
import type { SigningKeys } from '../../local/providers/keys.ts';
import { senders } from '../../local/providers/registry.ts';
import {
  type Example,
  type SampleUser,
  type Sender,
  type SenderEnvironment,
  type SignedRequest,
  sampleUser,
} from '../../local/providers/sender.ts';

export const nowMs = Date.parse('2026-05-04T12:00:00Z');
/** When examples happened: in no whole second. */
export const atMs = nowMs - 1_750;
export const user: SampleUser = sampleUser('9f4a3b5e-0000-4000-8000-000000000001');

/** A sender with one set of its settings. */
export type Way = {
  readonly title: string;
  readonly sender: Sender;
  readonly provider: Provider;
  readonly environment: SenderEnvironment;
};

/** Every sender, in every way in which it can sign. */
export function listWays(): readonly Way[] {
  return senders.flatMap((sender) => {
    const { name, environment, variants = {} } = sender;
    const provider = findProvider(name);
    const others = Object.entries(variants).map(([how, environment]) => ({
      title: `${name} by ${how}`,
      sender,
      provider,
      environment,
    }));
    return [{ title: name, sender, provider, environment }, ...others];
  });
}

function findProvider(name: string): Provider {
  const provider = providers.find((candidate) => candidate.name === name);
  if (!provider) throw new Error(`there is no provider ${name}`);
  return provider;
}

/** Secrets may be readable words here. The users' objects, which are for mappings, are left out. */
export function connect<Settings extends v.ObjectEntries>(
  provider: Provider<Settings>,
  environment: Environment,
): Read {
  const read = provider.connect(
    readSettings(provider.settings, { ALLOW_SHORT_SECRETS: 'true', ...environment }),
  );
  return async (request, nowMs) => (await read(request, nowMs)).map(({ original: _, ...event }) => event);
}

/** A look-up that answers without the users' objects, which are for mappings. */
export function withoutObjects(lookUp: LookUp): LookUp {
  return async (reference) => {
    const found = await lookUp(reference);
    if (!found) return null;
    const { original: _, ...user } = found;
    return user;
  };
}

/** The examples of which something is to be mirrored. */
export function listMirrored({ examples }: Sender): readonly (readonly [string, Example])[] {
  return Object.entries(examples).filter(([, { wanted }]) => wanted(user, atMs).some(({ told }) => told));
}

/** The first mirrored example: the one that is sent wrongly in every way. */
export function firstMirrored(sender: Sender): Example {
  const [first] = listMirrored(sender);
  if (!first) throw new Error(`${sender.name} has no example that is mirrored`);
  return first[1];
}

/** The payload of one example, of when and of whom all examples are. */
export function examplePayload({ name, examples }: Sender, example: string): Record<string, unknown> {
  const found = examples[example];
  if (!found) throw new Error(`${name} has no example ${example}`);
  return { ...found.payload(user, atMs) };
}

export type SendOptions = {
  readonly keys: SigningKeys;
  readonly settings: Readonly<Record<string, string>>;
  readonly signedAtMs?: number;
};

/** A signed request, its header names in lower case, as they leave the webhook. */
export async function send(
  sender: Sender,
  payload: object,
  { keys, settings, signedAtMs = nowMs }: SendOptions,
): Promise<WebhookRequest> {
  return toRequest(await sender.sign(payload, { keys, environment: settings, nowMs: signedAtMs }));
}

function toRequest({ headers, body }: SignedRequest): WebhookRequest {
  const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  return { method: 'POST', headers: Object.fromEntries(lower), body };
}

/** The rejection that a reading ends in, which must be for one of these reasons. */
export async function expectRejected(
  reading: Promise<unknown>,
  ...codes: readonly RejectionCode[]
): Promise<RejectedError> {
  const error = await reading.then(
    (events) => new Error(`was taken as ${JSON.stringify(events)}`),
    (reason: Error) => reason,
  );
  if (!(error instanceof RejectedError)) throw error;
  expect(codes).toContain(error.code);
  return error;
}
