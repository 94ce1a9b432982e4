// One history from its first event until everything is quiet, the checks that follow, and the repetition of it all.

import { type Item, toRecord } from '../../lib/dynamodb/record.ts';
import { type Book, createBook } from './book.ts';
import { createHands } from './by-hand.ts';
import { Chance, takeOverIds } from './chance.ts';
import { Clock, RestlessError } from './clock.ts';
import { createDelivery } from './delivery.ts';
import { calm, chanceFate } from './faults.ts';
import { canary, type History, type Step } from './history.ts';
import { Violation } from './invariants.ts';
import type { Fate } from './lambda.ts';
import { factsOf, toldOf } from './model.ts';
import { createWorld, stateTable, usersTable, type World } from './world.ts';

export type RunOptions = {
  /** What happens to the calls of an invocation, by its name; chance decides where this is left out. */
  readonly fateOf?: (invocation: string) => Fate;
  /** Told of everything that happens, as lines for people. */
  readonly trace?: (line: string) => void;
};

export type Report = {
  readonly violation: Violation | null;
  /** Calls to DynamoDB and to ROQ. */
  readonly calls: number;
  readonly invocations: number;
};

const startMs = Date.parse('2026-03-02T10:20:00Z');
const [minuteMs, dayMs] = [60_000, 86_400_000];
const longestMs = 4 * dayMs;
// The longest back-off is an hour, and the longest lease a quarter of one.
const sparedMs = 120 * minuteMs;
// Where three calls of five fail and a process in ten dies, a chunk goes well once in hundreds of times. After two hours of
// that it does, for a history has to end.
const maxTroubledAttempts = 60;

/** Runs a history; the same one always runs the same. */
export async function run(history: History, options: RunOptions = {}): Promise<Report> {
  const clock = new Clock(startMs);
  const chance = new Chance(`${history.seed}/world`);
  const endLease = [takeOverIds(chance.part('ids')), clock.takeOverTimeouts(), takeOverStacks()];
  const simulation = new Simulation(history, clock, chance, options);
  try {
    await clock.passUntil(Promise.race([simulation.play(), simulation.violated]));
  } catch (error) {
    if (error instanceof RestlessError) simulation.book.fail('applied', error.message);
    else if (!(error instanceof Violation)) throw error;
  } finally {
    for (const undo of endLease) undo();
  }
  const { book, calls, invocations } = simulation;
  return { violation: book.violation, calls, invocations };
}

// Most errors of a history are foreseen, and where they came from takes long to write down.
function takeOverStacks(): () => void {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  return () => {
    Error.stackTraceLimit = stackTraceLimit;
  };
}

class Simulation {
  readonly book: Book;
  readonly violated: Promise<never>;
  calls = 0;
  invocations = 0;
  readonly #history: History;
  readonly #clock: Clock;
  readonly #chance: Chance;
  readonly #options: RunOptions;
  readonly #world: World;
  readonly #downUntilMs = { dynamodb: 0, roq: 0 };
  readonly #delivery: ReturnType<typeof createDelivery>;
  readonly #hands: ReturnType<typeof createHands>;
  #isCalm = false;
  #isOver = false;
  #reconciling = 0;

  constructor(history: History, clock: Clock, chance: Chance, options: RunOptions) {
    this.#history = history;
    this.#clock = clock;
    this.#chance = chance;
    this.#options = options;
    const { promise, reject } = Promise.withResolvers<never>();
    this.violated = promise;
    const { ceiling, isShared, skewMs } = history;
    const forgets = Boolean(options.fateOf) || mayForget(history);
    this.book = createBook({ ceiling, isShared, forgets, startMs, skewMs, onViolation: reject });
    this.#world = createWorld(history, clock, chance, {
      onChange: (before, after) => {
        const others = this.#usersOf(after.reference).filter(({ id }) => id !== after.id);
        this.book.noteChange(before, after, others, clock.nowMs);
        this.#checkStep(this.#itemOf(after.reference));
      },
      onCall: (reference, hasRead) => {
        const item = this.#itemOf(reference);
        if (item) this.book.noteKnown(toRecord(item), hasRead);
      },
      onWrite: (item, isHolder) => {
        this.#checkStep(item);
        if (!isHolder) return;
        this.book.checkPrompt(toRecord(item), clock.nowMs);
        this.book.noteKnown(toRecord(item), true);
      },
      onSend: (references, isHolder) => {
        for (const reference of references)
          this.book.checkLease(reference, this.#itemOf(reference), isHolder(reference), clock.nowMs);
      },
      onText: (text) => this.book.noteText(text),
      onThrow: (error) => this.book.fail('answered', `a function threw ${error}`),
    });
    const shared = { clock, world: this.#world, book: this.book };
    this.#hands = createHands({ ...shared, usersOf: (reference) => this.#usersOf(reference) });
    this.#delivery = createDelivery({
      ...shared,
      startMs,
      isUntroubled: !options.fateOf && isUntroubled(history),
      fate: (name) => this.#fate(name),
      itemOf: (reference) => this.#itemOf(reference),
      trace: (line) => this.#trace(line),
    });
  }

  /** Everything happens, the schedule goes on until all is quiet, an audit looks over it, and all is sent again. */
  async play(): Promise<void> {
    const steps = this.#history.steps.map((step) => this.#take(step));
    // It looks ahead to what comes next, so that something must be to come.
    const schedule = this.#keepSchedule();
    await Promise.all(steps);
    this.#isCalm = true;
    await this.#untilQuiet();
    this.#check(false);
    // Most histories have nothing for an audit to find, and it takes as long as all the rest.
    if (this.book.hasEdits || this.#chance.is(0.1)) await this.#audit();
    this.#check(true);
    await this.#repeatAll();
    this.#isOver = true;
    await schedule;
  }

  async #take(step: Step): Promise<void> {
    await this.#clock.sleep(step.atMs);
    if (step.is !== 'event')
      this.#trace(
        () => `${step.is} ${JSON.stringify({ ...step, is: undefined, id: undefined, atMs: undefined })}`,
      );
    switch (step.is) {
      case 'event':
        await Promise.all(step.deliveries.map((delayMs, i) => this.#delivery.deliver(step, i, delayMs)));
        return;
      case 'backfill':
        return this.#backfill(step);
      case 'adoption':
        this.#world.check(await this.#backfillOnce(step.id, 0, { from: 'roq' }));
        return;
      case 'audit':
        return this.#reconcile(`audit ${step.id}`, { begin: 'audit' });
      case 'overlap':
        await Promise.all([0, 1].map((i) => this.#reconcile(`overlap ${step.id}.${i}`, {})));
        return;
      case 'release':
      case 'drop':
        return this.#operate(step.id, step.is, { all: true });
      case 'resync':
        return this.#operate(step.id, step.is, { reference: step.reference });
      case 'rotation':
        return this.#hands.rotate();
      case 'poison':
        return this.#hands.poison(step.reference);
      case 'outage':
        this.#downUntilMs[step.of] = this.#clock.nowMs + step.forMs;
        return;
      default:
        return this.#hands.change(step);
    }
  }

  async #backfill({ id, users, poisoned }: Extract<Step, { is: 'backfill' }>): Promise<void> {
    const at = this.#clock.nowMs;
    const lines = users.map(({ reference, user }, i) => ({
      is: 'user',
      line: i + 1,
      reference,
      at,
      told: toldOf(user),
    }));
    const facts = lines.map(({ reference, told }) => ({ reference, facts: factsOf(told, null, at) }));
    if (poisoned) {
      const told = { customData: `${canary} no JSON` };
      this.book.tell(poisoned, factsOf(told, null, at));
      lines.push({ is: 'user', line: lines.length + 1, reference: poisoned, at, told });
    }
    for (const each of facts) this.book.tell(each.reference, each.facts);
    for (let attempt = 0; !this.#isOver; attempt++) {
      const answer = this.#world.check(await this.#backfillOnce(id, attempt, { lines, isLast: true }));
      if (answer && 'error' in answer) this.book.fail('answered', `backfill ${id}: ${answer.error.message}`);
      if (answer && 'state' in answer && answer.state === 'done') {
        for (const each of facts)
          this.book.acknowledge(each.reference, each.facts, this.#itemOf(each.reference));
        return;
      }
      await this.#clock.sleep(2 * minuteMs);
    }
  }

  #backfillOnce(id: number, attempt: number, input: object) {
    const fate = attempt < maxTroubledAttempts ? this.#fate(`backfill ${id}.${attempt}`) : calm;
    return this.#world.backfill.invoke({ job: `backfill-${id}`, apply: true, ...input }, fate);
  }

  async #operate(id: number, command: 'release' | 'drop' | 'resync', target: object): Promise<void> {
    if (command === 'release') this.book.excuse(this.#world.engine.items(usersTable).length);
    if (command === 'drop') this.book.allowDrops();
    const result = await this.#world.operate.invoke({ command, ...target }, this.#fate(`${command} ${id}`));
    this.#world.check(result);
  }

  async #reconcile(name: string, input: { begin?: 'audit' }): Promise<void> {
    this.#reconciling += 1;
    const result = await this.#world.reconcile.invoke(input, this.#fate(name));
    this.#reconciling -= 1;
    this.#trace(() => `${name}: ${result.is === 'answered' ? JSON.stringify(result.answer) : result.is}`);
    this.#world.check(result);
  }

  /** EventBridge: at every turn in which there is something to do. */
  async #keepSchedule(): Promise<void> {
    const { scheduleMs } = this.#history;
    while (!this.#isOver) {
      const { nowMs, nextMs } = this.#clock;
      const wakeMs = Math.max(nowMs + 1, Math.min(nextMs, this.#nextDueMs(), nowMs + dayMs));
      await this.#clock.sleep(Math.ceil(wakeMs / scheduleMs) * scheduleMs - nowMs);
      const hasWork = this.#nextDueMs() <= this.#clock.nowMs || this.#hasJobs();
      if (!hasWork || this.#reconciling > 0) continue;
      // It is promised to come at least once.
      const times = this.#isCalm || this.#chance.is(0.9) ? 1 : 2;
      for (let i = 0; i < times; i++) void this.#reconcile(`schedule ${this.#elapsed()}/${i}`, {});
    }
  }

  #nextDueMs(): number {
    let nextMs = Number.POSITIVE_INFINITY;
    for (const { shard, dueAt } of this.#world.engine.items(usersTable)) {
      if (shard?.S?.startsWith('pending')) nextMs = Math.min(nextMs, Number(dueAt?.N));
    }
    return nextMs;
  }

  #hasJobs(): boolean {
    return this.#world.engine.items(stateTable).some(({ kind }) => kind?.S === 'running');
  }

  async #untilQuiet(): Promise<void> {
    const startedMs = this.#clock.nowMs;
    let isSpared = false;
    // What is still under way gets there, and whoever died loses his lease.
    await this.#clock.sleep(minuteMs);
    while (this.#nextDueMs() < Number.POSITIVE_INFINITY || this.#hasJobs() || this.#reconciling > 0) {
      const { nowMs } = this.#clock;
      if (nowMs > startedMs + longestMs) return this.book.fail('applied', 'something stays pending for days');
      if (!isSpared && nowMs > startedMs + sparedMs) {
        isSpared = true;
        this.book.checkSpared(this.#world.engine.items(usersTable), this.#world.roq.users.rows);
      }
      await this.#clock.sleep(Math.max(minuteMs, Math.min(this.#nextDueMs() - nowMs, 60 * minuteMs)));
    }
  }

  async #audit(): Promise<void> {
    await this.#clock.sleep(dayMs - (this.#clock.nowMs % dayMs) + minuteMs);
    await this.#reconcile('last audit', { begin: 'audit' });
    await this.#untilQuiet();
  }

  #check(isAudited: boolean): void {
    const { engine, roq } = this.#world;
    this.book.checkRecords(engine.items(usersTable), roq.users.rows, isAudited, this.#clock.nowMs);
  }

  #checkStep(item: Item | undefined): void {
    if (item) this.book.checkStep(toRecord(item), this.#world.roq.users.rows);
  }

  async #repeatAll(): Promise<void> {
    const before = this.#snapshot();
    const { mutations } = this.book;
    for (const step of this.#chance.shuffle([...this.#delivery.acknowledged])) {
      const status = await this.#delivery.post(step, `event ${step.id} again`);
      if (status >= 300) this.book.fail('settled', `event ${step.id} was answered ${status} the second time`);
    }
    await this.#reconcile('schedule again', {});
    if (this.book.mutations !== mutations) this.book.fail('settled', 'a repeated event called a mutation');
    const after = this.#snapshot();
    if (after !== before) this.book.fail('settled', `a repeated event changed ${before} to ${after}`);
  }

  #snapshot(): string {
    const { engine, roq } = this.#world;
    return JSON.stringify([engine.items(usersTable), roq.users.rows]);
  }

  #usersOf(reference: string) {
    return this.#world.roq.users.rows.filter((user) => user.reference === reference);
  }

  #itemOf(reference: string) {
    return this.#world.engine.items(usersTable).find((item) => item.reference?.S === reference);
  }

  #fate(name: string): Fate {
    this.invocations += 1;
    const isDown = (service: 'dynamodb' | 'roq') => this.#downUntilMs[service] > this.#clock.nowMs;
    const drawn =
      this.#options.fateOf?.(name) ?? chanceFate(this.#chance.part(name), this.#history.rates, isDown);
    return (service, what) => {
      this.calls += 1;
      const strike = this.#isCalm ? calm(service, what) : drawn(service, what);
      const { how, dies, pauseMs } = strike;
      const pause = pauseMs ? `, after a pause of ${pauseMs} ms` : '';
      this.#trace(
        () =>
          `  ${name}: ${what}${how === 'well' ? '' : ` ${how}`}${dies ? `, dies ${dies} it` : ''}${pause}`,
      );
      return strike;
    };
  }

  #elapsed(): string {
    return new Date(this.#clock.nowMs).toISOString().slice(8, 23);
  }

  #trace(line: () => string): void {
    this.#options.trace?.(`${this.#elapsed()} ${line()}`);
  }
}

function isUntroubled({ rates: { dynamodb, roq, dies, pauses }, steps }: History): boolean {
  const all = [...Object.values(dynamodb), ...Object.values(roq), dies, pauses];
  return all.every((rate) => rate === 0) && steps.every(({ is }) => is !== 'outage');
}

// Who dies between the ceiling and the record, or can't write it, has counted what another counts once more.
function mayForget({ rates: { dynamodb, dies, pauses }, steps }: History): boolean {
  const all = [...Object.values(dynamodb), dies, pauses];
  return all.some((rate) => rate > 0) || steps.some((step) => step.is === 'outage' && step.of === 'dynamodb');
}
