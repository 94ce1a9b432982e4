// How many of a user's last steps their record keeps: as many as do not make a write of it dearer. Pure.

import type { Part } from './expressions.ts';
import { itemBytes, valueBytes } from './item-bytes.ts';
import { factAttribute, fieldsAttribute, type Item, type UserRecord } from './record.ts';

const minSteps = 4;
const maxSteps = 20;

// Up to here a write takes one unit.
const unitBytes = 1024;

// What a record has besides while it is pending, under a lease, after a failure; its numbers; and one step more.
const reservedBytes = 106 + 45 + 40 + 45;

/** One step more, whatever there are: where the record has not been read. */
export function appendStep(text: string): Part {
  return {
    set: ['steps = list_append(if_not_exists(steps, :noSteps), :step)'],
    values: { ':noSteps': { L: [] }, ':step': { L: [{ S: text }] } },
  };
}

/** The steps of a record that is held under its lease, and of which nothing can have been added meanwhile. */
export function setSteps(record: UserRecord): Part {
  const steps = lastSteps(record);
  if (steps.length === 0) return { remove: ['steps'] };
  return { set: ['steps = :steps'], values: { ':steps': { L: steps.map((text) => ({ S: text })) } } };
}

/** As many of the last as have room, and a few in any case. */
function lastSteps(record: UserRecord): readonly string[] {
  if (record.steps.length <= minSteps) return record.steps;
  let left = unitBytes - reservedBytes - bytesBeside(record);
  const kept: string[] = [];
  for (const text of record.steps.slice(-maxSteps).reverse()) {
    left -= valueBytes({ S: text }) + 1;
    if (left < 0 && kept.length >= minSteps) break;
    kept.unshift(text);
  }
  return kept;
}

function bytesBeside({ reference, roqId, facts, sources, observed, contested }: UserRecord): number {
  const item: Item = {
    reference: { S: reference },
    ...(roqId !== null && { roqId: { S: roqId } }),
    ...(sources.length > 0 && { sources: { SS: [...sources] } }),
    ...(observed && { observed: fieldsAttribute(observed) }),
    ...Object.fromEntries(Object.entries(facts).map(([name, fact]) => [name, factAttribute(fact)])),
    contested: {
      M: Object.fromEntries(Object.entries(contested).map(([name, digest]) => [name, { S: digest }])),
    },
    steps: { L: [] },
  };
  return itemBytes(item);
}
