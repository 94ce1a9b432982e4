// Lambda in virtual time: environments that serve one invocation at a time, freeze between two, and die.

import type { Chance } from './chance.ts';
import type { Clock } from './clock.ts';

/** What happens to one call to the outside; the times are in milliseconds. */
export type Strike = {
  /** What goes wrong, in the words of the service that is called; `well`: nothing. */
  readonly how: string;
  /** How long the call takes to arrive; null: it never does. */
  readonly thereMs: number | null;
  /** How long its answer then takes; null: none ever comes. */
  readonly backMs: number | null;
  /** What the caller meets instead of the answer. */
  readonly failure: Error | null;
  /** Whether the process dies as it is about to call, or as the answer comes. */
  readonly dies: 'before' | 'after' | null;
  /** How long the process stands still with the answer. */
  readonly pauseMs?: number;
};

/** Decides what happens to the calls of one invocation, in their order. */
export type Fate = (service: 'dynamodb' | 'roq', what: string) => Strike;

export type Result<Answer> =
  | { readonly is: 'answered'; readonly answer: Answer }
  | { readonly is: 'threw'; readonly error: unknown }
  | { readonly is: 'killed' };

export type Handler<Input, Answer> = (
  input: Input,
  context: { getRemainingTimeInMillis: () => number },
) => Promise<Answer>;

/** One process, from its cold start to its death. */
export class Environment {
  readonly skewMs: number;
  readonly #clock: Clock;
  #state: 'busy' | 'frozen' | 'dead' = 'frozen';
  #fate: Fate | null = null;
  #end: (() => void) | null = null;
  /** What waits until the process runs again. */
  #parked: (() => void)[] = [];

  constructor(clock: Clock, skewMs: number) {
    this.#clock = clock;
    this.skewMs = skewMs;
  }

  get isFree(): boolean {
    return this.#state === 'frozen';
  }

  get isDead(): boolean {
    return this.#state === 'dead';
  }

  /** Its own clock, which is a little off. */
  readonly now = (): number => this.#clock.nowMs + this.skewMs;

  /** Begins an invocation; `end` is called if the process dies under it. */
  thaw(fate: Fate, end: () => void): void {
    this.#state = 'busy';
    this.#fate = fate;
    this.#end = end;
    for (const go of this.#parked.splice(0)) this.#clock.after(0, () => this.#whenRunning(go));
  }

  freeze(): void {
    if (this.#state === 'busy') this.#state = 'frozen';
  }

  die(): void {
    this.#state = 'dead';
    this.#end?.();
  }

  /** Makes a call to the outside; a dead process makes none, and hears of none. */
  call<Answer>(
    service: 'dynamodb' | 'roq',
    what: string,
    effect: (how: string) => Answer,
    signal?: AbortSignal | null,
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#whenRunning(() => {
        const strike = this.#fate?.(service, what);
        if (!strike || strike.dies === 'before') return this.die();
        const giveUp = () => this.#whenRunning(() => reject(signal?.reason));
        signal?.addEventListener('abort', giveUp);
        let recordOutcome = () => reject(strike.failure);
        const arrive = () => {
          const settled = outcomeOf(() => effect(strike.how), resolve, reject);
          if (!strike.failure) recordOutcome = settled;
        };
        const answer = () => {
          signal?.removeEventListener('abort', giveUp);
          if (strike.dies === 'after') return this.die();
          if (!strike.pauseMs) return this.#whenRunning(recordOutcome);
          this.#clock.after(strike.pauseMs, () => this.#whenRunning(recordOutcome));
        };
        if (strike.thereMs !== null) this.#clock.after(strike.thereMs, arrive, false);
        if (strike.backMs !== null) this.#clock.after((strike.thereMs ?? 0) + strike.backMs, answer);
      });
    });
  }

  async sleep(waitMs: number): Promise<void> {
    await this.#clock.sleep(waitMs);
    return new Promise((resolve) => this.#whenRunning(resolve));
  }

  #whenRunning(go: () => void): void {
    if (this.#state === 'busy') go();
    else if (this.#state === 'frozen') this.#parked.push(go);
  }
}

function outcomeOf<Answer>(
  effect: () => Answer,
  resolve: (answer: Answer) => void,
  reject: (error: unknown) => void,
): () => void {
  try {
    const answer = effect();
    return () => resolve(answer);
  } catch (error) {
    return () => reject(error);
  }
}

export type LambdaOptions<Input, Answer> = {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly limitMs: number;
  readonly skewMs: () => number;
  /** What a cold start does. */
  readonly start: (environment: Environment) => Handler<Input, Answer>;
};

/** A function that is deployed. */
export function createLambda<Input, Answer>(options: LambdaOptions<Input, Answer>) {
  const { clock, chance, limitMs, skewMs, start } = options;
  const warm: { readonly environment: Environment; readonly handler: Handler<Input, Answer> }[] = [];
  return { invoke };

  function invoke(input: Input, fate: Fate): Promise<Result<Answer>> {
    const { environment, handler } = pickFree();
    return new Promise((resolve) => {
      let isOver = false;
      const end = (result: Result<Answer>) => {
        if (isOver) return;
        isOver = true;
        environment.freeze();
        resolve(result);
      };
      environment.thaw(fate, () => end({ is: 'killed' }));
      const endMs = clock.nowMs + limitMs;
      clock.after(limitMs, () => !isOver && environment.die());
      handler(input, { getRemainingTimeInMillis: () => endMs - clock.nowMs }).then(
        (answer) => end({ is: 'answered', answer }),
        (error: unknown) => end({ is: 'threw', error }),
      );
    });
  }

  function pickFree() {
    const free = warm.filter(({ environment }) => environment.isFree);
    const [first, ...more] = free;
    if (first && !chance.is(0.2)) return chance.pick([first, ...more]);
    const environment = new Environment(clock, skewMs());
    const started = { environment, handler: start(environment) };
    warm.push(started);
    return started;
  }
}
