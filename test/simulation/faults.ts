// What can happen to a call: each fault by its name, how often a history has it, and what it does.

import { ProvisionedThroughputExceededException } from '@aws-sdk/client-dynamodb';
import type { Chance } from './chance.ts';
import type { Fate, Strike } from './lambda.ts';

export const dynamodbFaults = ['unreachable', 'lost', 'throttled'] as const;
export const roqFaults = [
  'refused',
  'dropped',
  'cut',
  'hanging',
  'late',
  'throttled',
  'bad-gateway',
  'internal',
  'expired',
  'partial',
  'bad-request',
  'not-found',
] as const;

// These happen to questions: a change that is refused is refused for good.
const ofQuestions: ReadonlySet<string> = new Set(['partial', 'bad-request', 'not-found']);

export type DynamodbFault = (typeof dynamodbFaults)[number];
export type RoqFault = (typeof roqFaults)[number];

/** How often things go wrong in a history, of one call. */
export type Rates = {
  readonly dynamodb: Readonly<Partial<Record<DynamodbFault, number>>>;
  readonly roq: Readonly<Partial<Record<RoqFault, number>>>;
  readonly dies: number;
  /** How often a process stands still for a while, in the middle of its work. */
  readonly pauses: number;
  /** How long a call to ROQ takes at most, one way, in milliseconds. */
  readonly roqMs: number;
};

/** A change that ROQ has not answered lands within this time, or never. */
const latestMs = 25_000;

const requestTimeoutMs = 1_000;

/** What each fault of DynamoDB does. */
export function dynamodbStrike(how: DynamodbFault | 'well', ms: number): Strike {
  const strike = { how, thereMs: ms, backMs: ms, failure: null, dies: null };
  switch (how) {
    case 'unreachable':
      return { ...strike, thereMs: null, backMs: requestTimeoutMs, failure: timeout() };
    case 'lost':
      return { ...strike, backMs: requestTimeoutMs - ms, failure: timeout() };
    case 'throttled': {
      const details = { message: 'slow down', $metadata: {} };
      return { ...strike, thereMs: null, failure: new ProvisionedThroughputExceededException(details) };
    }
    default:
      return strike;
  }
}

/** What each fault of ROQ does to the call; `ms`: how long it takes, one way; `lateMs`: when what is late lands. */
export function roqStrike(how: RoqFault | 'well', ms: number, lateMs: number): Strike {
  const strike = { how, thereMs: ms, backMs: ms, failure: null, dies: null };
  switch (how) {
    case 'refused':
      return { ...strike, thereMs: null, failure: networkError('ECONNREFUSED') };
    case 'dropped':
      return { ...strike, thereMs: null, failure: networkError('ECONNRESET') };
    case 'cut':
      return { ...strike, failure: networkError('ECONNRESET') };
    case 'hanging':
      return { ...strike, backMs: null };
    case 'late':
      return { ...strike, thereMs: lateMs, backMs: null };
    default:
      return strike;
  }
}

/** Chance decides over each call of an invocation. */
export function chanceFate(
  chance: Chance,
  rates: Rates,
  isDown: (service: 'dynamodb' | 'roq') => boolean,
): Fate {
  return (service, what) => {
    const roll = chance.next();
    const lateMs = chance.between(1_000, latestMs);
    const pauseMs = chance.is(rates.pauses) ? chance.between(100, chance.pick([2_000, 8_000, 45_000])) : 0;
    // Between a change at ROQ and the record of it is where it hurts most.
    const diesRate = rates.dies > 0 && what.includes('User') ? 0.3 : rates.dies;
    const dies = chance.is(diesRate) ? chance.pick(['before', 'after'] as const) : null;
    if (service === 'dynamodb') {
      const how = isDown(service) ? 'unreachable' : draw(dynamodbFaults, rates.dynamodb, roll);
      return { ...dynamodbStrike(how, chance.between(1, 20)), dies, pauseMs };
    }
    const drawn = isDown(service)
      ? chance.pick(['refused', 'bad-gateway', 'hanging'])
      : draw(roqFaults, rates.roq, roll);
    const how = ofQuestions.has(drawn) && what !== 'users' ? 'well' : drawn;
    // Nothing reaches what is down.
    const strike = roqStrike(how, chance.between(1, rates.roqMs), lateMs);
    return { ...strike, ...(isDown(service) && how === 'hanging' && { thereMs: null }), dies, pauseMs };
  };
}

/** Everything goes well, and fast. */
export const calm: Fate = (service) =>
  service === 'dynamodb' ? dynamodbStrike('well', 1) : roqStrike('well', 5, 0);

function draw<Name extends string>(
  names: readonly Name[],
  rates: Readonly<Partial<Record<Name, number>>>,
  roll: number,
): Name | 'well' {
  let sum = 0;
  for (const name of names) {
    sum += rates[name] ?? 0;
    if (roll < sum) return name;
  }
  return 'well';
}

function timeout(): Error {
  return Object.assign(new Error('no answer in time'), { name: 'TimeoutError' });
}

function networkError(code: string): Error {
  return new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) });
}
