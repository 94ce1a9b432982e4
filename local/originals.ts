// The users' objects of a provider, as its examples and its stand-in's API have them: what expressions are tried on.

import { readSettings } from '../lib/config/settings.ts';
import type { Original } from '../lib/event.ts';
import { directories } from '../lib/providers/directories.ts';
import { providers } from '../lib/providers/registry.ts';
import { toUser } from './delivery.ts';
import { apiUser, startApi } from './providers/api.ts';
import { apis } from './providers/apis.ts';
import { startSigningKeys } from './providers/keys.ts';
import { senders } from './providers/registry.ts';

/** An object, and where it stands: the example's name, or `the API`. */
export type NamedOriginal = { readonly from: string; readonly original: Original };

/** All objects of a provider; none where it has no examples, or its events hold no user. */
export async function originalsOf(name: string): Promise<readonly NamedOriginal[]> {
  return [...(await ofExamples(name)), ...(await ofApi(name))];
}

async function ofExamples(name: string): Promise<readonly NamedOriginal[]> {
  const provider = providers.find((one) => one.name === name);
  const sender = senders.find((one) => one.name === name);
  if (!provider || !sender) return [];
  const keys = await startSigningKeys();
  try {
    const environment = sender.environment(keys);
    const read = provider.connect(readSettings(provider.settings, environment));
    const nowMs = Date.now();
    const originals: NamedOriginal[] = [];
    for (const [from, example] of Object.entries(sender.examples)) {
      const signed = await sender.sign(example.payload(toUser({}), nowMs), { nowMs, environment, keys });
      const headers = Object.entries(signed.headers).map(([header, value]) => [header.toLowerCase(), value]);
      const request = { method: 'POST', headers: Object.fromEntries(headers), body: signed.body };
      const events = await read(request, nowMs);
      const told = events.filter((event) => !event.told?.deleted);
      originals.push(...told.flatMap(({ original }) => (original ? [{ from, original }] : [])));
    }
    return originals;
  } finally {
    await keys.close();
  }
}

async function ofApi(name: string): Promise<readonly NamedOriginal[]> {
  const traits = directories.find((one) => one.name === name);
  const its = apis.find((one) => one.name === name);
  if (!traits || !its) return [];
  const api = await startApi(its);
  try {
    const user = apiUser(its, 1);
    api.users.set(user.id, user);
    const directory = traits.connect(readSettings(traits.settings, api.environment));
    const { profile } = await directory.get(user.id, AbortSignal.timeout(10_000));
    return profile?.original ? [{ from: 'the API', original: profile.original }] : [];
  } finally {
    await api.close();
  }
}
