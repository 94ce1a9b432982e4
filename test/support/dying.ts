// A process that dies, and chance that is drawn again.

import type { App } from '../../lib/app.ts';

/** The ports of a process that dies before its nth call to DynamoDB or ROQ. */
export function dying(ports: App, calls: number): App {
  let left = calls;
  const mortal = <Port extends object>(port: Port): Port =>
    new Proxy(port, {
      get: (target, name, self) => {
        const member: unknown = Reflect.get(target, name, self);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]) => {
          if (--left <= 0) throw new Error('killed');
          return Reflect.apply(member, target, args);
        };
      },
    });
  const { store, queries, documents, roq } = ports;
  return {
    ...ports,
    store: mortal(store),
    queries: mortal(queries),
    documents: mortal(documents),
    roq: mortal(roq),
  };
}

/** Chance in [0, 1), the same for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
