// What the console of `npm start` has to play with: every provider's events, a ROQ that can be broken, users of whose changes
// no webhook tells.

import { createEventBook } from '../console/event-book.ts';
import type { Workshop } from '../console/system.ts';
import { providers } from '../lib/providers/registry.ts';
import { deliver, findExample, toUser } from './delivery.ts';
import { apiUser } from './providers/api.ts';
import { kratosApi } from './providers/kratos/api.ts';
import { senders } from './providers/registry.ts';
import type { Stack } from './stack.ts';

/** Over a stack that runs; events are noted by who hears of them. */
export function createWorkshop(stack: Stack, events = createEventBook()): Workshop {
  const { api, door, keys, settings, webhookUrl } = stack;
  return {
    events,
    examples: senders.map(({ name, examples }) => ({
      provider: name,
      title: providers.find((one) => one.name === name)?.title ?? name,
      names: Object.keys(examples),
    })),
    send: async ({ provider, event, id, email }) => {
      const choice = findExample(provider, event);
      const url = `${webhookUrl}${provider}`;
      return deliver({ ...choice, url, user: toUser({ id, email }), environment: settings, keys });
    },
    broken: stack.breaker.broken,
    breakRoq: stack.breaker.breakRoq,
    reconcile: async () => {
      await invoke(door.url, 'reconcile', {});
    },
    untold: {
      provider: 'Kratos',
      users: () => [...api.users.values()],
      change: (id, change) => changeUntold(api.users, id, change),
      pull: async () => {
        const { id } = (await invoke(door.url, 'pull', { begin: 'kratos', apply: true })) as { id: string };
        void invoke(door.url, 'pull', { job: id });
        return id;
      },
    },
  };
}

function changeUntold(users: Stack['api']['users'], id: string, change: string): void {
  const nowMs = Date.now();
  if (change === 'add') {
    const user = apiUser(kratosApi, users.size + 1, { createdAtMs: nowMs, changedAtMs: nowMs });
    users.set(user.id, { ...user, email: `user-${users.size + 1}@example.com` });
    return;
  }
  const user = users.get(id);
  if (!user) return;
  const changes = {
    verify: { emailVerified: true },
    disable: { disabled: true },
    enable: { disabled: false },
    rename: { firstName: user.firstName === 'Emma' ? 'Emily' : 'Emma' },
  };
  if (change === 'delete') users.delete(id);
  else if (Object.hasOwn(changes, change)) {
    users.set(id, { ...user, ...changes[change as keyof typeof changes], changedAtMs: nowMs });
  }
}

/** Calls a function at the door as AWS's Invoke does. @throws an error with the message that it answered */
export async function invoke(doorUrl: string, name: string, input: object): Promise<unknown> {
  const url = `${doorUrl}/2015-03-31/functions/${name}/invocations`;
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(input) });
  const answer = (await response.json()) as { error?: { message: string }; errorMessage?: string } | null;
  const message =
    answer?.error?.message ?? (response.headers.has('x-amz-function-error') ? answer?.errorMessage : null);
  if (message) throw new Error(message);
  return answer;
}
