// What `npm run send` asks of `npm start`, which alone holds the keys and secrets: POST /send, on this machine only.

import * as v from 'valibot';
import { type Choice, deliver, findExample, NoSuchExampleError, toUser } from './delivery.ts';
import type { SigningKeys } from './providers/keys.ts';
import type { RoqUser } from './roq-users.ts';
import { answerJson, isFromThisMachine, parseObject, type RunningServer, readBody, serve } from './server.ts';

export type ControlsOptions = {
  /** 0: a free one. */
  readonly port: number;
  /** The address of the webhook, up to the provider's name. */
  readonly webhookUrl: string;
  /** The webhook's settings. */
  readonly environment: Readonly<Record<string, string>>;
  readonly keys: SigningKeys;
  readonly roq: { readonly users: readonly RoqUser[] };
};

const request = v.object({
  provider: v.string(),
  event: v.string(),
  user: v.optional(v.object({ id: v.optional(v.string()), email: v.optional(v.string()) }), {}),
});

const maxBytes = 100_000;

export function startControls({
  port,
  webhookUrl,
  roq,
  ...signing
}: ControlsOptions): Promise<RunningServer> {
  return serve(port, async (incoming, response) => {
    if (incoming.method !== 'POST' || incoming.url !== '/send') {
      return answerJson(response, 404, { error: 'There is POST /send, and nothing else.' });
    }
    if (!isFromThisMachine(incoming))
      return answerJson(response, 403, { error: 'No page of a browser may send.' });
    const asked = v.safeParse(request, parseObject(await readBody(incoming, maxBytes)));
    if (!asked.success) {
      return answerJson(response, 400, { error: 'The form is { provider, event, user?: { id?, email? } }.' });
    }
    const choice = choose(asked.output);
    if (choice instanceof NoSuchExampleError) return answerJson(response, 400, { error: choice.message });
    const url = `${webhookUrl}${choice.sender.name}`;
    const delivered = await deliver({ ...choice, ...signing, url, user: toUser(asked.output.user) });
    const users = roq.users.filter(({ reference }) => delivered.references.includes(reference));
    answerJson(response, 200, { ...delivered, users });
  });
}

function choose({ provider, event }: v.InferOutput<typeof request>): Choice | NoSuchExampleError {
  try {
    return findExample(provider, event);
  } catch (error) {
    if (error instanceof NoSuchExampleError) return error;
    throw error;
  }
}
