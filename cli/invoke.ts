// Calls a function by Lambda's Invoke API: of `npm start` on this machine, or of a deployment, signed with AWS credentials.
// https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html

import { type IncomingHttpHeaders, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { signForAws } from '../lib/http/aws-request.ts';
import { isObject } from '../lib/json.ts';
import { explainAws } from './aws-refusals.ts';
import { readCredentials } from './credentials.ts';
import type { Options } from './options.ts';
import { MissingFunction, Refusal } from './refusal.ts';

/** Calls a function. @throws Refusal where it can't be reached, fails, or answers an error */
export type Invoke = <Answer>(
  functionName: 'operate' | 'backfill' | 'pull',
  input: object,
) => Promise<Answer>;

type Environment = Readonly<Record<string, string | undefined>>;

type Target = {
  readonly urlOf: (functionName: string) => string;
  readonly sign: (url: string, body: string) => Promise<Readonly<Record<string, string>>>;
  readonly unreachable: string;
};

// One backfill runs at a time, and one that was just stopped may still be at its last chunk.
const tooMany = 429;
const longestWaitMs = 8_000;

/** How functions are called, by the options of the command line. @throws Refusal */
export function createInvoke(options: Options, environment: Environment): Invoke {
  const target = options.stage === undefined ? localTarget(options) : deployedTarget(options, environment);
  return async <Answer>(functionName: string, input: object) => {
    const url = target.urlOf(functionName);
    const body = JSON.stringify(input);
    for (let waitMs = 500; ; waitMs *= 2) {
      const answer = await post(url, await target.sign(url, body), body).catch((error: Error) => {
        throw new Refusal(
          'unreachable',
          `${target.unreachable} (${'code' in error ? error.code : error.name})`,
        );
      });
      if (answer.status !== tooMany || waitMs > longestWaitMs) return read(answer, url) as Answer;
      await delay(waitMs);
    }
  };
}

function localTarget({ port = '3000', region }: Options): Target {
  if (region !== undefined) throw new Refusal('wrongUsage', '--region goes with --stage.');
  const number = Number(port);
  if (!Number.isInteger(number) || number < 1 || number > 65_535) {
    throw new Refusal('wrongUsage', '--port takes 1 to 65535.');
  }
  return {
    urlOf: (functionName) => `http://127.0.0.1:${number}/2015-03-31/functions/${functionName}/invocations`,
    sign: async () => ({}),
    unreachable: `Nothing answers on port ${number}. Is \`npm start\` running? For a deployment, give --stage.`,
  };
}

function deployedTarget({ stage = '', port, region: asked }: Options, environment: Environment): Target {
  if (port !== undefined) throw new Refusal('wrongUsage', 'Either --port or --stage.');
  if (!/^[\w-]+$/.test(stage)) throw new Refusal('wrongUsage', '--stage takes the name of a stage.');
  const region = asked ?? (environment.AWS_REGION || 'eu-central-1');
  // It becomes a part of the host that gets a signed request: nothing in it may end the host's name.
  if (!/^[a-z]{2,4}(-[a-z]+){1,3}-\d{1,2}$/.test(region)) {
    const source = asked === undefined ? 'AWS_REGION' : '--region';
    throw new Refusal('wrongUsage', `${source} takes the name of a region, as eu-central-1.`);
  }
  const endpoint =
    readEndpoint(environment.AWS_ENDPOINT_URL_LAMBDA) ?? `https://lambda.${region}.amazonaws.com`;
  return {
    urlOf: (functionName) => `${endpoint}/2015-03-31/functions/roq-sync-${stage}-${functionName}/invocations`,
    sign: (url, body) => sign(url, body, region, environment),
    unreachable: `AWS Lambda does not answer in ${region}.`,
  };
}

/** Another address of Lambda, of a stand-in or within a private network, that the environment names. */
function readEndpoint(address: string | undefined): string | undefined {
  if (!address) return undefined;
  const url = URL.canParse(address) ? new URL(address) : null;
  const isOrigin = url && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`;
  if (!isOrigin) {
    throw new Refusal(
      'wrongUsage',
      'AWS_ENDPOINT_URL_LAMBDA takes an address, as https://lambda.internal:4566.',
    );
  }
  return url.origin;
}

async function sign(
  url: string,
  body: string,
  region: string,
  environment: Environment,
): Promise<Record<string, string>> {
  const credentials = await readCredentials(environment);
  return signForAws({ url: new URL(url), headers: {}, body, region, service: 'lambda', credentials });
}

type HttpAnswer = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
};

// The longest that any of the functions may take, and a little more.
const silentMs = 16 * 60_000;

class SilentError extends Error {
  readonly code = 'no answer in 16 minutes';
}

// Node's fetch ends after five minutes without an answer, and a function may take fifteen.
function post(url: string, headers: Readonly<Record<string, string>>, body: string): Promise<HttpAnswer> {
  const send = url.startsWith('https:') ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const outgoing = send(url, { method: 'POST', headers }, async (response) => {
      try {
        const chunks = (await Array.fromAsync(response)) as Buffer[];
        const text = Buffer.concat(chunks).toString();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text });
      } catch (error) {
        reject(error);
      }
    });
    // Routers drop a connection that is silent for minutes.
    outgoing.on('socket', (socket) => socket.setKeepAlive(true, 30_000));
    outgoing.setTimeout(silentMs, () => outgoing.destroy(new SilentError()));
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

function read({ status, headers, body }: HttpAnswer, url: string): unknown {
  const answer = parse(body);
  if (status === tooMany) {
    throw new Refusal('unreachable', 'The function is busy with another call. Try again later.', 'busy');
  }
  if (status !== 200) {
    const type = String(headers['x-amzn-errortype'] ?? 'no Lambda');
    const isMissing = type.startsWith('ResourceNotFoundException');
    const text = `${url} answers ${status} (${type}). ${explainAws(type, body)}`.trimEnd();
    throw new (isMissing ? MissingFunction : Refusal)('unreachable', text);
  }
  if (headers['x-amz-function-error']) {
    const { errorType, errorMessage } = isObject(answer) ? answer : {};
    throw new Refusal('unreachable', `The function failed: ${errorType}: ${errorMessage}`, 'function_failed');
  }
  if (!isObject(answer)) throw new Refusal('unreachable', `What answers at ${url} is not roq-sync.`);
  if (!isObject(answer.error)) return answer;
  const { code, message } = answer.error;
  const isOurs = code === 'command_invalid' || code === 'input_invalid';
  throw new Refusal(isOurs ? 'wrongUsage' : 'needsPerson', String(message), String(code));
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
