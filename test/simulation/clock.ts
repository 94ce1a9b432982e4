// Time that passes only by what is to happen next: everything that waits, waits here.

type Event = {
  readonly atMs: number;
  readonly turn: number;
  readonly run: () => void;
  /** Whether code that waited goes on because of it. */
  readonly wakes: boolean;
};

const timeIsUp = new DOMException('The time is up', 'TimeoutError');

/** The history went on for longer than any can that comes to rest. */
export class RestlessError extends Error {
  override readonly name = 'RestlessError';
}

export class Clock {
  #nowMs: number;
  #turn = 0;
  readonly #queue: Event[] = [];
  readonly #maxEvents: number;

  constructor(startMs: number, maxEvents = 200_000) {
    this.#nowMs = startMs;
    this.#maxEvents = maxEvents;
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  /** When something happens next; Infinity: nothing will. */
  get nextMs(): number {
    return this.#queue[0]?.atMs ?? Number.POSITIVE_INFINITY;
  }

  /** Lets something happen so much later; `wakes` false: nobody waits for it. */
  after(waitMs: number, run: () => void, wakes = true): void {
    push(this.#queue, { atMs: this.#nowMs + Math.max(0, waitMs), turn: this.#turn++, run, wakes });
  }

  sleep(waitMs: number): Promise<void> {
    return new Promise((resolve) => this.after(waitMs, resolve));
  }

  /** Lets time pass until `work` is over. What happens at one instant happens in the order in which it was planned. */
  async passUntil<Result>(work: Promise<Result>): Promise<Result> {
    let isOver = false;
    const end = () => {
      isOver = true;
    };
    work.then(end, end);
    let wakes = true;
    for (let events = 0; ; events++) {
      // Whatever runs now comes to wait for something before time goes on.
      if (wakes) await new Promise((resolve) => setImmediate(resolve));
      if (isOver) return work;
      const next = pop(this.#queue);
      if (!next || events > this.#maxEvents) throw new RestlessError('it does not come to rest');
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.run();
      wakes = next.wakes;
    }
  }

  /** Lets every AbortSignal.timeout wait here, our code's too; answers how to undo that. */
  takeOverTimeouts(): () => void {
    const original = AbortSignal.timeout;
    AbortSignal.timeout = (waitMs) => {
      const controller = new AbortController();
      this.after(waitMs, () => controller.abort(timeIsUp));
      return controller.signal;
    };
    return () => {
      AbortSignal.timeout = original;
    };
  }
}

// A binary heap.
function push(heap: Event[], event: Event): void {
  let i = heap.push(event) - 1;
  while (i > 0) {
    const parent = (i - 1) >> 1;
    if (!swapIfBefore(heap, i, parent)) return;
    i = parent;
  }
}

function pop(heap: Event[]): Event | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (!last || first === last) return first;
  heap[0] = last;
  for (let i = 0; ; ) {
    const [left, right] = [2 * i + 1, 2 * i + 2];
    const least = isBefore(heap[right], heap[left]) ? right : left;
    if (!swapIfBefore(heap, least, i)) return first;
    i = least;
  }
}

function swapIfBefore(heap: Event[], one: number, other: number): boolean {
  const [a, b] = [heap[one], heap[other]];
  if (!a || !b || !isBefore(a, b)) return false;
  heap[one] = b;
  heap[other] = a;
  return true;
}

function isBefore(a: Event | undefined, b: Event | undefined): boolean {
  if (!a || !b) return a !== undefined;
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.turn < b.turn);
}
