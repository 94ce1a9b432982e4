// The one source of chance of a simulated history: from a seed, and split so that parts do not disturb each other.

import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';

export class Chance {
  #state: number;
  readonly #seed: string;

  constructor(seed: string) {
    this.#seed = seed;
    this.#state = hashOf(seed);
  }

  /** In [0, 1). */
  next(): number {
    // SplitMix32: one addition, and a hash of the sum.
    this.#state = (this.#state + 0x9e3779b9) | 0;
    let z = this.#state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return ((z ^ (z >>> 15)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `from` to `to`, both included. */
  between(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1));
  }

  /** True with this probability. */
  is(probability: number): boolean {
    return probability > 0 && this.next() < probability;
  }

  pick<const Value>(values: readonly [Value, ...Value[]]): Value {
    return values[Math.floor(this.next() * values.length)] ?? values[0];
  }

  /** The same values in another order. */
  shuffle<Value>(values: readonly Value[]): readonly Value[] {
    return values
      .map((value) => ({ value, place: this.next() }))
      .sort((a, b) => a.place - b.place)
      .map(({ value }) => value);
  }

  /** A source of its own for a part; drawing from it leaves this one as it is. */
  part(name: string): Chance {
    return new Chance(`${this.#seed}/${name}`);
  }
}

/** Lets every randomUUID come from `chance`, our code's too; answers how to undo that. */
export function takeOverIds(chance: Chance): () => void {
  const original = crypto.randomUUID;
  crypto.randomUUID = () => {
    const hex = Array.from({ length: 4 }, () =>
      Math.floor(chance.next() * 2 ** 32)
        .toString(16)
        .padStart(8, '0'),
    );
    const digits = hex.join('');
    return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-4${digits.slice(13, 16)}-a${digits.slice(17, 20)}-${digits.slice(20, 32)}`;
  };
  syncBuiltinESMExports();
  return () => {
    crypto.randomUUID = original;
    syncBuiltinESMExports();
  };
}

// FNV-1a, and a last round that spreads it.
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return hash ^ (hash >>> 13);
}
