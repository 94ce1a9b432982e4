// One example event of any provider, found by name, signed as the provider signs, and posted to a webhook.

import type { SigningKeys } from './providers/keys.ts';
import { senders } from './providers/registry.ts';
import { type Example, type SampleUser, type Sender, sampleUser } from './providers/sender.ts';

export type Choice = { readonly sender: Sender; readonly event: string; readonly example: Example };

/** What to send is not there; the message lists what is. */
export class NoSuchExampleError extends Error {
  override readonly name = 'NoSuchExampleError';
}

/** @throws NoSuchExampleError */
export function findSender(provider: string): Sender {
  const sender = senders.find(({ name }) => name === provider);
  if (sender) return sender;
  const known = senders.map(({ name }) => name).join(', ');
  throw new NoSuchExampleError(`There is no provider "${provider}". There are: ${known}`);
}

/**
 * The example of that name, or the first of a kind of that name.
 * @throws NoSuchExampleError
 */
export function findExample(provider: string, event: string): Choice {
  const sender = findSender(provider);
  const names = Object.keys(sender.examples);
  const found = names.find((name) => name === event) ?? names.find((name) => name.startsWith(`${event}-`));
  const example = found === undefined ? undefined : sender.examples[found];
  if (found === undefined || !example) {
    throw new NoSuchExampleError(`${provider} sends no "${event}". It sends: ${names.join(', ')}`);
  }
  return { sender, event: found, example };
}

// One user for all providers, unless somebody asks for another one: some take only ids that are UUIDs.
const adaId = '0a1b2c3d-0000-4000-8000-000000000ada';

/** The user that an example is to be about. */
export function toUser({
  id,
  email,
}: {
  readonly id?: string | undefined;
  readonly email?: string | undefined;
}): SampleUser {
  return sampleUser(id ?? adaId, email);
}

export type DeliveryOptions = Choice & {
  readonly user: SampleUser;
  /** The receiver's settings; those that hold secrets sign. */
  readonly environment: Readonly<Record<string, string>>;
  readonly keys: SigningKeys;
  readonly url: string;
};

export type Delivered = {
  readonly provider: string;
  readonly event: string;
  /** The users that it is about, as far as it is to be mirrored. */
  readonly references: readonly string[];
  readonly status: number;
  readonly answer: string;
};

/** Signs the example as of now, and posts it. */
export async function deliver(options: DeliveryOptions): Promise<Delivered> {
  const { sender, event, example, user, environment, keys, url } = options;
  const nowMs = Date.now();
  const { headers, body } = await sender.sign(example.payload(user, nowMs), { nowMs, environment, keys });
  const response = await fetch(url, { method: 'POST', headers, body: Buffer.from(body) });
  const told = example
    .wanted(user, nowMs)
    .map(({ reference }) => reference)
    .filter((reference) => reference !== null);
  return {
    provider: sender.name,
    event,
    references: [...new Set(told)],
    status: response.status,
    answer: await response.text(),
  };
}
