// The named pieces of a conditional write to a record, and how they join into one.

import type { RoqCode } from '../errors.ts';
import type { RoqFields } from '../user.ts';
import { fieldsAttribute, type Item, numberAttribute, shardOf, type UserRecord } from './record.ts';

/** What converge found out about a user at ROQ. `observed` null = not known for sure. */
export type Found = { readonly roqId: string | null; readonly observed: RoqFields | null };

/** A piece of an update expression; the pieces of one write are joined. */
export type Part = {
  readonly set?: readonly string[];
  readonly remove?: readonly string[];
  readonly condition?: string;
  readonly names?: Record<string, string>;
  readonly values?: Item;
};

// Reserved words of DynamoDB's expressions.
const ownerName = { '#owner': 'owner' };
export const shardName = { '#shard': 'shard' };
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

export function setCleared({ cleared }: UserRecord): Part {
  return cleared
    ? { set: ['cleared = :cleared'], values: { ':cleared': { BOOL: true } } }
    : { remove: ['cleared'] };
}

export function setFailure({ attempts }: UserRecord, code: RoqCode): Part {
  return {
    set: ['attempts = :attempts', 'lastError = :code'],
    values: { ':attempts': numberAttribute(attempts + 1), ':code': { S: code } },
  };
}

export function expressions(parts: readonly Part[]) {
  const set = parts.flatMap(({ set = [] }) => set);
  const remove = parts.flatMap(({ remove = [] }) => remove);
  const conditions = parts.map(({ condition }) => condition).filter((condition) => condition !== undefined);
  const names = Object.assign({}, ...parts.map((part) => part.names));
  return {
    UpdateExpression: [
      ...(set.length > 0 ? [`SET ${set.join(', ')}`] : []),
      ...(remove.length > 0 ? [`REMOVE ${remove.join(', ')}`] : []),
    ].join(' '),
    ConditionExpression: conditions.join(' AND '),
    ExpressionAttributeValues: Object.assign({}, ...parts.map((part) => part.values)) as Item,
    ...(Object.keys(names).length > 0 && { ExpressionAttributeNames: names as Record<string, string> }),
  };
}
