// Settings that stand in SSM Parameter Store, and secrets of Secrets Manager by way of it: read at run time, so that a
// new value needs no deployment. https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html

import { UnavailableError } from '../errors.ts';
import { readOwnCredentials, signForAws } from '../http/aws-request.ts';
import { createKeepAliveFetch } from '../http/keep-alive.ts';
import { log } from '../observability/log.ts';
import { type Environment, parameterOf } from './settings.ts';

// What one call takes. GetParametersByPath answers no more at once, would need a right to whole paths, and does not know
// secrets of Secrets Manager.
const maxNames = 10;

/** How old a value may be before it is read again. */
export const freshMs = 60_000;

// An account may make 40 calls a second in a region, which all its cold starts share: what is turned away is tried again
// for as long as the most impatient senders wait, which is 3 s, less what it takes to record an event.
// https://docs.aws.amazon.com/general/latest/gr/ssm.html#limits_ssm
const budgetMs = 2_600;
const callTimeoutMs = 1_000;
const firstPauseMs = 100;
const longestPauseMs = 400;

/**
 * The environment with every `ssm:NAME` replaced by the parameter of that name. One that does not exist, or may not be
 * read, is left as it is: readSettings refuses it, so that it concerns nobody but who needs it.
 * @throws UnavailableError `settings_unavailable`
 */
export async function readParameters(environment: Environment): Promise<Environment> {
  const names = Object.values(environment).map(parameterOf);
  const values = await getParameters([...new Set(names.filter((name) => name !== null))]);
  const resolved = Object.entries(environment).map(([setting, value]) => [
    setting,
    values.get(parameterOf(value) ?? '') ?? value,
  ]);
  return Object.fromEntries(resolved);
}

/** One call after the other, so that a function of many parameters does not turn its own calls away. */
async function getParameters(names: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const deadlineMs = performance.now() + budgetMs;
  const found: Found = { values: new Map(), refusals: [] };
  for (let i = 0; i < names.length; i += maxNames) {
    await getSome(names.slice(i, i + maxNames), deadlineMs, found);
  }
  const [refusal] = found.refusals;
  if (refusal && found.values.size === 0) throw unavailable(refusal);
  if (refusal) log({ message: 'failure', code: 'settings_unavailable', cause: refusal.name });
  return found.values;
}

type Found = { readonly values: Map<string, string>; readonly refusals: Error[] };

/** A name that may not be read makes AWS refuse the whole call, so what is refused is asked for again by halves. */
async function getSome(names: readonly string[], deadlineMs: number, found: Found): Promise<void> {
  const outcome = await callPatiently(names, deadlineMs);
  if (outcome.is === 'answered') {
    for (const { Name, Value } of outcome.parameters) found.values.set(Name, Value);
  } else if (names.length === 1) {
    found.refusals.push(outcome.error);
  } else {
    const middle = Math.ceil(names.length / 2);
    await getSome(names.slice(0, middle), deadlineMs, found);
    await getSome(names.slice(middle), deadlineMs, found);
  }
}

type Parameter = { readonly Name: string; readonly Value: string };

type Outcome =
  | { readonly is: 'answered'; readonly parameters: readonly Parameter[] }
  | { readonly is: 'refused'; readonly error: Error }
  | { readonly is: 'failed'; readonly error: unknown };

type Final = Exclude<Outcome, { is: 'failed' }>;

/** Tries again what another time may succeed, after a pause that is half chance, so that those turned away part. */
async function callPatiently(names: readonly string[], deadlineMs: number): Promise<Final> {
  let maxPauseMs = firstPauseMs;
  while (true) {
    const outcome = await call(names);
    if (outcome.is !== 'failed') return outcome;
    const leftMs = deadlineMs - performance.now();
    if (leftMs <= 0) throw unavailable(outcome.error);
    const pauseMs = ((1 + Math.random()) / 2) * maxPauseMs;
    // The last one is at the very end.
    await new Promise((resolve) => setTimeout(resolve, Math.min(pauseMs, leftMs)));
    maxPauseMs = Math.min(2 * maxPauseMs, longestPauseMs);
  }
}

type Answer = { readonly Parameters?: readonly Parameter[]; readonly __type?: string };

// Ten parameters of 8 KB have less.
const send = createKeepAliveFetch(1024 * 1024);

async function call(names: readonly string[]): Promise<Outcome> {
  try {
    const url = new URL(endpoint());
    const body = JSON.stringify({ Names: names, WithDecryption: true });
    const headers = await signForAws({
      url,
      body,
      service: 'ssm',
      region: process.env.AWS_REGION ?? '',
      headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'AmazonSSM.GetParameters' },
      credentials: readOwnCredentials(),
    });
    const signal = AbortSignal.timeout(callTimeoutMs);
    const response = await send(url, { method: 'POST', headers, body, signal });
    const { Parameters = [], __type: type = 'Error' } = (await response.json()) as Answer;
    if (response.ok) return { is: 'answered', parameters: Parameters };
    // Of a cause, its name is all that is logged: AWS's own, such as AccessDeniedException.
    const name = type.split('#').at(-1) ?? type;
    const error = Object.assign(new Error('AWS refuses it'), { name });
    const isPassing = response.status >= 500 || response.status === 429 || throttlings.includes(name);
    return { is: isPassing ? 'failed' : 'refused', error };
  } catch (error) {
    return { is: 'failed', error };
  }
}

// Answered 400. https://docs.aws.amazon.com/systems-manager/latest/APIReference/CommonErrors.html
const throttlings = ['ThrottlingException', 'Throttling', 'RequestLimitExceeded'];

function unavailable(cause: unknown): UnavailableError {
  return new UnavailableError('settings_unavailable', 'the parameters could not be read', { cause });
}

function endpoint(): string {
  const { AWS_ENDPOINT_URL_SSM, AWS_REGION } = process.env;
  return AWS_ENDPOINT_URL_SSM ?? `https://ssm.${AWS_REGION}.amazonaws.com/`;
}
