// What the ROQ stand-in has been told to do wrong, to whom, and how often.

export type Operation = 'token' | 'user' | 'users' | 'createUser' | 'updateUser';

/** A fault of the whole request: it hits when one of its operations is the one named (none named: any). */
export type RequestFault = { readonly operation?: Operation } & (
  | { readonly how: 'slow'; readonly delayMs: number }
  /** HTTP 429; `retryAfterSeconds` left out: no such header. */
  | { readonly how: 'throttle'; readonly retryAfterSeconds?: number }
  /** HTTP 502 with a page of HTML, as from a proxy in between. */
  | { readonly how: 'bad-gateway' }
  /** The connection is cut and nothing was done. */
  | { readonly how: 'drop' }
  /** Everything is done and the connection cut instead of an answer. */
  | { readonly how: 'answer-lost' }
  /** Everything is done and the caller left waiting. */
  | { readonly how: 'no-answer' }
);

/** A fault of one call within a request; `reference` and `field` narrow it to a user, or to calls that set a field. */
export type CallFault = {
  readonly operation?: Operation;
  readonly how: (typeof callFaults)[number];
  readonly reference?: string;
  readonly field?: string;
};

/**
 * - `fail`: 500 INTERNAL_ERROR, nothing was done.
 * - `refuse`: 400, as by a rule that nobody published.
 * - `not-found`: 404, as of something that is not there for now.
 * - `partial`: a page of users lacks its last one, and counts it all the same.
 */
const callFaults = ['fail', 'refuse', 'not-found', 'partial'] as const;

export type Fault = RequestFault | CallFault;

/** One call, as far as a CallFault can be told of it: the users that it is about, the fields that it sets. */
export type Call = {
  readonly operation: Operation;
  readonly references?: readonly string[];
  readonly fields?: readonly string[];
};

type Told = { readonly fault: Fault; left: number; readonly strikes: () => boolean };

/** What a stand-in was told; the first fault told that fits is the one that hits. */
export class Faults {
  #told: Told[] = [];

  /** The next `times` that it fits. */
  next(fault: Fault, times = 1): void {
    this.#told.push({ fault, left: times, strikes: () => true });
  }

  /** Until `clear`. */
  always(fault: Fault): void {
    this.next(fault, Number.POSITIVE_INFINITY);
  }

  /** Until `clear`, with a `probability` drawn from `random` (0 to 1, exclusive), which a test seeds. */
  sometimes(fault: Fault, probability: number, random: () => number): void {
    this.#told.push({ fault, left: Number.POSITIVE_INFINITY, strikes: () => random() < probability });
  }

  clear(): void {
    this.#told = [];
  }

  /** How long the request is to wait first, in milliseconds. */
  takeDelay(operations: readonly Operation[]): number {
    const fault = this.#take((told) => told.how === 'slow' && fitsRequest(told, operations));
    return fault?.how === 'slow' ? fault.delayMs : 0;
  }

  /** What happens to the request, besides a delay. */
  takeRequest(operations: readonly Operation[]): RequestFault | undefined {
    const fault = this.#take(
      (told) => told.how !== 'slow' && !isCallFault(told) && fitsRequest(told, operations),
    );
    return fault && !isCallFault(fault) ? fault : undefined;
  }

  /** What happens to one call of a request. */
  takeCall(call: Call): CallFault | undefined {
    const fault = this.#take((told) => isCallFault(told) && fitsCall(told, call));
    return fault && isCallFault(fault) ? fault : undefined;
  }

  #take(fits: (fault: Fault) => boolean): Fault | undefined {
    const told = this.#told.find(({ fault, left, strikes }) => left > 0 && fits(fault) && strikes());
    if (told) told.left -= 1;
    return told?.fault;
  }
}

function isCallFault(fault: Fault): fault is CallFault {
  return callFaults.some((how) => how === fault.how);
}

function fitsRequest({ operation }: Fault, operations: readonly Operation[]): boolean {
  return operation === undefined || operations.includes(operation);
}

function fitsCall({ operation, reference, field }: CallFault, call: Call): boolean {
  return (
    (operation === undefined || operation === call.operation) &&
    (reference === undefined || (call.references ?? []).includes(reference)) &&
    (field === undefined || (call.fields ?? []).includes(field))
  );
}
