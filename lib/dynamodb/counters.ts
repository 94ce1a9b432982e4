// Counters under a limit, in the table of documents: what is counted never passes the limit, however many count at once.

import { randomUUID } from 'node:crypto';
import {
  type AttributeValue,
  ConditionalCheckFailedException,
  GetItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { reach, type TableOptions } from './client.ts';
import { type Item, numberAttribute } from './record.ts';

const hourMs = 60 * 60_000;

/** Two hours are counted, so that a count says nothing any more after three. */
const keepHoursMs = 3 * hourMs;

/** Each round counts the rest of what was asked for, or meets somebody else who counts. */
const maxRounds = 50;

type Update = {
  readonly set: string;
  readonly condition: string;
  readonly names: Record<string, string>;
  readonly values: Record<string, AttributeValue>;
  readonly keepMs?: number;
};

export function createCounters({ client, tableName, now }: TableOptions) {
  return { spend, refund, spent, spendInHours, spentInHours };

  /**
   * Counts up to `wanted` more under a limit, and answers how many of them found room.
   * The count is forgotten `keepMs` after its last change.
   */
  async function spend(id: string, wanted: number, limit: number, keepMs: number): Promise<number> {
    let part = Math.min(wanted, limit);
    while (part > 0) {
      const isCounted = await update(id, {
        set: '#n = if_not_exists(#n, :zero) + :part',
        condition: 'attribute_not_exists(#n) OR #n <= :room',
        names: { '#n': 'count' },
        values: {
          ':zero': numberAttribute(0),
          ':part': numberAttribute(part),
          ':room': numberAttribute(limit - part),
        },
        keepMs,
      });
      if (isCounted) return part;
      part = Math.min(part, limit - (await spent(id)));
    }
    return 0;
  }

  /** What is counted so far. */
  async function spent(id: string): Promise<number> {
    return numberOf(await read(id), 'count');
  }

  /**
   * Takes `part` of what was counted off the count again, because it is not used; once, even where the client sends it
   * again after its answer was lost. What is forgotten already takes the part with it.
   */
  async function refund(id: string, part: number): Promise<void> {
    await update(id, {
      set: '#n = #n - :part, #refund = :refund',
      condition: 'attribute_exists(#n) AND (attribute_not_exists(#refund) OR #refund <> :refund)',
      names: { '#n': 'count', '#refund': 'refund' },
      values: { ':part': numberAttribute(part), ':refund': { S: randomUUID() } },
    });
  }

  /**
   * As `spend`, of this clock hour and the one before together: the limit holds across the full hour too, in one write.
   */
  async function spendInHours(id: string, wanted: number, limit: number): Promise<number> {
    let known: Hours | null = null;
    for (let round = 0; round < maxRounds; round++) {
      const hour = Math.max(hourAt(now()), known?.hour ?? 0);
      const before = known ? countedBefore(known, hour) : 0;
      const current = known?.hour === hour ? known.count : 0;
      const part = Math.min(wanted, limit - before - current);
      if (part <= 0) return 0;
      const isCounted = await update(
        id,
        known?.hour === hour || !known ? inHour(hour, part, limit) : roll(known, hour, part),
      );
      if (isCounted) return part;
      known = toHours(await read(id));
    }
    return 0;
  }

  /** What is counted of this hour and the one before. */
  async function spentInHours(id: string): Promise<number> {
    const hours = toHours(await read(id));
    const hour = hourAt(now());
    return (hours.hour >= hour ? hours.count : 0) + countedBefore(hours, Math.max(hour, hours.hour));
  }

  async function update(id: string, { set, condition, names, values, keepMs }: Update): Promise<boolean> {
    const expiry = keepMs === undefined ? '' : ', #expires = :expires';
    const expiresAt =
      keepMs === undefined ? {} : { ':expires': numberAttribute(Math.ceil((now() + keepMs) / 1000)) };
    try {
      await reach(() =>
        client.send(
          new UpdateItemCommand({
            TableName: tableName,
            Key: key(id),
            UpdateExpression: `SET ${set}${expiry}`,
            ConditionExpression: condition,
            ExpressionAttributeNames: { ...names, ...(keepMs !== undefined && { '#expires': 'expiresAt' }) },
            ExpressionAttributeValues: { ...values, ...expiresAt },
          }),
        ),
      );
      return true;
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      return false;
    }
  }

  async function read(id: string): Promise<Item> {
    const { Item } = await reach(() =>
      client.send(new GetItemCommand({ TableName: tableName, Key: key(id), ConsistentRead: true })),
    );
    return Item ?? {};
  }
}

/** What is counted in a clock hour, and in the one before it. */
type Hours = { readonly hour: number; readonly count: number; readonly previous: number };

const hourNames = { '#hour': 'hour', '#n': 'count', '#previous': 'previous', '#both': 'both' };

/** More in the hour that is counted already. */
function inHour(hour: number, part: number, limit: number): Update {
  return {
    set: '#n = #n + :part, #both = #both + :part',
    condition: '#hour = :hour AND #both <= :room',
    names: { '#hour': 'hour', '#n': 'count', '#both': 'both' },
    values: {
      ':part': numberAttribute(part),
      ':hour': numberAttribute(hour),
      ':room': numberAttribute(limit - part),
    },
    keepMs: keepHoursMs,
  };
}

/** The first of a new hour, over what is known of the hours before. */
function roll(known: Hours, hour: number, part: number): Update {
  const previous = countedBefore(known, hour);
  const isKnown = known.hour === 0 ? 'attribute_not_exists(#hour)' : '#hour = :known AND #n = :count';
  return {
    set: '#hour = :hour, #n = :part, #previous = :previous, #both = :both',
    condition: isKnown,
    names: hourNames,
    values: {
      ':hour': numberAttribute(hour),
      ':part': numberAttribute(part),
      ':previous': numberAttribute(previous),
      ':both': numberAttribute(previous + part),
      ...(known.hour !== 0 && {
        ':known': numberAttribute(known.hour),
        ':count': numberAttribute(known.count),
      }),
    },
    keepMs: keepHoursMs,
  };
}

function countedBefore({ hour, count, previous }: Hours, now: number): number {
  if (hour === now) return previous;
  return hour === now - 1 ? count : 0;
}

function toHours(item: Item): Hours {
  return {
    hour: numberOf(item, 'hour'),
    count: numberOf(item, 'count'),
    previous: numberOf(item, 'previous'),
  };
}

function numberOf(item: Item, name: string): number {
  return Number(item[name]?.N ?? 0);
}

function hourAt(nowMs: number): number {
  return Math.floor(nowMs / hourMs);
}

function key(id: string): Item {
  return { kind: { S: 'count' }, id: { S: id } };
}
