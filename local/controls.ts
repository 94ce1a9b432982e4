// What `npm run send` and `npm run break` ask of `npm start`, which alone holds the keys and secrets: POST /send and /break, on
// this machine only.

import type { IncomingMessage, ServerResponse } from 'node:http';
import * as v from 'valibot';
import { breakages } from '../console/system.ts';
import type { Breaker } from './breaker.ts';
import { type Choice, deliver, findExample, NoSuchExampleError, toUser } from './delivery.ts';
import type { SigningKeys } from './providers/keys.ts';
import type { RoqUser } from './roq-user.ts';
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
  readonly breaker: Breaker;
};

const request = v.object({
  provider: v.string(),
  event: v.string(),
  user: v.optional(v.object({ id: v.optional(v.string()), email: v.optional(v.string()) }), {}),
});

const breakRequest = v.object({ how: v.nullable(v.picklist(breakages)) });

const maxBytes = 100_000;

export function startControls(options: ControlsOptions): Promise<RunningServer> {
  return serve(options.port, async (incoming, response) => {
    const answer = incoming.method === 'POST' ? answers[incoming.url ?? ''] : undefined;
    if (!answer) {
      return answerJson(response, 404, { error: 'There are POST /send and POST /break, and nothing else.' });
    }
    if (!isFromThisMachine(incoming))
      return answerJson(response, 403, { error: 'No page of a browser may send.' });
    await answer(options, incoming, response);
  });
}

type Answer = (
  options: ControlsOptions,
  incoming: IncomingMessage,
  response: ServerResponse,
) => Promise<void>;

const answers: Readonly<Record<string, Answer>> = { '/send': answerSend, '/break': answerBreak };

async function answerSend(
  { webhookUrl, roq, keys, environment }: ControlsOptions,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const asked = v.safeParse(request, parseObject(await readBody(incoming, maxBytes)));
  if (!asked.success) {
    return answerJson(response, 400, { error: 'The form is { provider, event, user?: { id?, email? } }.' });
  }
  const choice = choose(asked.output);
  if (choice instanceof NoSuchExampleError) return answerJson(response, 400, { error: choice.message });
  const url = `${webhookUrl}${choice.sender.name}`;
  const delivered = await deliver({ ...choice, keys, environment, url, user: toUser(asked.output.user) });
  const users = roq.users.filter(({ reference }) => delivered.references.includes(reference));
  answerJson(response, 200, { ...delivered, users });
}

async function answerBreak(
  { breaker }: ControlsOptions,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const asked = v.safeParse(breakRequest, parseObject(await readBody(incoming, maxBytes)));
  if (!asked.success) {
    return answerJson(response, 400, { error: `how is one of ${breakages.join(', ')}, or null` });
  }
  breaker.breakRoq(asked.output.how);
  answerJson(response, 200, { how: breaker.broken() });
}

function choose({ provider, event }: v.InferOutput<typeof request>): Choice | NoSuchExampleError {
  try {
    return findExample(provider, event);
  } catch (error) {
    if (error instanceof NoSuchExampleError) return error;
    throw error;
  }
}
