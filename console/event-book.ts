// The events that arrived at `npm start`, as its log told of them: the last few hundred, and how many a minute.

import type { EventLine } from '../lib/observability/log-line.ts';

/** An event, when it was answered, and its place in the order of all. */
export type BookedEvent = EventLine & { readonly at: number; readonly place: number };

/** Which events are shown; '' for all. */
export type EventFilter = { readonly provider: string; readonly outcome: string; readonly text: string };

export type Minute = { readonly atMs: number; readonly outcomes: Readonly<Record<string, number>> };

export type EventBook = ReturnType<typeof createEventBook>;

const kept = 500;
const minuteMs = 60_000;
const minutesShown = 60;

export function createEventBook(now: () => number = Date.now) {
  const events: BookedEvent[] = [];
  const minutes = new Map<number, Record<string, number>>();
  let place = 0;
  return { note, last, find, minutes: lastMinutes };

  function note(line: EventLine): void {
    place += 1;
    events.unshift({ ...line, at: now(), place });
    events.length = Math.min(events.length, kept);
    const minute = Math.floor(now() / minuteMs) * minuteMs;
    const outcomes = minutes.get(minute) ?? {};
    minutes.set(minute, { ...outcomes, [line.outcome]: (outcomes[line.outcome] ?? 0) + 1 });
    minutes.delete(minute - minutesShown * minuteMs);
  }

  /** The place of the last event. */
  function last(): number {
    return place;
  }

  /** The newest first; `until`: none that came later than that place. */
  function find({ provider, outcome, text }: EventFilter, until: number): readonly BookedEvent[] {
    return events.filter(
      (event) =>
        event.place <= until &&
        (provider === '' || event.provider === provider) &&
        (outcome === '' || event.outcome === outcome) &&
        (text === '' || `${event.kind} ${event.reference} ${event.code}`.includes(text)),
    );
  }

  /** The last hour, the oldest minute first, with those in which nothing came. */
  function lastMinutes(): readonly Minute[] {
    const newest = Math.floor(now() / minuteMs) * minuteMs;
    return Array.from({ length: minutesShown }, (_, i) => {
      const atMs = newest - (minutesShown - 1 - i) * minuteMs;
      return { atMs, outcomes: minutes.get(atMs) ?? {} };
    });
  }
}
