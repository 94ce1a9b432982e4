// How providers' events come to our webhook: delivered, tried again, and what has to be answered.

import type { Item } from '../../lib/dynamodb/record.ts';
import type { Book } from './book.ts';
import type { Clock } from './clock.ts';
import { type EventStep, type Step, senders } from './history.ts';
import type { Fate } from './lambda.ts';
import { heardOf, isAhead } from './model.ts';
import { requestOf } from './request.ts';
import type { World } from './world.ts';

type Event = Step & EventStep;

export type DeliveryOptions = {
  readonly clock: Clock;
  readonly world: World;
  readonly book: Book;
  /** Where the history begins, in milliseconds. */
  readonly startMs: number;
  /** Nothing fails in this history but what its requests themselves bring about. */
  readonly isUntroubled: boolean;
  readonly fate: (invocation: string) => Fate;
  readonly itemOf: (reference: string) => Item | undefined;
  readonly trace: (line: () => string) => void;
};

export function createDelivery(options: DeliveryOptions) {
  const { clock, world, book, startMs, isUntroubled, fate, itemOf, trace } = options;
  const acknowledged = new Set<Event>();
  return { deliver, post, acknowledged };

  /** One delivery of an event, tried again as its sender does. */
  async function deliver(step: Event, delivery: number, delayMs: number): Promise<void> {
    const { timeoutMs, waits } = senders[step.sender];
    await clock.sleep(delayMs);
    for (const [attempt, waitMs] of [0, ...waits].entries()) {
      await clock.sleep(waitMs);
      const name = `event ${step.id}.${delivery}.${attempt}`;
      const inTime = clock.sleep(timeoutMs).then(() => null);
      const status = await Promise.race([post(step, name), inTime]);
      if (status !== null && status < 500) return;
    }
  }

  /** Posts it once, and answers the HTTP status that the gateway gives. */
  async function post(step: Event, name: string): Promise<number> {
    const { said, form } = step;
    const heard = said.flatMap((one) => {
      const facts = form === 'sound' ? heardOf(one, step.provider, startMs) : null;
      return facts ? [{ reference: one.reference, facts }] : [];
    });
    for (const { reference, facts } of heard) book.tell(reference, facts);
    const request = requestOf(step, world.keys.signing, clock.nowMs, startMs);
    const result = await world.webhook.invoke(request, fate(name));
    const answer = world.check(result);
    const status = answer?.statusCode ?? 502;
    trace(() => `${name} (${said.map(nameOf).join(', ')}): ${answer?.statusCode ?? result.is}`);
    checkStatus(step, name, status, heard.length > 0);
    if (status < 300 && heard.length > 0) {
      acknowledged.add(step);
      for (const { reference, facts } of heard) book.acknowledge(reference, facts, itemOf(reference));
    }
    return status;
  }

  // A request of which nothing is heard but what is dated ahead may be refused.
  function checkStatus({ form, said }: EventStep, name: string, status: number, isHeard: boolean): void {
    const isRefused = status >= 400 && status < 500 && (isHeard || said.every((one) => !isAhead(one)));
    const isLost = status >= 500 && isUntroubled;
    if (form === 'sound' && (isRefused || isLost))
      book.fail('answered', `${name} was answered ${status}${isLost ? ', though nothing failed' : ''}`);
    if (form !== 'sound' && said[0]?.kind !== 'session.started' && status < 300)
      book.fail('answered', `${name}, ${form}, was answered ${status}`);
  }
}

function nameOf({ kind, reference }: EventStep['said'][number]): string {
  return `${kind} of ${reference}`;
}
