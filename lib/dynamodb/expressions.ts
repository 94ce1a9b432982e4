// The named pieces of a conditional write to a record, and how they join into one.

import type { ConvergeCode } from '../errors.ts';
import type { Fact, FactName, Facts, RoqFields } from '../user.ts';
import {
  factAttribute,
  fieldsAttribute,
  type Item,
  numberAttribute,
  type Queue,
  shardOf,
  type UserRecord,
} from './record.ts';

/** What converge found out about a user at ROQ. `observed` null = not known for sure. */
export type Found = { readonly roqId: string | null; readonly observed: RoqFields | null };

/** A piece of an update expression; the pieces of one write are joined. */
export type Part = {
  readonly set?: readonly string[];
  readonly add?: readonly string[];
  readonly remove?: readonly string[];
  readonly condition?: string;
  readonly names?: Record<string, string>;
  readonly values?: Item;
};

// Reserved words of DynamoDB's expressions.
const ownerName = { '#owner': 'owner' };
export const shardName = { '#shard': 'shard' };
const sourcesName = { '#sources': 'sources' };
const keyName = { '#reference': 'reference' };

export const isNewUser: Part = { condition: 'attribute_not_exists(#reference)', names: keyName };

export const isKnownUser: Part = { condition: 'attribute_exists(#reference)', names: keyName };

/** Still pending, and due by then. */
export function isDue(reference: string, dueByMs: number): Part {
  return {
    condition: '#shard = :pending AND dueAt <= :dueBy',
    names: shardName,
    values: { ':pending': { S: shardOf('pending', reference) }, ':dueBy': numberAttribute(dueByMs) },
  };
}

export const isUnleased: Part = { condition: 'attribute_not_exists(#owner)', names: ownerName };

/** Somebody's lease is running. */
export function isLeasedAt(nowMs: number): Part {
  return { condition: 'leaseUntil > :now', values: { ':now': numberAttribute(nowMs) } };
}

/** The lease is this owner's. */
export function isLeasedTo(owner: string): Part {
  return { condition: '#owner = :ours', names: ownerName, values: { ':ours': { S: owner } } };
}

export const endLease: Part = { remove: ['#owner', 'leaseUntil'], names: ownerName };

export function takeLease(owner: string, untilMs: number): Part {
  return {
    set: ['#owner = :owner', 'leaseUntil = :leaseUntil'],
    names: ownerName,
    values: { ':owner': { S: owner }, ':leaseUntil': numberAttribute(untilMs) },
  };
}

export function versionIs(version: number): Part {
  return { condition: 'version = :version', values: { ':version': numberAttribute(version) } };
}

export function leaseIs({ lease }: UserRecord): Part {
  if (!lease) return isUnleased;
  return {
    condition: '#owner = :holder AND leaseUntil = :leasedUntil',
    names: ownerName,
    values: { ':holder': { S: lease.owner }, ':leasedUntil': numberAttribute(lease.untilMs) },
  };
}

// A lease that ran out was not given back: its holder may have changed ROQ and died before it could say so.
export function distrustIfAbandoned({ lease }: UserRecord): Part {
  return lease ? { remove: ['observed'] } : {};
}

export function setFacts(facts: Facts): Part {
  const entries = Object.entries(facts) as [FactName, Fact][];
  return {
    set: entries.map(([name]) => `#${name} = :${name}`),
    names: Object.fromEntries(entries.map(([name]) => [`#${name}`, name])),
    values: Object.fromEntries(entries.map(([name, fact]) => [`:${name}`, factAttribute(fact)])),
  };
}

export const raiseVersion: Part = {
  set: ['version = if_not_exists(version, :zero) + :one'],
  values: { ':zero': numberAttribute(0), ':one': numberAttribute(1) },
};

/** What failed before says nothing of the new facts, which must not wait as long as the old ones came to. */
export const restartBackoff: Part = { remove: ['attempts'] };

/** ROQ matches this version. */
export const isSynced: Part = { condition: 'syncedVersion = :version' };

/** ROQ matches the next version too. */
export const raiseSynced: Part = {
  set: ['syncedVersion = syncedVersion + :one'],
  values: { ':one': numberAttribute(1) },
};

/** Adds a source to those that told something of the user; null: nobody. */
export function toldBy(source: string | null): Part {
  if (source === null) return {};
  return { add: ['#sources :sources'], names: sourcesName, values: { ':sources': { SS: [source] } } };
}

/** No other source reported the user first. */
export function isToldBy(source: string | null): Part {
  if (source === null) return {};
  return {
    condition: '(attribute_not_exists(#sources) OR contains(#sources, :source))',
    names: sourcesName,
    values: { ':source': { S: source } },
  };
}

/** In a queue from now on, and due at `dueAt`; both in milliseconds. */
export function queueUp(reference: string, queue: Queue, dueAt: number, nowMs: number): Part {
  return {
    set: ['#shard = :shard', 'dueAt = :dueAt', 'pendingSince = if_not_exists(pendingSince, :since)'],
    names: shardName,
    values: {
      ':shard': { S: shardOf(queue, reference) },
      ':dueAt': numberAttribute(dueAt),
      ':since': numberAttribute(nowMs),
    },
  };
}

/** Pending, and due when the lease that is running ends. */
export function queueUpForLeaseEnd(reference: string, nowMs: number): Part {
  return {
    set: ['#shard = :shard', 'dueAt = leaseUntil', 'pendingSince = if_not_exists(pendingSince, :since)'],
    names: shardName,
    values: { ':shard': { S: shardOf('pending', reference) }, ':since': numberAttribute(nowMs) },
  };
}

export const leaveQueue: Part = { remove: ['#shard', 'dueAt', 'pendingSince'], names: shardName };

export function setFound({ roqId, observed }: Found): Part {
  return {
    set: [...(roqId ? ['roqId = :roqId'] : []), ...(observed ? ['observed = :observed'] : [])],
    remove: observed ? [] : ['observed'],
    values: {
      ...(roqId && { ':roqId': { S: roqId } }),
      ...(observed && { ':observed': fieldsAttribute(observed) }),
    },
  };
}

/** Nothing is known of ROQ, nor why it failed there. */
export const forgetFound: Part = { remove: ['roqId', 'observed', 'attempts', 'lastError', 'contested'] };

/** Fields that ROQ gave back otherwise than they were sent. */
export function setContested({ contested }: UserRecord): Part {
  const digests = Object.entries(contested).map(([name, digest]) => [name, { S: digest }] as const);
  if (digests.length === 0) return { remove: ['contested'] };
  return { set: ['contested = :contested'], values: { ':contested': { M: Object.fromEntries(digests) } } };
}

/** That a deactivation is counted already, as long as it is not made. */
export function setCleared({ cleared }: UserRecord, { observed }: Found): Part {
  return cleared && observed?.active !== false
    ? { set: ['cleared = :cleared'], values: { ':cleared': { BOOL: true } } }
    : { remove: ['cleared'] };
}

export function setFailure({ attempts }: UserRecord, code: ConvergeCode): Part {
  return {
    set: ['attempts = :attempts', 'lastError = :code'],
    values: { ':attempts': numberAttribute(attempts + 1), ':code': { S: code } },
  };
}

export function expressions(parts: readonly Part[]) {
  const set = parts.flatMap(({ set = [] }) => set);
  const add = parts.flatMap(({ add = [] }) => add);
  const remove = parts.flatMap(({ remove = [] }) => remove);
  const conditions = parts.map(({ condition }) => condition).filter((condition) => condition !== undefined);
  const names = Object.assign({}, ...parts.map((part) => part.names));
  return {
    UpdateExpression: [
      ...(set.length > 0 ? [`SET ${set.join(', ')}`] : []),
      ...(add.length > 0 ? [`ADD ${add.join(', ')}`] : []),
      ...(remove.length > 0 ? [`REMOVE ${remove.join(', ')}`] : []),
    ].join(' '),
    ConditionExpression: conditions.join(' AND '),
    ExpressionAttributeValues: Object.assign({}, ...parts.map((part) => part.values)) as Item,
    ...(Object.keys(names).length > 0 && { ExpressionAttributeNames: names as Record<string, string> }),
  };
}
