// The one record a user has, and its form as a DynamoDB item. Pure.

import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { ConvergeCode } from '../errors.ts';
import { type Fact, type FactName, type Facts, factNames, type RoqFields } from '../user.ts';

export type UserRecord = {
  /** The auth provider's immutable user id: the key. */
  readonly reference: string;
  readonly facts: Facts;
  /** The providers that told something of the user; empty in records of before, which the next to tell claims. */
  readonly sources: readonly string[];
  /** Raised by each fold that changed something. */
  readonly version: number;
  /** The version that ROQ was last made to match; 0 = never. */
  readonly syncedVersion: number;
  readonly roqId: string | null;
  /** What ROQ is believed to hold; null = not known, it must be looked up. */
  readonly observed: RoqFields | null;
  readonly lease: Lease | null;
  /** Why the record is in the sparse index; null = in step with ROQ. */
  readonly queue: Queue | null;
  /** When it enters the index's due end, in milliseconds; null = not in the index. */
  readonly dueAt: number | null;
  /** Since when it is out of step, in milliseconds. */
  readonly pendingSince: number | null;
  /** Failed attempts in a row. */
  readonly attempts: number;
  readonly lastError: ConvergeCode | null;
  /** Counted under the ceiling on deactivations already, or let through by an operator. */
  readonly cleared: boolean;
  /** Profile fields that ROQ gave back otherwise than they were sent, each as a digest of the two values. */
  readonly contested: Contested;
  /** The last steps, each as a text: see lib/history.ts. */
  readonly steps: readonly string[];
};

export type Contested = Readonly<Record<string, string>>;

/** Who may converge the record, and until when, in milliseconds. */
export type Lease = { readonly owner: string; readonly untilMs: number };

/**
 * - `pending`: to be converged when due.
 * - `waiting`: can't be created yet, ROQ demands an e-mail address.
 * - `parked`: ROQ refuses for good; new facts or an operator set it going again.
 * - `held`: its deactivation is over the ceiling; an operator lets it through or drops it.
 */
export type Queue = (typeof queues)[number];

export const queues = ['pending', 'waiting', 'parked', 'held'] as const;

/** What the sparse index knows of a record. */
export type Queued = Pick<UserRecord, 'reference' | 'dueAt' | 'pendingSince' | 'attempts' | 'lastError'>;

export type Item = Record<string, AttributeValue>;

/** A queue is spread over this many index partitions; raising it is safe only once no record is in the index. */
const shardCount = 4;

/** The index partition of a reference in a queue. */
export function shardOf(queue: Queue, reference: string): string {
  let sum = 0;
  for (let i = 0; i < reference.length; i++) sum = (sum * 31 + reference.charCodeAt(i)) % 65_521;
  return `${queue}#${sum % shardCount}`;
}

/** Every index partition of a queue. */
export function shardsOf(queue: Queue): readonly string[] {
  return Array.from({ length: shardCount }, (_, shard) => `${queue}#${shard}`);
}

export function toRecord(item: Item): UserRecord {
  const owner = text(item.owner);
  return {
    reference: text(item.reference) ?? '',
    facts: toFacts(item),
    sources: item.sources?.SS ?? [],
    version: number(item.version) ?? 0,
    syncedVersion: number(item.syncedVersion) ?? 0,
    roqId: text(item.roqId),
    observed: item.observed?.M ? toRoqFields(item.observed.M) : null,
    lease: owner === null ? null : { owner, untilMs: number(item.leaseUntil) ?? 0 },
    queue: (text(item.shard)?.split('#')[0] ?? null) as Queue | null,
    dueAt: number(item.dueAt),
    pendingSince: number(item.pendingSince),
    attempts: number(item.attempts) ?? 0,
    lastError: text(item.lastError) as ConvergeCode | null,
    cleared: item.cleared?.BOOL ?? false,
    contested: toContested(item.contested?.M ?? {}),
    steps: (item.steps?.L ?? []).map((step) => text(step) ?? ''),
  };
}

export function toQueued(item: Item): Queued {
  const { reference, dueAt, pendingSince, attempts, lastError } = toRecord(item);
  return { reference, dueAt, pendingSince, attempts, lastError };
}

function toFacts(item: Item): Facts {
  const facts: { [Name in FactName]?: Fact } = {};
  for (const name of factNames) {
    const fact = item[name]?.M;
    if (!fact?.value) continue;
    const of = fact.of && { of: text(fact.of) };
    facts[name] = { value: toValue(fact.value), at: number(fact.at) ?? 0, ...of };
  }
  return facts;
}

function toContested(map: Item): Contested {
  return Object.fromEntries(Object.entries(map).map(([name, digest]) => [name, text(digest) ?? '']));
}

function toRoqFields(map: Item): RoqFields {
  return Object.fromEntries(Object.entries(map).map(([name, value]) => [name, toValue(value)]));
}

function toValue(value: AttributeValue): Fact['value'] {
  return value.S ?? value.BOOL ?? null;
}

function text(value: AttributeValue | undefined): string | null {
  return value?.S ?? null;
}

function number(value: AttributeValue | undefined): number | null {
  return value?.N === undefined ? null : Number(value.N);
}

export function factAttribute({ value, at, of }: Fact): AttributeValue {
  return {
    M: {
      value: valueAttribute(value),
      at: numberAttribute(at),
      ...(of !== undefined && { of: valueAttribute(of) }),
    },
  };
}

export function fieldsAttribute(state: RoqFields): AttributeValue {
  return {
    M: Object.fromEntries(Object.entries(state).map(([name, value]) => [name, valueAttribute(value)])),
  };
}

export function numberAttribute(value: number): AttributeValue {
  return { N: String(value) };
}

export function valueAttribute(value: Fact['value']): AttributeValue {
  if (value === null) return { NULL: true };
  return typeof value === 'boolean' ? { BOOL: value } : { S: value };
}
